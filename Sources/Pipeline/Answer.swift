import Dispatch
import Synchronization

/// What somebody waits for who may stop waiting before it comes. A cancelled task goes on waiting: that nobody wants the answer any more
/// does not mean that there is none.
final class Answer<Value: Sendable>: Sendable {
    private let given = Mutex<Value?>(nil)
    private let bell = Bell()

    /// Once.
    func give(_ value: Value) {
        given.withLock { $0 = value }
        bell.ring()
    }

    var value: Value? { given.withLock { $0 } }

    /// The answer; nil when it has not come within `limit`.
    func wait(atMost limit: Duration, by time: Timekeeper) async -> Value? {
        await Task { [bell] in await bell.wait(after: 0, atMost: limit, by: time) }.value
        return value
    }

    /// The answer; nil when there is none yet and no hope of any. `changes` rings when there may be none any more.
    func wait(while isHope: @Sendable () -> Bool, changing changes: Bell) async -> Value? {
        while true {
            let rings = changes.rings
            if let value { return value }
            guard isHope() else { return nil }
            await Task { [bell] in
                await withTaskGroup(of: Void.self) { group in
                    group.addTask { await bell.wait(after: 0) }
                    group.addTask { await changes.wait(after: rings) }
                    await group.next()
                    group.cancelAll()
                }
            }.value
        }
    }
}

/// Calls to one place, one after the other on a thread of their own: where it hangs, that thread hangs with it and no other, and
/// everybody hears after a while that there is no answer.
final class HangingCalls: Sendable {
    private enum Wait { case on, givenUp, over }

    private let queue: DispatchQueue
    /// Calls without an answer that nobody waits for any more.
    private let lost = Mutex(0)

    init(label: String) { queue = DispatchQueue(label: label) }

    /// nil when there is no answer within `limit`, and at once while an earlier call still has none.
    func run<Value: Sendable>(
        atMost limit: Duration, by time: Timekeeper, _ work: @escaping @Sendable () -> Value
    ) async -> Value? {
        guard lost.withLock({ $0 == 0 }) else { return nil }
        let answer = Answer<Value>()
        let state = CallState()
        queue.async { [self] in
            answer.give(work())
            if state.wait.withLock({ wait in
                defer { wait = .over }
                return wait == .givenUp
            }) {
                lost.withLock { $0 -= 1 }
            }
        }
        if let value = await answer.wait(atMost: limit, by: time) { return value }
        state.wait.withLock { wait in
            guard wait == .on else { return }
            wait = .givenUp
            lost.withLock { $0 += 1 }
        }
        return answer.value
    }

    private final class CallState: Sendable {
        let wait = Mutex(Wait.on)
    }
}
