import Jobs
import TestKit
import Testing

@testable import Pipeline

@Suite("The bell", .timeLimit(.minutes(1)))
struct BellTests {
    private let bell = Bell()

    @Test func `A ring between the count and the wait is not lost`() async {
        let rings = bell.rings
        bell.ring()
        await bell.wait(after: rings)
        #expect(bell.rings == rings + 1)
    }

    @Test func `One ring wakes all who wait`() async {
        await withTaskGroup(of: Void.self) { group in
            let rings = bell.rings
            for _ in 1...100 { group.addTask { [bell] in await bell.wait(after: rings) } }
            bell.ring()
        }
    }

    @Test func `Cancellation ends a wait, also one that has not begun`() async {
        let waiting = Task { [bell] in await bell.wait(after: bell.rings) }
        waiting.cancel()
        await waiting.value
        let late = Task { [bell] in
            withUnsafeCurrentTask { $0?.cancel() }
            await bell.wait(after: bell.rings)
        }
        await late.value
        #expect(bell.rings == 0)
    }

    @Test func `A wait with a limit ends when the time is over`() async {
        let clock = ManualClock()
        let waiting = Task { [bell] in await bell.wait(after: bell.rings, atMost: .seconds(30), by: clock.timekeeper) }
        await clock.waitForSleepers()
        clock.advance(by: .seconds(30))
        await waiting.value
    }

    @Test func `A ring ends a wait with a limit and leaves nobody asleep`() async {
        let clock = ManualClock()
        let waiting = Task { [bell] in await bell.wait(after: 0, atMost: .seconds(30), by: clock.timekeeper) }
        await clock.waitForSleepers()
        bell.ring()
        await waiting.value
        #expect(clock.sleepers == 0)
    }

    @Test func `Every state has a bell of its own`() {
        let bells = JobBells()
        for state in JobState.Name.allCases {
            let before = JobState.Name.allCases.map { bells[$0].rings }
            bells[state].ring()
            let rung = zip(JobState.Name.allCases, before).filter { bells[$0].rings != $1 }.map(\.0)
            #expect(rung == [state])
        }
    }
}
