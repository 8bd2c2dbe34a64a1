import Foundation
import Jobs
import Synchronization
import Testing
import VideoAPI

@testable import Pipeline

@Suite("Spending", .timeLimit(.minutes(1)))
struct TreasuryTests {
    private func fixture(
        daily: Double? = nil, portraits: Double? = nil
    ) throws -> PipelineFixture {
        try PipelineFixture { configuration in
            configuration.creditsPerSecond = 100
            configuration.budgets.overall.daily = daily
            if let portraits { configuration.budgets.folders["portraits"] = Budget(daily: portraits) }
        }
    }

    /// Sends what is due, all at the same time.
    private func submitTogether(_ fixture: PipelineFixture) async throws {
        let loop = Submitter(context: fixture.context).loop
        let now = fixture.clock.date
        let due = try await fixture.store.claimDue(.queued, now: now, leaseEnd: now + 600, limit: 100)
        await withTaskGroup(of: Void.self) { group in
            for job in due { group.addTask { try? await loop.step(job) } }
        }
    }

    @Test func `Of eight that go out at once, no more than the budget pays for`() async throws {
        let fixture = try fixture(daily: 1700)
        for number in 1...8 { _ = try await fixture.claimed("shot\(number)") }
        try await submitTogether(fixture)
        #expect(fixture.api.submissions.count == 3)
        let counts = try await fixture.store.counts()
        #expect(counts[.generating] == 3 && counts[.held] == 5)
        let held = try await fixture.store.jobs(JobQuery(states: [.held]))
        #expect(held.allSatisfy { $0.reason?.contains("today's budget is 1,700 credits") == true })
    }

    @Test func `A folder's budget holds its own drops only`() async throws {
        let fixture = try fixture(portraits: 500)
        for number in 1...3 {
            _ = try await fixture.claimed("shot\(number)", in: "portraits")
            _ = try await fixture.claimed("shot\(number)")
        }
        try await submitTogether(fixture)
        #expect(fixture.api.submissions.count == 4)
        let held = try await fixture.store.jobs(JobQuery(states: [.held]))
        #expect(held.map(\.drop.folder) == ["portraits", "portraits"])
    }

    @Test func `What is held goes on the next day by itself, and a start looks again after a raise`() async throws {
        let fixture = try fixture(daily: 500)
        let jobs = [
            try await fixture.claimedJob("a"), try await fixture.claimedJob("b"), try await fixture.claimedJob("c"),
        ]
        try await submitTogether(fixture)
        try await fixture.release()
        #expect(try await fixture.store.counts()[.held] == 2, "not before the day is over")
        fixture.clock.advance(by: .seconds(86_400))
        try await fixture.release()
        try await submitTogether(fixture)
        #expect(fixture.api.submissions.count == 2)
        try await StartUp(context: fixture.restarted { $0.budgets.overall.daily = 5000 }).resume()
        #expect(try await fixture.store.counts()[.held] == nil)
        #expect(jobs.count == 3)
    }

    @Test func `A start leaves what a person holds`() async throws {
        let fixture = try fixture()
        let job = try await fixture.claimedJob(held: true)
        try await fixture.start()
        #expect(try await fixture.state(job) == .held)
    }

    @Test func `What a video was charged is what the next is expected to cost`() async throws {
        let fixture = try fixture(daily: 1_000_000)
        _ = try await fixture.claimed("a")
        try await fixture.submit()
        fixture.api.onPoll { _ in .success(.completed(.link(1))) }
        fixture.clock.advance(by: .seconds(20))
        try await fixture.poll()
        let second = try await fixture.claimedJob("b")
        try await fixture.submit()
        #expect(try await fixture.state(second) == .held, "630,000 more would be too much")
    }

    @Test func `What turned out unbilled is not counted`() async throws {
        let fixture = try fixture(daily: 500)
        _ = try await fixture.claimed("a")
        fixture.api.onSubmit { _ in .refused(APIMessage(status: 400, text: "no")) }
        try await fixture.submit()
        fixture.api.onSubmit { .accepted(.sample($0.clientRequestID)) }
        let second = try await fixture.claimedJob("b")
        try await fixture.submit()
        #expect(try await fixture.state(second) == .generating)
    }
}
