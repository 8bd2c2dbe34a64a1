import Folders
import Foundation
import Jobs
import TestKit
import Testing

@testable import Pipeline

@Suite("Resends", .timeLimit(.minutes(1)))
struct ResendTests {
    private let meddler = Meddler()
    private let fixture: PipelineFixture

    init() throws { fixture = try PipelineFixture(trace: { [meddler] in meddler.hear($0) }) }

    private static let sidecar: JSONValue = ["prompt": "push in"]

    private func drop(_ sidecar: JSONValue = Self.sidecar, size: String = "640x360") async throws {
        try fixture.folder.write(try await TestPictures.make(.png, size: size), to: "inbox/shot.png")
        try fixture.folder.write(sidecar.text, to: "inbox/shot.json")
    }

    private func claim(as context: Context? = nil) async throws -> [Job] {
        fixture.clock.advance(by: .seconds(1))
        guard case .claimed(let jobs) = try await Decision(fixture).act(context ?? fixture.context) else { return [] }
        return jobs
    }

    private func first() async throws -> Job {
        try await drop()
        return try #require(try await claim().first)
    }

    private func allJobs() async throws -> [Job] { try await fixture.store.jobs(JobQuery()) }

    /// What lies in the inbox for one drop.
    private func sources(of job: Job) -> [String] {
        ["shot.json", "shot.png"].map { ".hotreel/\(job.drop.id)/sources/\($0)" }
    }

    @Test func `The same drop while the first is under way makes no job and leaves no file, however late it comes`()
        async throws
    {
        let job = try await first()
        for wait in [Duration.seconds(1), .seconds(3600)] {
            fixture.clock.advance(by: wait)
            try await drop()
            #expect(try await claim().map(\.id) == [job.id])
            #expect(try await allJobs().map(\.id) == [job.id])
            #expect(fixture.inbox == sources(of: job) && fixture.outbox.isEmpty)
        }
    }

    @Test func `Another process knows it too`() async throws {
        let job = try await first()
        try await drop()
        #expect(try await claim(as: fixture.restarted()).map(\.id) == [job.id])
        #expect(fixture.inbox == sources(of: job))
    }

    @Test(
        arguments: [
            ["prompt": "push out"], ["prompt": "push in", "hotreel": ["again": true]],
            ["prompt": "push in", "hotreel": ["variations": 2]],
        ] as [JSONValue])
    func `Another sidecar is another drop`(sidecar: JSONValue) async throws {
        let job = try await first()
        try await drop(sidecar)
        let jobs = try await claim()
        #expect(!jobs.isEmpty && !jobs.contains { $0.id == job.id })
    }

    @Test func `Another picture is another drop`() async throws {
        let job = try await first()
        try await drop(size: "642x360")
        #expect(try await claim().first?.id != job.id)
    }

    @Test func `What is dropped again after an error or after a person gave it up is never a resend`() async throws {
        let failed = try await first()
        try await fixture.after(
            .submissionRefused(Failure(stage: .submit, message: "no")), on: fixture.submitting(failed))
        let second = try await first()
        #expect(second.id != failed.id)
        try await fixture.after(.cancelled, on: second)
        #expect(try await first().id != second.id)
    }

    @Test func `Of a remote picture, too, the second is put away, and the receipt says so when it comes`() async throws
    {
        let remote: JSONValue = ["prompt": "push in", "image_url": "https://pictures.example/shot.png"]
        try fixture.folder.write(remote.text, to: "inbox/shot.json")
        let job = try #require(try await claim().first)
        try fixture.folder.write(remote.text, to: "inbox/shot.json")
        #expect(try await claim().map(\.id) == [job.id])
        _ = try await fixture.generated(job)
        try await fixture.deliver()
        func warnings() throws -> Int {
            let all = try fixture.json("outbox/videos/shot.receipt.json")["warnings"]?.arrayValue ?? []
            return all.count { $0.stringValue?.contains("dropped once more") == true }
        }
        func resends() throws -> Int {
            try fixture.json("outbox/videos/shot.receipt.json")["resends"]?.arrayValue?.count ?? 0
        }
        #expect(try warnings() == 1)
        #expect(try resends() == 1)
        // And again when it has been delivered, as long as the video is there.
        try fixture.folder.write(remote.text, to: "inbox/shot.json")
        #expect(try await claim().map(\.id) == [job.id])
        #expect(try warnings() == 1)
        #expect(try resends() == 2)
        #expect(
            fixture.outbox == ["originals/shot.json", "videos/shot.mp4", "videos/shot.receipt.json"]
                || fixture.outbox.contains("originals/shot (2).json"))
        fixture.folder.remove("outbox/videos/shot.mp4")
        try fixture.folder.write(remote.text, to: "inbox/shot.json")
        #expect(try await claim().first?.id != job.id)
    }

    @Test func `Files that are nowhere else are kept`() async throws {
        let job = try await first()
        fixture.folder.remove("inbox/.hotreel/\(job.drop.id)/sources/shot.png")
        try await drop()
        #expect(try await claim().map(\.id) == [job.id])
        #expect(fixture.outbox == ["originals/shot.json", "originals/shot.png"])
    }

    @Test func `A file that is replaced at the last moment stays a drop of its own`() async throws {
        let job = try await first()
        try await drop()
        let decision = try Decision(fixture)
        meddler.before("fingerprint") { [folder = fixture.folder] in
            _ = try? folder.write("something else", to: "inbox/shot.json")
        }
        guard case .changed(let path) = try await decision.act(fixture) else {
            Issue.record("put away")
            return
        }
        #expect(path.name == "shot.json")
        #expect(fixture.inbox == (sources(of: job) + ["shot.json", "shot.png"]).sorted())
        #expect(try fixture.folder.text(of: "inbox/shot.json") == "something else")
        #expect(fixture.outbox.isEmpty)
    }

    @Test func `What a crash leaves of a resend is gone after the next start, and nothing is given back`() async throws
    {
        let job = try await first()
        try fixture.folder.write("a copy", to: "inbox/.hotreel/01crashed/.discarded/shot.png")
        try await fixture.start()
        #expect(fixture.inbox == sources(of: job) && fixture.outbox.isEmpty)
    }

    /// Delivers `shot`, and claims the same once more.
    private func claimedAfterDelivery(wait: Duration = .seconds(1), in place: FileName = "") async throws -> Job {
        _ = try await fixture.generated(fixture.claimedJob(fingerprint: "same"))
        try await fixture.deliver()
        fixture.clock.advance(by: wait)
        return try await fixture.claimedJob(in: place, fingerprint: "same")
    }

    @Test func `After the delivery the same costs nothing, though duplicates are generated`() async throws {
        let again = try await claimedAfterDelivery()
        try await fixture.submit()
        #expect(try await fixture.state(again) == .reusing)
        #expect(fixture.api.submissions.isEmpty)
    }

    @Test func `Once its time is over it is paid for, as duplicates: generate says`() async throws {
        let again = try await claimedAfterDelivery(wait: .seconds(601))
        try await fixture.submit()
        #expect(try await fixture.state(again) == .generating)
    }

    @Test func `In another folder it is paid for`() async throws {
        let again = try await claimedAfterDelivery(in: "elsewhere")
        try await fixture.submit()
        #expect(try await fixture.state(again) == .generating)
    }

    @Test func `Who has deleted the video gets a new one`() async throws {
        let again = try await claimedAfterDelivery()
        fixture.folder.remove("outbox/videos/shot.mp4")
        try await fixture.submit()
        #expect(try await fixture.state(again) == .generating)
    }
}
