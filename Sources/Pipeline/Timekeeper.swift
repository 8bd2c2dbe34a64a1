import Foundation

/// Time as the pipeline knows it, so that a test can move it by hand.
package struct Timekeeper: Sendable {
    /// The calendar's time: what the ledger and receipts say.
    package let now: @Sendable () -> Date
    /// Time since some fixed moment that no clock jump touches: what quiet times are measured by.
    package let uptime: @Sendable () -> Duration
    package let sleep: @Sendable (Duration) async throws -> Void

    package init(
        now: @escaping @Sendable () -> Date, uptime: @escaping @Sendable () -> Duration,
        sleep: @escaping @Sendable (Duration) async throws -> Void
    ) {
        self.now = now
        self.uptime = uptime
        self.sleep = sleep
    }

    package static let system: Timekeeper = {
        let start = ContinuousClock.now
        return Timekeeper(
            now: { Date() }, uptime: { ContinuousClock.now - start },
            sleep: { try await ContinuousClock().sleep(for: $0) })
    }()
}

extension Duration {
    package var seconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}

extension Date {
    package func adding(_ duration: Duration) -> Date { addingTimeInterval(duration.seconds) }
}
