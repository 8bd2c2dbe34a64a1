import Foundation
import Jobs
import ServiceLifecycleTestKit
import Synchronization
import TestKit
import Testing

@testable import Pipeline

@Suite("Doing what is due", .timeLimit(.minutes(1)))
struct DueLoopTests {
    private let fixture: PipelineFixture
    init() throws { fixture = try PipelineFixture() }

    /// Steps that begin, and end when the test opens the gate.
    private final class Steps: Sendable {
        let gate = Bell()
        let begun: AsyncStream<JobID>
        private let begin: AsyncStream<JobID>.Continuation
        private let counts = Mutex((inside: 0, most: 0, ended: 0))

        init() { (begun, begin) = AsyncStream.makeStream() }

        func perform(_ job: Job) async {
            counts.withLock {
                $0.inside += 1
                $0.most = max($0.most, $0.inside)
            }
            let rings = gate.rings
            begin.yield(job.id)
            await gate.wait(after: rings)
            counts.withLock {
                $0.inside -= 1
                $0.ended += 1
            }
        }
        var most: Int { counts.withLock(\.most) }
        var ended: Int { counts.withLock(\.ended) }
    }

    private func loop(_ steps: Steps, width: Int = 2, finishes: Bool = false) -> DueLoop {
        DueLoop(
            state: .queued, work: .submit, width: width, lease: .seconds(600), finishesSteps: finishes,
            context: fixture.context,
            step: { job in await steps.perform(job) })
    }

    @Test func `No more steps than the width run at once, and every job has its turn`() async throws {
        for number in 1...7 { _ = try await fixture.claimed("shot\(number)") }
        let steps = Steps()
        let running = Task { [loop = loop(steps)] in await loop.run() }
        var begun: Set<JobID> = []
        for await job in steps.begun {
            begun.insert(job)
            if begun.count == 7 { break }
            if begun.count >= 2 { steps.gate.ring() }
        }
        steps.gate.ring()
        running.cancel()
        await running.value
        #expect(steps.most == 2)
        #expect(steps.ended == 7)
    }

    @Test func `A job is not touched before it is due`() async throws {
        let job = try await fixture.submitting(fixture.claimedJob())
        try await fixture.after(
            .submissionDeferred(reason: "busy", until: fixture.clock.date + 10), on: job)
        let steps = Steps()
        let running = Task { [loop = loop(steps)] in await loop.run() }
        await fixture.clock.waitForSleepers()
        fixture.clock.advance(by: .seconds(9))
        #expect(fixture.clock.sleepers == 1, "it sleeps until the job is due")
        #expect(steps.most == 0)
        fixture.clock.advance(by: .seconds(1))
        for await begun in steps.begun {
            #expect(begun == job.id)
            break
        }
        running.cancel()
        await running.value
    }

    @Test func `A bell brings a new job at once`() async throws {
        let steps = Steps()
        let running = Task { [loop = loop(steps)] in await loop.run() }
        await fixture.clock.waitForSleepers()
        let job = try await fixture.claimedJob()
        fixture.context.bells[.queued].ring()
        for await begun in steps.begun {
            #expect(begun == job.id)
            break
        }
        running.cancel()
        await running.value
    }

    @Test(arguments: [true, false])
    func `At shutdown nothing new begins; a step is let to its end only where it must be`(finishes: Bool) async throws {
        let jobs = try await fixture.claimed(variations: 2)
        let steps = Steps()
        await testGracefulShutdown { trigger in
            await withTaskGroup(of: Void.self) { group in
                group.addTask { [loop = loop(steps, width: 1, finishes: finishes)] in await loop.run() }
                for await _ in steps.begun { break }
                trigger.triggerGracefulShutdown()
                if finishes {
                    #expect(steps.ended == 0)
                    steps.gate.ring()
                }
            }
        }
        #expect(steps.ended == 1)
        #expect(steps.most == 1)
        #expect(jobs.count == 2)
    }

    @Test func `A step that lost a race or met a broken ledger ends neither loop nor neighbours`() async throws {
        for number in 1...3 { _ = try await fixture.claimed("shot\(number)") }
        let begun = Bell()
        let loop = DueLoop(
            state: .queued, work: .submit, width: 1, lease: .seconds(600), finishesSteps: false,
            context: fixture.context
        ) { (job) async throws(JobStoreError) in
            begun.ring()
            throw JobStoreError.lostRace(job.id)
        }
        let running = Task { await loop.run() }
        for count in 0..<3 { await begun.wait(after: UInt64(count)) }
        running.cancel()
        await running.value
    }
}
