import Synchronization

/// Spaces requests evenly.
final class Pace: Sendable {
    private let interval: Duration
    private let next = Mutex(Duration.zero)

    init(perSecond: Double) { interval = perSecond > 0 ? .seconds(1 / perSecond) : .zero }

    func wait(_ time: Timekeeper) async throws {
        let now = time.uptime()
        let turn = next.withLock { next in
            let turn = max(now, next)
            next = turn + interval
            return turn
        }
        if turn > now { try await time.sleep(turn - now) }
    }
}
