import Foundation
import Synchronization

/// A clock that stands still until a test moves it, so that nothing is waited for in real time.
package final class ManualClock: Clock, Sendable {
    /// Time since the clock was made.
    package struct Instant: InstantProtocol {
        package let offset: Duration
        package func advanced(by duration: Duration) -> Instant { Instant(offset: offset + duration) }
        package func duration(to other: Instant) -> Duration { other.offset - offset }
        package static func < (one: Instant, other: Instant) -> Bool { one.offset < other.offset }
    }

    private struct Sleeper {
        let number: Int
        let deadline: Instant
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct Watcher {
        let sleepers: Int
        let continuation: CheckedContinuation<Void, Never>
    }

    private struct State {
        var now = Instant(offset: .zero)
        var count = 0
        var sleepers: [Sleeper] = []
        var watchers: [Watcher] = []
        /// Numbers of sleepers cancelled before they lay down.
        var cancelledEarly: Set<Int> = []

        mutating func takeSatisfiedWatchers() -> [Watcher] {
            let satisfied = watchers.filter { $0.sleepers <= sleepers.count }
            watchers.removeAll { $0.sleepers <= sleepers.count }
            return satisfied
        }
    }

    private let start: Date
    private let state = Mutex(State())

    /// The date the clock shows at its beginning; the default is a whole second, so dates compare exactly.
    package init(start: Date = Date(timeIntervalSince1970: 1_800_000_000)) { self.start = start }

    package var now: Instant { state.withLock(\.now) }
    package var minimumResolution: Duration { .zero }

    /// What a calendar would say.
    package var date: Date { start + now.offset / .seconds(1) }

    /// How many tasks are asleep.
    package var sleepers: Int { state.withLock(\.sleepers.count) }

    /// Moves time on and wakes whoever has slept long enough, the earliest deadline first.
    package func advance(by duration: Duration) {
        let woken = state.withLock { state in
            state.now = state.now.advanced(by: duration)
            let now = state.now
            let woken = state.sleepers.filter { $0.deadline <= now }
            state.sleepers.removeAll { $0.deadline <= now }
            return woken
        }
        for sleeper in woken.sorted(by: { ($0.deadline, $0.number) < ($1.deadline, $1.number) }) {
            sleeper.continuation.resume()
        }
    }

    /// Returns once at least `count` tasks are asleep on this clock.
    package func waitForSleepers(_ count: Int = 1) async {
        await withCheckedContinuation { continuation in
            let satisfied = state.withLock { state in
                state.watchers.append(Watcher(sleepers: count, continuation: continuation))
                return state.takeSatisfiedWatchers()
            }
            for watcher in satisfied { watcher.continuation.resume() }
        }
    }

    package func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        let number = state.withLock { state in
            state.count += 1
            return state.count
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                lieDown(Sleeper(number: number, deadline: deadline, continuation: continuation))
            }
        } onCancel: {
            cancel(number)
        }
    }

    private func lieDown(_ sleeper: Sleeper) {
        enum Outcome { case asleep([Watcher]), past, cancelled }
        let outcome: Outcome = state.withLock { state in
            if state.cancelledEarly.remove(sleeper.number) != nil { return .cancelled }
            if sleeper.deadline <= state.now { return .past }
            state.sleepers.append(sleeper)
            return .asleep(state.takeSatisfiedWatchers())
        }
        switch outcome {
        case .asleep(let satisfied): for watcher in satisfied { watcher.continuation.resume() }
        case .past: sleeper.continuation.resume()
        case .cancelled: sleeper.continuation.resume(throwing: CancellationError())
        }
    }

    private func cancel(_ number: Int) {
        let sleeper = state.withLock { state -> Sleeper? in
            guard let index = state.sleepers.firstIndex(where: { $0.number == number }) else {
                state.cancelledEarly.insert(number)
                return nil
            }
            return state.sleepers.remove(at: index)
        }
        sleeper?.continuation.resume(throwing: CancellationError())
    }
}
