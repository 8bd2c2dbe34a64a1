import Foundation
import Jobs
import Testing
import VideoAPI

@testable import Pipeline

@Suite("Looking up lost answers", .timeLimit(.minutes(1)))
struct ReconcilerTests {
    private let fixture: PipelineFixture
    init() throws { fixture = try PipelineFixture() }

    private func unconfirmed() async throws -> Job {
        let job = try await fixture.submitting(fixture.claimedJob())
        return try await fixture.after(
            .submissionUnconfirmed(reason: "time-out", nextLookup: fixture.clock.date), on: job)
    }

    private func row(_ request: ClientRequestID?, succeeded: Bool = true) -> RequestLogPage.Row {
        RequestLogPage.Row(
            clientRequestID: request?.rawValue ?? "somebody-else", inferenceID: "found".generation,
            outcome: succeeded ? .succeeded : .failed, created: fixture.clock.date, charge: .sample)
    }

    @Test func `A row under our id is adopted: its generation is ours, and nothing is sent again`() async throws {
        let job = try await unconfirmed()
        let page = RequestLogPage(rows: [row(nil), row(job.state.submission?.clientRequestID)], hasMore: false)
        fixture.api.onLog { _ in .success(page) }
        try await fixture.lookUp()
        let now = try await fixture.now(job)
        #expect(now.state.name == .generating)
        #expect(now.state.generation?.id == "found".generation)
        #expect(now.state.generation?.charge == .sample)
        #expect(now.due == fixture.clock.date)
        #expect(fixture.api.submissions.isEmpty)
    }

    @Test func `A failed row means that nothing was billed: the job may be sent again, under another id`() async throws
    {
        let job = try await unconfirmed()
        let lost = job.state.submission?.clientRequestID
        let page = RequestLogPage(rows: [row(lost, succeeded: false)], hasMore: false)
        fixture.api.onLog { _ in .success(page) }
        try await fixture.lookUp()
        #expect(try await fixture.state(job) == .queued)
        try await fixture.submit()
        #expect(fixture.api.submissions.count == 1)
        #expect(fixture.api.submissions[0].clientRequestID != lost)
    }

    @Test func `No row proves nothing, however long it is missing`() async throws {
        let job = try await unconfirmed()
        for _ in 1...100 {
            try await fixture.lookUp()
            fixture.clock.advance(by: .seconds(7200))
        }
        try await fixture.submit()
        let now = try await fixture.now(job)
        #expect(now.state.name == .unconfirmed)
        #expect(now.reason?.contains("hotreel resolve \(job.id) --generation ID or --not-billed") == true)
        #expect(fixture.api.submissions.isEmpty)
        #expect(fixture.api.logOffsets.count == 100)
    }

    @Test func `Looks grow rarer: after ten seconds at first, after an hour at most`() async throws {
        let job = try await unconfirmed()
        try await fixture.lookUp()
        #expect(try await fixture.now(job).due == fixture.clock.date + 10)
        fixture.clock.advance(by: .seconds(1000))
        try await fixture.lookUp()
        #expect(try await fixture.now(job).due == fixture.clock.date + 100)
        fixture.clock.advance(by: .seconds(1_000_000))
        try await fixture.lookUp()
        #expect(try await fixture.now(job).due == fixture.clock.date + 3600)
    }

    @Test func `The log is paged through until the row is found`() async throws {
        let job = try await unconfirmed()
        let others = Array(repeating: row(nil), count: 100)
        let last = row(job.state.submission?.clientRequestID)
        fixture.api.onLog { offset in
            .success(
                offset < 300
                    ? RequestLogPage(rows: others, hasMore: true) : RequestLogPage(rows: [last], hasMore: true))
        }
        try await fixture.lookUp()
        #expect(fixture.api.logOffsets == [0, 100, 200, 300])
        #expect(try await fixture.state(job) == .generating)
    }

    @Test func `An empty page ends the paging, whatever it says of more`() async throws {
        let job = try await unconfirmed()
        fixture.api.onLog { _ in .success(RequestLogPage(rows: [], hasMore: true)) }
        try await fixture.lookUp()
        #expect(fixture.api.logOffsets == [0])
        #expect(try await fixture.state(job) == .unconfirmed)
    }

    @Test func `Rows that cannot be read are passed over, and the look goes on behind them`() async throws {
        let job = try await unconfirmed()
        let last = row(job.state.submission?.clientRequestID)
        fixture.api.onLog { offset in
            .success(RequestLogPage(rows: offset < 100 ? [] : [last], count: 100, hasMore: true))
        }
        try await fixture.lookUp()
        #expect(fixture.api.logOffsets == [0, 100])
        #expect(try await fixture.state(job) == .generating)
    }

    @Test func `A row that failed proves nothing where another shows the same request as taken`() async throws {
        let job = try await unconfirmed()
        let ours = job.state.submission?.clientRequestID
        let rows = [row(ours, succeeded: false), row(nil), row(ours)]
        fixture.api.onLog { _ in .success(RequestLogPage(rows: rows, hasMore: false)) }
        try await fixture.lookUp()
        #expect(try await fixture.state(job) == .generating)
    }

    @Test func `A status that nobody knows may be billed: its generation is asked about`() async throws {
        let job = try await unconfirmed()
        let row = RequestLogPage.Row(
            clientRequestID: job.state.submission?.clientRequestID.rawValue, inferenceID: "found".generation,
            outcome: .unknown("pending"), created: nil, charge: Charge())
        fixture.api.onLog { _ in .success(RequestLogPage(rows: [row], hasMore: false)) }
        try await fixture.lookUp()
        #expect(try await fixture.state(job) == .generating)
    }

    @Test func `A request that failed five times is given back, unbilled`() async throws {
        var job = try await fixture.claimedJob()
        for _ in 1...5 {
            job = try await fixture.after(
                .submissionUnconfirmed(reason: "time-out", nextLookup: fixture.clock.date),
                on: fixture.submitting(job))
            let page = RequestLogPage(
                rows: [row(job.state.submission?.clientRequestID, succeeded: false)], hasMore: false)
            fixture.api.onLog { _ in .success(page) }
            try await fixture.lookUp()
            job = try await fixture.now(job)
        }
        #expect(job.state.name == .failed)
        #expect(try fixture.folder.text(of: "outbox/errors/shot.error.txt").contains("shows each try as failed"))
    }

    @Test func `A generation that belongs to another job is not adopted, and a person is asked once`() async throws {
        let other = try await fixture.generating(fixture.claimedJob("other"))
        let job = try await unconfirmed()
        let theirs = try #require(other.state.generation?.id)
        let row = RequestLogPage.Row(
            clientRequestID: job.state.submission?.clientRequestID.rawValue, inferenceID: theirs, outcome: .succeeded,
            created: nil, charge: Charge())
        fixture.api.onLog { _ in .success(RequestLogPage(rows: [row], hasMore: false)) }
        for _ in 1...3 {
            try await fixture.lookUp()
            fixture.clock.advance(by: .seconds(3600))
        }
        let now = try await fixture.now(job)
        #expect(now.state.name == .unconfirmed)
        #expect(now.reason?.contains("hotreel resolve \(job.id)") == true)
        #expect(fixture.notices.kinds == [.unconfirmed])
    }

    @Test func `The admin is asked once, though the log is not always to be read`() async throws {
        _ = try await unconfirmed()
        for round in 1...200 {
            fixture.api.onLog { _ in
                round.isMultiple(of: 3) ? .failure(.unreachable) : .success(RequestLogPage(rows: [], hasMore: false))
            }
            try await fixture.lookUp()
            fixture.clock.advance(by: .seconds(3700))
        }
        #expect(fixture.notices.kinds.count { $0 == .unconfirmed } == 1)
    }

    @Test func `What is to be sent again in the end waits for its time and its looks, and only looks count`()
        async throws
    {
        let fixture = try PipelineFixture { $0.resubmitUnconfirmed = true }
        let job = try await fixture.after(
            .submissionUnconfirmed(reason: "time-out", nextLookup: fixture.clock.date),
            on: fixture.submitting(fixture.claimedJob()))
        fixture.api.onLog { _ in .failure(.unreachable) }
        for _ in 1...100 {
            try await fixture.lookUp()
            fixture.clock.advance(by: .seconds(3700))
        }
        fixture.api.onLog { _ in .success(RequestLogPage(rows: [], hasMore: false)) }
        for _ in 1...72 {
            try await fixture.lookUp()
            #expect(try await fixture.state(job) == .unconfirmed)
            fixture.clock.advance(by: .seconds(3700))
        }
        try await fixture.lookUp()
        #expect(try await fixture.state(job) == .queued)
    }

    @Test func `A POST that was sent by a clock ahead of time is looked for, and a person is asked`() async throws {
        let future = fixture.clock.date + 10 * 365 * 86_400
        let job = try await fixture.claimedJob()
        let submitting = try await fixture.store.record(
            .submissionStarted(job.nextClientRequestID), on: job, at: future)
        try await fixture.after(
            .submissionUnconfirmed(reason: "time-out", nextLookup: fixture.clock.date), on: submitting)
        for _ in 1...30 {
            try await fixture.lookUp()
            fixture.clock.advance(by: .seconds(3700))
        }
        #expect(fixture.api.logOffsets.count == 30)
        #expect(fixture.notices.kinds == [.unconfirmed])
    }

    @Test func `A log that cannot be read puts the look off, as long as the API wishes`() async throws {
        let job = try await unconfirmed()
        fixture.api.onLog { _ in .failure(.unreachable) }
        try await fixture.lookUp()
        let now = try await fixture.now(job)
        #expect(now.state.name == .unconfirmed)
        #expect(now.due == fixture.clock.date + 90)
        #expect(now.reason == "the API's log cannot be read: The API cannot be reached.")
    }
}

extension String {
    fileprivate var generation: GenerationID { GenerationID(rawValue: self) }
}
