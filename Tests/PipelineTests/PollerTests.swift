import Foundation
import Jobs
import Testing
import VideoAPI

@testable import Pipeline

@Suite("Polling", .timeLimit(.minutes(1)))
struct PollerTests {
    private let fixture: PipelineFixture
    init() throws { fixture = try PipelineFixture() }

    @Test func `A running generation is asked for again after the interval, more or less`() async throws {
        let job = try await fixture.generating(fixture.claimedJob())
        try await fixture.poll()
        let now = try await fixture.now(job)
        #expect(now.state.name == .generating)
        #expect(now.reason == nil)
        #expect((13.5...16.5).contains(now.due.timeIntervalSince(fixture.clock.date)))
    }

    @Test func `Polls of jobs accepted together spread`() async throws {
        for number in 1...20 { _ = try await fixture.generating(fixture.claimedJob("shot\(number)")) }
        try await fixture.poll()
        let dues = try await fixture.store.jobs(JobQuery(states: [.generating])).map(\.due)
        #expect(Set(dues).count > 10)
    }

    @Test func `A completed generation goes on with its link and its price`() async throws {
        let job = try await fixture.generating(fixture.claimedJob())
        fixture.api.onPoll { _ in .success(.completed(.link(7))) }
        try await fixture.poll()
        guard case .generated(let generation, let video) = try await fixture.now(job).state else {
            Issue.record("not generated")
            return
        }
        #expect(video.url == .link(7))
        #expect(generation.completed == fixture.clock.date)
        #expect(generation.charge == .sample)
    }

    @Test func `A failed generation gives the files back with the API's own words`() async throws {
        let job = try await fixture.generating(fixture.claimedJob())
        fixture.api.onPoll { _ in .success(.failed(APIMessage(status: nil, text: "The picture shows a known person.")))
        }
        try await fixture.poll()
        guard case .failed(let failure, .unpaid) = try await fixture.now(job).state else {
            Issue.record("not failed unpaid")
            return
        }
        #expect(failure.stage == .generation)
        #expect(fixture.folder.exists("outbox/errors/shot.png"))
        let text = try fixture.folder.text(of: "outbox/errors/shot.error.txt")
        #expect(text.contains("The picture shows a known person."))
        #expect(text.contains("A failed video is not charged."))
    }

    @Test func `What had completed before it failed counts as paid, and nobody is told to drop it again`() async throws
    {
        let generated = try await fixture.generated(fixture.claimedJob())
        let job = try await fixture.after(.linkExpired(reason: "403", nextPoll: fixture.clock.date), on: generated)
        fixture.api.onPoll { _ in .success(.failed(APIMessage(status: nil, text: "gone"))) }
        try await fixture.poll()
        guard case .failed(let failure, .paid(_, nil)) = try await fixture.now(job).state else {
            Issue.record("not failed paid")
            return
        }
        #expect(failure.stage == .delivery)
        #expect(fixture.notices.kinds == [.notRetrieved])
        #expect(try !fixture.folder.text(of: "outbox/errors/shot.error.txt").contains("drag"))
    }

    @Test func `A poll's own trouble never fails a job, and the API's wish is kept`() async throws {
        let job = try await fixture.generating(fixture.claimedJob())
        fixture.api.onPoll { _ in .failure(.unreachable) }
        for _ in 1...50 {
            try await fixture.poll()
            fixture.clock.advance(by: .seconds(90))
        }
        let now = try await fixture.now(job)
        #expect(now.state.name == .generating)
        #expect(now.reason == "cannot ask the API: The API cannot be reached.")
        #expect(fixture.api.polls == 50)
        #expect(fixture.api.submissions.isEmpty)
    }

    @Test func `A generation that takes far too long is told once`() async throws {
        _ = try await fixture.generating(fixture.claimedJob())
        for _ in 1...100 {
            fixture.clock.advance(by: .seconds(400))
            try await fixture.poll()
        }
        #expect(fixture.notices.kinds == [.overdue])
    }

    @Test func `While the API cannot be reached, one poll at a time tries`() async throws {
        for number in 1...5 { _ = try await fixture.generating(fixture.claimedJob("shot\(number)")) }
        fixture.api.onPoll { _ in .failure(PollError(Trouble(kind: .unreachable, message: "no route"))) }
        try await fixture.poll()
        let gates = fixture.context.gates
        #expect(gates.admission(.poll) == .closed(until: .seconds(10)))
        #expect(gates.admission(.lookUp) == .closed(until: .seconds(10)))
        #expect(gates.admission(.deliver) == .open)
        fixture.clock.advance(by: .seconds(10))
        #expect(gates.beginProbe(.poll))
        #expect(!gates.beginProbe(.lookUp))
        #expect(fixture.notices.all.isEmpty, "it usually opens by itself")
    }

    @Test func `A poll cut off by a shutdown says nothing about the API`() async throws {
        let job = try await fixture.generating(fixture.claimedJob())
        fixture.api.onPoll { _ in
            withUnsafeCurrentTask { $0?.cancel() }
            return .failure(.unreachable)
        }
        await Task { [fixture] in try? await fixture.poll() }.value
        #expect(fixture.api.polls == 1)
        #expect(try await fixture.now(job) == job)
    }
}
