import Foundation
import Jobs
import Synchronization
import Testing

@testable import Pipeline

@Suite("How many jobs a loop takes", .timeLimit(.minutes(1)))
struct AllowanceTests {
    /// Counts, and lets a test wait for a count.
    private final class Counter: Sendable {
        private let value = Mutex(0)
        private let bell = Bell()
        var count: Int { value.withLock { $0 } }

        func add() {
            value.withLock { $0 += 1 }
            bell.ring()
        }

        func wait(for count: Int) async {
            while !Task.isCancelled {
                let rings = bell.rings
                if self.count >= count { return }
                await bell.wait(after: rings)
            }
        }
    }

    @Test func `Jobs just taken count before the ledger knows of them`() async throws {
        let fixture = try PipelineFixture()
        for number in 1...3 { _ = try await fixture.claimed("shot\(number)") }
        let (looks, steps, end) = (Counter(), Counter(), Bell())
        let loop = DueLoop(
            state: .queued, work: .submit, width: 4, lease: .seconds(600), finishesSteps: true,
            context: fixture.context,
            allowance: { () async throws(JobStoreError) -> Int in
                looks.add()
                return 1
            },
            step: { _ in
                steps.add()
                await end.wait(after: 0)
            })
        let running = Task { await loop.run() }
        await steps.wait(for: 1)
        for look in 2...4 {
            fixture.context.bells[.queued].ring()
            await looks.wait(for: look)
        }
        #expect(steps.count == 1)
        running.cancel()
        end.ring()
        await running.value
    }

    @Test func `Without room the loop rests until a bell rings, though jobs are due`() async throws {
        let naps = Mutex<[Duration]>([])
        let fixture = try PipelineFixture()
        _ = try await fixture.claimed()
        let clock = fixture.clock
        let time = Timekeeper(
            now: { clock.date }, uptime: { clock.now.offset },
            sleep: { duration in
                naps.withLock { $0.append(duration) }
                try await clock.sleep(for: duration)
            })
        let context = fixture.context
        let resting = Context(
            store: context.store, client: context.client, catalog: context.catalog, claims: context.claims,
            outbox: context.outbox, configuration: context.configuration, time: time, logger: context.logger)
        let (looks, steps) = (Counter(), Counter())
        let room = Mutex(0)
        let loop = DueLoop(
            state: .queued, work: .submit, width: 4, lease: .seconds(600), finishesSteps: true, context: resting,
            allowance: { () async throws(JobStoreError) -> Int in
                looks.add()
                return room.withLock { $0 }
            }, step: { _ in steps.add() })
        let running = Task { await loop.run() }
        await clock.waitForSleepers()
        #expect(naps.withLock { $0 } == [.seconds(10)])
        #expect(looks.count == 1 && steps.count == 0)
        room.withLock { $0 = 1 }
        resting.bells[.queued].ring()
        await steps.wait(for: 1)
        running.cancel()
        await running.value
    }
}
