import Folders
import Foundation
import Jobs
import TestKit
import Testing
import VideoAPI

@testable import Pipeline

@Suite("An audit", .timeLimit(.minutes(1)))
struct AuditTests {
    private let fixture: PipelineFixture
    init() throws { fixture = try PipelineFixture() }

    private func remove(_ name: String) throws { try FileSystem.remove(fixture.folder[name]) }

    // MARK: Clean

    @Test func `Lives of every kind, each by the rules, are accounted for`() async throws {
        let delivered = try await fixture.delivered("delivered", in: "portraits")
        _ = try await fixture.refused("refused")
        let cancelled = try await fixture.after(.cancelled, on: fixture.claimedJob("cancelled"))
        await Endings(context: fixture.context).settle(cancelled)
        _ = try await fixture.after(
            .held(Hold(reason: .budget, words: "no more today")), on: fixture.claimedJob("held"))
        for job in try await fixture.claimed("several", variations: 3) { _ = try await fixture.generated(job) }
        try await fixture.deliver()
        try await fixture.after(.reuseFound(delivered.id), on: fixture.claimedJob("reused"))
        try await fixture.run(Reuser(context: fixture.context).loop)
        let again = try await fixture.generated(fixture.claimedJob("again"))
        await Endings(context: fixture.context).settle(
            try await fixture.after(.deliveryFailed(.sample(.delivery)), on: again))
        try await fixture.after(.retried, on: fixture.now(again))
        try await fixture.deliver()
        _ = try await fixture.generating(fixture.claimedJob("under way"))
        _ = try await fixture.claimedJob("waiting")
        try await fixture.after(
            .submissionDeferred(reason: "busy", until: fixture.clock.date),
            on: fixture.submitting(fixture.claimedJob("deferred")))

        let report = try await fixture.audit()
        #expect(report.exceptions.isEmpty, "\(report.lines)")
        #expect(report.notes.isEmpty, "\(report.lines)")
        #expect(report.jobs == 12)
        #expect(report.videos == 6, "the delivered, the reused, the retried and three variations")
        #expect(
            report.lines == [
                "12 jobs, \(report.files) files, 6 videos, 0 requests in the API's log looked at; everything is accounted for"
            ])
        #expect(report.files == fixture.outbox.count + fixture.inbox.count)
    }

    @Test func `Without a log to look at it says so`() async throws {
        _ = try await fixture.delivered()
        let report = try await fixture.audit(log: .skip("nobody asked."))
        #expect(report.exceptions.isEmpty)
        #expect(report.lines.first == "note: the API's log was not looked at: nobody asked.")
        #expect(report.json["log_rows"] == .null && report.json["log_unread"] == "nobody asked.")
        #expect(fixture.api.logOffsets.isEmpty)
    }

    @Test func `More jobs than are read at once are all looked at`() async throws {
        let jobs = (1...Auditor.page + 1).map { Job.sampleRejection($0) }
        try await fixture.store.insert(jobs)
        for job in jobs { try await fixture.store.markSettled(job.drop.id) }
        let report = try await fixture.audit()
        #expect(report.jobs == jobs.count)
        #expect(report.exceptions.isEmpty && report.notes.isEmpty)
    }

    @Test func `Where the folders are not there it says nothing about the files`() async throws {
        _ = try await fixture.claimedJob()
        try FileSystem.removeTree(fixture.folder["inbox"])
        let error = await #expect(throws: FileError.self) { _ = try await fixture.audit() }
        #expect(error?.code == .noSuchFileOrDirectory)
    }

    // MARK: In keeping

    @Test func `A file in keeping that is gone is named`() async throws {
        let job = try await fixture.generating(fixture.claimedJob())
        let file = "inbox/.hotreel/\(job.drop.id)/sources/shot.png"
        try remove(file)
        let report = try await fixture.audit()
        #expect(report.kinds == [.sourceMissing])
        #expect(report.exceptions.first?.file == file && report.exceptions.first?.job == job.id)
        #expect(report.lines.contains { $0.hasPrefix("✗ source_missing: \(file), job \(job.id): ") })
        #expect(report.json["exceptions"]?.arrayValue?.first?["kind"] == "source_missing")
        #expect(report.lines.last?.hasSuffix("looked at; 1 exception") == true)
    }

    @Test func `A file in keeping with another content is named, unless only lengths are looked at`() async throws {
        let job = try await fixture.claimedJob()
        let file = "inbox/.hotreel/\(job.drop.id)/sources/shot.json"
        try fixture.folder.write("sidecar of shoT", to: file)
        let report = try await fixture.audit()
        #expect(report.kinds == [.sourceChanged] && report.exceptions.first?.file == file)
        #expect(try await fixture.audit(isQuick: true).exceptions.isEmpty)
        try fixture.folder.write("longer than it was", to: file)
        #expect(try await fixture.audit(isQuick: true).kinds == [.sourceChanged])
    }

    @Test func `One file at two places is named`() async throws {
        let job = try await fixture.claimedJob()
        try FileManager.default.linkItem(
            atPath: fixture.folder["inbox/.hotreel/\(job.drop.id)/sources/shot.png"].string,
            toPath: fixture.folder["inbox/shot.png"].string)
        #expect(try await fixture.audit().kinds == [.sourceTwice])
    }

    @Test func `A drop that is being claimed is no exception`() async throws {
        let drop = try fixture.drop()
        try fixture.context.claims.prepare(drop.id)
        try await fixture.store.insert(fixture.jobs(of: drop))
        let report = try await fixture.audit()
        #expect(report.exceptions.isEmpty)
        #expect(report.notes.map(\.kind) == [.claimUnfinished, .claimUnfinished])
    }

    @Test func `The folder of a drop that is over and done is named, with what lies in it`() async throws {
        let job = try await fixture.refused()
        try fixture.folder.write("stray", to: "inbox/.hotreel/\(job.drop.id)/sources/stray.png")
        let report = try await fixture.audit()
        #expect(report.kinds == [.claimLeft])
        #expect(report.exceptions.first?.message.contains("stray.png") == true)
    }

    @Test func `Files in keeping of which no job is known are named; an empty folder is noted`() async throws {
        try fixture.folder.write("lost", to: "inbox/.hotreel/lost/sources/shot.png")
        try fixture.context.claims.prepare(DropID(rawValue: "empty"))
        let report = try await fixture.audit()
        #expect(report.kinds == [.claimUnknown])
        #expect(report.exceptions.first?.file == "inbox/.hotreel/lost")
        #expect(report.notes.map(\.kind) == [.claimEmpty])
    }

    @Test func `A crash between putting the sources away and noting the delivery loses nothing`() async throws {
        let job = try await fixture.generated(fixture.claimedJob())
        let bytes = try await SmallVideo.bytes
        let video = DeliveredVideo(
            name: "shot", sha256: FileSystem.hash(of: bytes), bytes: bytes.count,
            facts: VideoFacts(duration: 1, width: 320, height: 180))
        try await fixture.after(.downloaded(video), on: job)
        try fixture.folder.write(bytes, to: "outbox/videos/shot.mp4")
        let claim = "inbox/.hotreel/\(job.drop.id)"
        for file in ["shot.png", "shot.json"] {
            _ = try FileSystem.rename(
                fixture.folder["\(claim)/sources/\(file)"], to: fixture.folder["outbox/originals/\(file)"])
        }
        try FileSystem.removeTree(fixture.folder[claim])
        let report = try await fixture.audit()
        #expect(report.exceptions.isEmpty, "\(report.lines)")
        #expect(Set(report.notes.map(\.kind)) == [.deliveryUnfinished])
        try remove("outbox/videos/shot.mp4")
        #expect(try await fixture.audit().kinds == [.sourceMissing, .sourceMissing])
    }

    @Test func `A reuse cut short when its sources were put away is delivered at the next start, and not cancelled`()
        async throws
    {
        let original = try await fixture.delivered("original")
        guard case .delivered(_, let made) = original.state else { return #expect(Bool(false), "\(original.state)") }
        let video = DeliveredVideo(name: "shot", sha256: made.sha256, bytes: made.bytes, facts: made.facts)
        let job = try await fixture.after(.reuseFound(original.id), .downloaded(video), on: fixture.claimedJob())
        try fixture.folder.write(try await SmallVideo.bytes, to: "outbox/videos/shot.mp4")
        try fixture.context.outbox.receive(job.drop, from: fixture.context.claims, in: .originals, number: 1)
        try fixture.context.claims.remove(job.drop.id)
        #expect(Set(try await fixture.audit().notes.map(\.kind)) == [.deliveryUnfinished])
        try await fixture.start()
        try await fixture.run(Reuser(context: fixture.context).loop)
        #expect(try await fixture.state(job) == .delivered)
        let report = try await fixture.audit()
        #expect(report.exceptions.isEmpty && report.notes.isEmpty && report.videos == 2, "\(report.lines)")
    }

    // MARK: Beside a running service

    @Test func `What has come to rest at the second look is not told`() async throws {
        let job = try await fixture.after(
            .submissionRefused(.sample(.submit)), on: fixture.submitting(fixture.claimedJob()))
        let moving = try await fixture.claimedJob("moving")
        let file = fixture.folder["inbox/.hotreel/\(moving.drop.id)/sources/moving.png"]
        let aside = fixture.folder["state/aside"]
        _ = try FileSystem.rename(file, to: aside)
        let report = try await fixture.audit(meanwhile: { [fixture] in
            await Endings(context: fixture.context).settle(job)
            _ = try FileSystem.rename(aside, to: file)
        })
        #expect(report.exceptions.isEmpty && report.notes.isEmpty, "\(report.lines)")
    }

    @Test func `What is in motion is looked at until it stands still`() async throws {
        let job = try await fixture.generating(fixture.claimedJob())
        try remove("inbox/.hotreel/\(job.drop.id)/sources/shot.png")
        let report = try await fixture.audit(meanwhile: { [fixture] in
            _ = try await fixture.after(
                .polled(status: "generating", reason: nil, nextPoll: fixture.clock.date), on: fixture.now(job))
        })
        #expect(report.kinds == [.sourceMissing], "told once, however often it was looked at")
    }
}
