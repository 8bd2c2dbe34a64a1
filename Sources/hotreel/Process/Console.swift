import Foundation
import Synchronization

/// Standard error: log lines, and on a terminal one progress line that stays below them.
final class Console: Sendable {
    static let shared = Console()

    let isTerminal = isatty(2) == 1
    let hasColours = isatty(2) == 1 && ProcessInfo.processInfo.environment["NO_COLOR"] == nil
    private let progress = Mutex("")

    /// Prints a line above the progress line.
    func print(_ line: String) {
        progress.withLock { progress in
            let clear = progress.isEmpty ? "" : "\r\u{1B}[K"
            FileHandle.standardError.write(Data("\(clear)\(line)\n\(progress)".utf8))
        }
    }

    /// Replaces the progress line; empty removes it. Nothing happens where nobody watches.
    func show(progress line: String) {
        guard isTerminal else { return }
        progress.withLock { progress in
            guard line != progress else { return }
            progress = line
            FileHandle.standardError.write(Data("\r\u{1B}[K\(line)".utf8))
        }
    }
}
