import Foundation
import Jobs
import Synchronization
import Testing
import VideoAPI

@testable import Pipeline

@Suite("Submitting", .timeLimit(.minutes(1)))
struct SubmitterTests {
    private let fixture: PipelineFixture
    init() throws { fixture = try PipelineFixture() }

    @Test func `The generation id is on disk once the API has accepted`() async throws {
        let job = try await fixture.claimedJob()
        try await fixture.submit()
        let now = try await fixture.now(job)
        #expect(now.state.name == .generating)
        #expect(now.state.generation?.id == .of(fixture.api.submissions[0].clientRequestID))
        #expect(now.attempts == 1)
        #expect(now.due == fixture.clock.date.adding(fixture.context.configuration.pollInterval))
    }

    @Test func `An answer that is already complete is asked for at once`() async throws {
        let job = try await fixture.claimedJob()
        fixture.api.onSubmit { submission in
            .accepted(
                GenerationUpdate(
                    id: .of(submission.clientRequestID), status: "completed", phase: .completed(.link(1))))
        }
        try await fixture.submit()
        #expect(try await fixture.now(job).due == fixture.clock.date)
    }

    @Test func `The intent is on disk, under the id that is sent, before anything is sent`() async throws {
        let job = try await fixture.claimedJob()
        let seen = Seen()
        fixture.api.onSubmit { [store = fixture.store] submission in
            let job = try? await store.job(job.id)
            seen.job.withLock { $0 = job }
            return .accepted(.sample(submission.clientRequestID))
        }
        try await fixture.submit()
        let atSubmit = try #require(seen.job.withLock { $0 })
        #expect(atSubmit.state.name == .submitting)
        #expect(atSubmit.state.submission?.clientRequestID == fixture.api.submissions.first?.clientRequestID)
    }

    private final class Seen: Sendable {
        let job = Mutex<Job?>(nil)
    }

    @Test func `What is sent is the frozen request with the claim folder's files`() async throws {
        let job = try await fixture.claimedJob()
        try await fixture.submit()
        let sent = try #require(fixture.api.submissions.first)
        #expect(sent.request == job.request)
        #expect(sent.attachments == fixture.context.claims.folder(of: job.drop.id).path)
    }

    @Test(arguments: [
        (Trouble.Kind.rate, Duration?.some(.seconds(42)), Gate?.some(.rate), 42.0), (.rate, nil, .rate, 10),
        (.unreachable, nil, .api, 10), (.api, nil, .api, 10), (.key, nil, .key, 10), (.credit, nil, .credit, 10),
        (.files, nil, nil, 0),
    ])
    func `Trouble with the world puts the job back without counting an attempt, and closes a gate`(
        kind: Trouble.Kind, retryAfter: Duration?, gate: Gate?, seconds: Double
    ) async throws {
        let job = try await fixture.claimedJob()
        fixture.api.onSubmit { _ in
            .notTaken(Trouble(kind: kind, message: "not now", retryAfter: retryAfter))
        }
        try await fixture.submit()
        let now = try await fixture.now(job)
        #expect(now.state.name == .queued)
        #expect(now.attempts == 0)
        #expect(now.reason == "not now")
        #expect(fixture.context.gates.closed.map(\.gate) == (gate.map { [$0] } ?? []))
        guard gate != nil else {
            #expect(now.due == fixture.clock.date + 30, "the job's own trouble")
            return
        }
        #expect(now.due == fixture.clock.date)
        #expect(
            fixture.context.gates.admission(.submit) == .closed(until: fixture.clock.now.offset + .seconds(seconds)))
        fixture.clock.advance(by: .seconds(seconds))
        #expect(fixture.context.gates.admission(.submit) == .probe)
        #expect(fixture.context.gates.admission(.poll) == .open || kind == .unreachable)
    }

    @Test func `Each request has an id of its own, deferred ones included`() async throws {
        let job = try await fixture.claimedJob()
        fixture.api.onSubmit { _ in .notTaken(Trouble(kind: .rate, message: "slow down")) }
        for _ in 1...4 {
            try await fixture.submit()
            fixture.clock.advance(by: .seconds(11))
        }
        let ids = fixture.api.submissions.map(\.clientRequestID)
        #expect(ids.count == 4)
        #expect(Set(ids).count == 4)
        #expect(try await fixture.now(job).attempts == 0)
    }

    @Test func `An unknown outcome is unconfirmed, counted, and never sent again by itself`() async throws {
        let job = try await fixture.claimedJob()
        fixture.api.onSubmit { _ in .unconfirmed(reason: "the connection broke") }
        try await fixture.submit()
        fixture.clock.advance(by: .seconds(100_000))
        try await fixture.submit()
        let now = try await fixture.now(job)
        #expect(now.state.name == .unconfirmed)
        #expect(now.reason == "the connection broke")
        #expect(now.attempts == 1)
        #expect(fixture.api.submissions.count == 1)
    }

    @Test func `A refusal gives the files back beside the API's own words`() async throws {
        let job = try await fixture.claimedJob(in: "portraits")
        fixture.api.onSubmit { _ in .refused(APIMessage(status: 400, text: "prompt is not allowed")) }
        try await fixture.submit()
        #expect(try await fixture.state(job) == .failed)
        #expect(
            fixture.outbox
                == ["shot.error.json", "shot.error.txt", "shot.json", "shot.png"].map { "errors/portraits/\($0)" })
        #expect(fixture.inbox.isEmpty)
        #expect(try await fixture.isSettled(job.drop))
        let report = try fixture.json("outbox/errors/portraits/shot.error.json")
        #expect(report["stage"] == "submit")
        #expect(report["job"] == .string(job.id.rawValue))
        #expect(report["folder"] == "portraits")
        #expect(report["problems"]?.arrayValue?.first?["file"] == "shot.json")
        #expect(try fixture.folder.text(of: "outbox/errors/portraits/shot.error.txt").contains("prompt is not allowed"))
    }

    @Test func `A job that was cancelled meanwhile is not sent`() async throws {
        let job = try await fixture.claimedJob()
        try await fixture.after(.cancelled, on: job)
        await #expect(throws: JobStoreError.lostRace(job.id)) {
            try await Submitter(context: fixture.context).loop.step(job)
        }
        #expect(fixture.api.submissions.isEmpty)
    }

    @Test func `No more are sent than may be in flight`() async throws {
        let fixture = try PipelineFixture { $0.maxInFlight = 2 }
        for number in 1...3 { _ = try await fixture.claimed("shot\(number)") }
        let allowance = Submitter(context: fixture.context).loop.allowance
        #expect(try await allowance() == 2)
        try await fixture.submit()
        #expect(try await allowance() == -1)
    }
}
