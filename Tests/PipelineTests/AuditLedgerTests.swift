import Foundation
import Jobs
import TestKit
import Testing

@testable import Pipeline

@Suite("An audit of the ledger")
struct AuditLedgerTests {
    /// A job and its history, as a store would have both.
    private struct Life {
        var job: Job
        var history: [HistoryEntry]

        init(_ job: Job) {
            self.job = job
            history = [.first(of: job)]
        }

        mutating func live(_ event: JobEvent) throws(IllegalTransition) {
            job = try job.applying(event, at: .sample)
            history.append(
                HistoryEntry(at: .sample, event: event.name.rawValue, state: job.state.name, detail: event.detail))
        }

        var kinds: [AuditFinding.Kind] { LedgerRules.findings(job, history).map(\.kind) }
    }

    private static func delivered() throws -> Life {
        var life = Life(.sample())
        try life.live(.submissionStarted(life.job.nextClientRequestID))
        for name in [JobEvent.Name.accepted, .polled, .completed, .downloaded, .delivered] {
            try life.live(.sample(name))
        }
        return life
    }

    @Test(arguments: 1...40)
    func `Whatever life the rules allow replays to where it led`(seed: UInt64) throws {
        var life = Life(seed % 10 == 0 ? .sampleRejection(Int(seed)) : .sample(.queued, Int(seed)))
        var chance = seed &* 6_364_136_223_846_793_005
        for _ in 1...300 {
            chance = chance &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let name = JobEvent.Name.allCases[Int(chance >> 33) % JobEvent.Name.allCases.count]
            if name == .cancelled, life.history.count < 20 { continue }
            let event: JobEvent =
                name == .submissionStarted ? .submissionStarted(life.job.nextClientRequestID) : .sample(name, Int(seed))
            try? life.live(event)
            #expect(life.kinds.isEmpty, "\(LedgerRules.findings(life.job, life.history))")
        }
        #expect(seed % 10 == 0 || life.history.count > 2)
    }

    @Test func `A line missing from the history is named`() throws {
        for missing in 1..<7 {
            var life = try Self.delivered()
            life.history.remove(at: missing - 1)
            #expect(Set(life.kinds) == [.historyBroken])
        }
    }

    @Test func `A step that cannot happen, is unknown or leads elsewhere is named`() throws {
        let delivered = try Self.delivered()
        for entry in [
            HistoryEntry(at: .sample, event: "retried", state: .generating),
            HistoryEntry(at: .sample, event: "teleported", state: .generating),
            HistoryEntry(at: .sample, event: "polled", state: .generated),
            HistoryEntry(at: .sample, event: "accepted", state: .generating),
        ] {
            var life = delivered
            life.history[3] = entry
            #expect(life.kinds == [.historyBroken])
        }
    }

    @Test func `A job that stands elsewhere than its history leads is named`() throws {
        let life = try Self.delivered()
        func findings(_ state: JobState, attempts: Int = 1) -> [AuditFinding] {
            let job = Job(
                id: life.job.id, drop: life.job.drop, request: life.job.request, wishedName: life.job.wishedName,
                priority: 5, created: .sample, state: state, version: life.job.version, attempts: attempts,
                due: .sample, reason: nil, updated: .sample)
            return LedgerRules.findings(job, life.history)
        }
        #expect(findings(life.job.state).isEmpty)
        #expect(findings(life.job.state, attempts: 2).map(\.kind) == [.historyBroken])
        #expect(findings(.cancelled).contains { $0.message.contains("its state is cancelled") })
        let generation = try #require(life.job.state.generation)
        let other = Generation(
            id: .sample(2), submission: generation.submission, accepted: .sample, status: "completed",
            completed: .sample)
        #expect(findings(.delivered(.generation(other), .sample())).map(\.kind) == [.historyBroken])
        let blank = DeliveredVideo(
            name: DeliveredVideo.sample().name, sha256: "", bytes: 0,
            facts: VideoFacts(duration: 0, width: 0, height: 0))
        #expect(findings(.delivered(.generation(generation), blank)).map(\.kind) == [.videoUnrecorded])
    }

    @Test func `A request id that is another job's, or was used before, is named`() throws {
        var foreign = Life(.sample())
        try foreign.live(.submissionStarted(.attempt(1, of: .sample(2))))
        #expect(foreign.kinds == [.requestIDReused])
        var twice = Life(.sample())
        for _ in 1...2 {
            try twice.live(.submissionStarted(.attempt(1, of: .sample(1))))
            try twice.live(.sample(.submissionDeferred))
        }
        #expect(twice.kinds == [.requestIDReused])
    }

    @Test func `A generation counted for two jobs is named`() throws {
        let life = try Self.delivered()
        var known = KnownGenerations()
        #expect(known.findings(life.job, life.history).isEmpty)
        #expect(known.findings(life.job, life.history).isEmpty)
        let twin = Job.sample(.queued, 2)
        #expect(known.findings(twin, life.history).map(\.kind) == [.generationShared])
    }

    @Test func `Sums that are not those of the jobs are named`() throws {
        var sums = LedgerSums()
        sums.add(try Self.delivered().job)
        let right = FolderSpend(folder: "portraits", charged: 630_000, videos: 1, expected: 0, underWay: 0)
        #expect(sums.findings(counts: [.delivered: 1], spending: [right]).isEmpty)
        #expect(sums.findings(counts: [.delivered: 2], spending: [right]).map(\.kind) == [.sumsWrong])
        let wrong = FolderSpend(folder: "portraits", charged: 1, videos: 1, expected: 0, underWay: 0)
        #expect(sums.findings(counts: [.delivered: 1], spending: [wrong]).map(\.kind) == [.sumsWrong])
        #expect(sums.findings(counts: [.delivered: 1], spending: []).count == 1)
    }

    @Test(.timeLimit(.minutes(1)))
    func `A reused video whose original has none is named`() async throws {
        let fixture = try PipelineFixture()
        let original = try await fixture.claimedJob("original")
        let job = try await fixture.after(.reuseFound(original.id), on: fixture.claimedJob())
        var video = DeliveredVideo.sample()
        video = DeliveredVideo(name: "shot", sha256: video.sha256, bytes: video.bytes, facts: video.facts)
        try await fixture.after(.downloaded(video), .delivered(video), on: job)
        let report = try await fixture.audit()
        #expect(report.kinds == [.reuseBroken] && report.exceptions.first?.job == job.id, "\(report.lines)")
    }
}
