import Foundation
import Pipeline
import Synchronization

/// Ends the process as a power cut would, at a named moment: `HOTREEL_CRASH_AT=published` or, at its third time,
/// `published:3`. For tests of what a restart makes of it; nobody else sets it.
final class CrashPoint: Sendable {
    static let variable = "HOTREEL_CRASH_AT"

    private let step: Step
    private let left: Mutex<Int>

    /// nil where nobody asks for it.
    init?(environment: [String: String]) throws {
        guard let text = environment[Self.variable] else { return nil }
        let parts = text.split(separator: ":")
        guard let name = parts.first, let step = Step(rawValue: String(name)), parts.count <= 2,
            let count = parts.count == 2 ? Int(parts[1]) : 1, count > 0
        else {
            throw ConfigurationError(
                place: "environment", key: Self.variable, value: text, rule: "it names no step of the pipeline",
                remedy: "Unset it. For a test, write one of \(Step.allCases.map(\.rawValue).joined(separator: ", ")).")
        }
        self.step = step
        left = Mutex(count)
    }

    func reached(_ step: Step) {
        guard step == self.step else { return }
        let isNow = left.withLock { left in
            left -= 1
            return left == 0
        }
        if isNow { kill(getpid(), SIGKILL) }
    }
}
