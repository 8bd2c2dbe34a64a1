import Jobs
import Synchronization

/// Wakes loops that wait for something to do. A ring is never lost: whoever took a count before it returns at once.
package final class Bell: Sendable {
    private struct State {
        var rings: UInt64 = 0
        var nextWaiter: UInt64 = 0
        var waiters: [UInt64: CheckedContinuation<Void, Never>] = [:]
    }
    private let state = Mutex(State())

    package init() {}

    /// How often it has rung. Take it before looking for work.
    package var rings: UInt64 { state.withLock { $0.rings } }

    package func ring() {
        let waiting = state.withLock { state in
            state.rings += 1
            defer { state.waiters = [:] }
            return state.waiters.values
        }
        for waiter in waiting { waiter.resume() }
    }

    /// Returns once it has rung more than `count` times, or when the task is cancelled.
    package func wait(after count: UInt64) async {
        let id = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    if state.rings > count || Task.isCancelled { return true }
                    state.waiters[id] = continuation
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: id) }?.resume()
        }
    }

    /// As `wait(after:)`, but at most for `limit`.
    package func wait(after count: UInt64, atMost limit: Duration, by time: Timekeeper) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.wait(after: count) }
            group.addTask { try? await time.sleep(limit) }
            await group.next()
            group.cancelAll()
        }
    }
}

/// A bell for each state, and some for others: rung when a job may have become due in it.
package struct JobBells: Sendable {
    private let bells: [JobState.Name: Bell]

    package init() { bells = Dictionary(uniqueKeysWithValues: JobState.Name.allCases.map { ($0, Bell()) }) }

    /// Every state has one from the start.
    package subscript(state: JobState.Name) -> Bell { bells[state] ?? Bell() }

    /// For whoever decides what to do with what lies in the inbox.
    package let intake = Bell()
    /// For whoever looks what lies there.
    package let lookout = Bell()
    /// For whoever lets jobs go on that wait for budget: some of it has become free.
    package let budget = Bell()
    /// For whoever shows how things stand.
    package let status = Bell()

    /// Something has changed that any of them may have waited for.
    package func ringAll() {
        for bell in bells.values { bell.ring() }
        intake.ring()
        lookout.ring()
        status.ring()
    }
}
