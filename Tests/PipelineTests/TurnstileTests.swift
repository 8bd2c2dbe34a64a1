import Synchronization
import Testing

@testable import Pipeline

@Suite("The turnstile", .timeLimit(.minutes(1)))
struct TurnstileTests {
    private let turnstile = Turnstile<String>()

    private final class Count: Sendable {
        private let state = Mutex((inside: 0, most: 0, passed: 0))
        func enter() {
            state.withLock {
                $0.inside += 1
                $0.most = max($0.most, $0.inside)
            }
        }
        func leave() {
            state.withLock {
                $0.inside -= 1
                $0.passed += 1
            }
        }
        var most: Int { state.withLock(\.most) }
        var passed: Int { state.withLock(\.passed) }
    }

    @Test func `One at a time passes for a key, and all do`() async {
        let count = Count()
        await withTaskGroup(of: Void.self) { group in
            for _ in 1...200 {
                group.addTask { [turnstile] in
                    await turnstile.pass("drop") {
                        count.enter()
                        await Task.yield()
                        count.leave()
                    }
                }
            }
        }
        #expect(count.most == 1)
        #expect(count.passed == 200)
    }

    @Test func `Another key does not wait`() async {
        await turnstile.pass("one") {
            await turnstile.pass("other") {}
        }
    }

    @Test func `An error leaves the way free, and nothing is remembered`() async throws {
        struct Stop: Error {}
        await #expect(throws: Stop.self) { try await turnstile.pass("drop") { () throws(Stop) in throw Stop() } }
        let value = await turnstile.pass("drop") { 7 }
        #expect(value == 7)
    }
}
