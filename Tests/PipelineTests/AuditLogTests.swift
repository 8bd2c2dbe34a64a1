import Foundation
import Jobs
import TestKit
import Testing
import VideoAPI

@testable import Pipeline

@Suite("An audit of the API's log", .timeLimit(.minutes(1)))
struct AuditLogTests {
    private let fixture: PipelineFixture
    init() throws { fixture = try PipelineFixture() }

    private func request(_ job: Job) throws -> ClientRequestID { try #require(job.state.submission).clientRequestID }

    @Test func `Each request that has its job is accounted for`() async throws {
        let delivered = try await fixture.delivered()
        let refused = try await fixture.refused("other")
        fixture.log(
            .of(try request(delivered)), .of(nil, generation: "by hand"), .of(.attempt(1, of: .sample(9))),
            .of(try request(refused), .failed))
        let report = try await fixture.audit()
        #expect(report.exceptions.isEmpty && report.notes.isEmpty, "\(report.lines)")
        #expect(report.log == .read(rows: 4))
        #expect(report.details == [.otherRequest: 1])
        #expect(report.json["log_rows"] == 4)
    }

    @Test func `All pages are read, and rows that are no rows are counted`() async throws {
        let job = try await fixture.delivered()
        let row = RequestLogPage.Row.of(try request(job), generation: "a second one")
        fixture.api.onLog { offset in
            .success(
                offset == 0
                    ? RequestLogPage(rows: [], count: 100, hasMore: true) : RequestLogPage(rows: [row], hasMore: false))
        }
        #expect(try await fixture.audit().kinds == [.paidTwice])
        #expect(fixture.api.logOffsets == [0, 100])
    }

    @Test func `A second generation of one request was paid for twice`() async throws {
        let job = try await fixture.delivered()
        fixture.log(.of(try request(job)), .of(try request(job), generation: "twin"))
        let report = try await fixture.audit()
        #expect(report.kinds == [.paidTwice] && report.exceptions.first?.job == job.id)
        #expect(report.exceptions.first?.message.contains("twin") == true)
    }

    @Test func `A request the ledger never recorded is named`() async throws {
        let job = try await fixture.delivered()
        fixture.log(.of(.attempt(77, of: job.id)))
        #expect(try await fixture.audit().kinds == [.postUnknown])
    }

    @Test func `A charge for a request that was taken for refused is named`() async throws {
        let job = try await fixture.submitting(fixture.claimedJob())
        try await fixture.after(.submissionDeferred(reason: "busy", until: fixture.clock.date), on: job)
        fixture.log(.of(try request(job)))
        let report = try await fixture.audit()
        #expect(report.kinds == [.paidUnknown])
        #expect(report.exceptions.first?.message.contains(GenerationID.of(try request(job)).rawValue) == true)
        fixture.log(.of(try request(job), .failed))
        #expect(try await fixture.audit().exceptions.isEmpty)
        fixture.log(.of(try request(job), .unknown("running")))
        #expect(try await fixture.audit().exceptions.isEmpty, "it may still fail")
    }

    @Test func `What a person has said not to be billed, and was, is noted`() async throws {
        let job = try await fixture.submitting(fixture.claimedJob())
        try await fixture.after(
            .submissionUnconfirmed(reason: "no answer", nextLookup: fixture.clock.date), .foundUnbilled, on: job)
        fixture.log(.of(try request(job)))
        let report = try await fixture.audit()
        #expect(report.exceptions.isEmpty && report.notes.map(\.kind) == [.paidAfterAll])
    }

    @Test func `A request whose answer is missing and that the log has will be taken over`() async throws {
        let job = try await fixture.submitting(fixture.claimedJob())
        try await fixture.after(.submissionUnconfirmed(reason: "no answer", nextLookup: fixture.clock.date), on: job)
        fixture.log(.of(try request(job)))
        #expect(try await fixture.audit().notes.map(\.kind) == [.lookUpPending])
        let report = try await fixture.audit(meanwhile: { [fixture] in try await fixture.lookUp() })
        #expect(report.exceptions.isEmpty && report.notes.isEmpty, "\(report.lines)")
    }

    @Test func `A generation that failed unpaid, and was charged, is named`() async throws {
        let job = try await fixture.generating(fixture.claimedJob())
        let failed = try await fixture.after(.generationFailed(.sample(.generation)), on: job)
        await Endings(context: fixture.context).settle(failed)
        fixture.log(.of(try request(job)))
        #expect(try await fixture.audit().kinds == [.paidFailed])
    }

    @Test func `A charge other than the ledger's is noted, and so is none`() async throws {
        let job = try await fixture.delivered()
        fixture.log(
            RequestLogPage.Row(
                clientRequestID: try request(job).rawValue, inferenceID: .of(try request(job)), outcome: .succeeded,
                created: nil, charge: Charge(credits: 1_000_000)))
        #expect(try await fixture.audit().notes.map(\.kind) == [.logDiffers])
        fixture.log(.of(try request(job), .failed))
        let report = try await fixture.audit()
        #expect(report.exceptions.isEmpty && report.notes.map(\.kind) == [.logDiffers])
    }

    @Test func `A log that cannot be read is said to be unread`() async throws {
        _ = try await fixture.delivered()
        fixture.api.onLog { _ in .failure(.unreachable) }
        let report = try await fixture.audit()
        #expect(report.log == .unreadable("The API cannot be reached."))
        #expect(report.exceptions.isEmpty)
        #expect(report.lines.contains("✗ the API's log could not be read: The API cannot be reached."))
    }

    @Test func `Being asked too often is waited out`() async throws {
        let busy = PollError(Trouble(kind: .rate, message: "Too many requests.", retryAfter: .seconds(1)))
        fixture.api.onLog { [api = fixture.api] _ in
            api.logOffsets.count < 3 ? .failure(busy) : .success(RequestLogPage(rows: [], hasMore: false))
        }
        #expect(try await fixture.audit().log == .read(rows: 0))
        #expect(fixture.api.logOffsets.count == 3)
    }
}
