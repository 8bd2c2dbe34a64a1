import Folders
import Foundation
import Jobs
import TestKit
import Testing
import VideoAPI

@testable import Pipeline

@Suite("Healing at start", .timeLimit(.minutes(1)))
struct StartUpTests {
    private let fixture: PipelineFixture
    init() throws { fixture = try PipelineFixture() }

    @Test func `A row whose files were not yet taken gets them`() async throws {
        let drop = try fixture.drop(in: "portraits")
        let job = fixture.jobs(of: drop)[0]
        try fixture.context.claims.prepare(drop.id)
        try await fixture.store.insert([job], leasedUntil: fixture.clock.date + 3600)
        try await fixture.start()
        #expect(fixture.inbox == ["shot.json", "shot.png"].map { ".hotreel/\(drop.id)/sources/\($0)" })
        try await fixture.submit()
        #expect(try await fixture.state(job) == .generating)
    }

    @Test func `A claim cut off between two files is completed`() async throws {
        let drop = try fixture.drop()
        let job = fixture.jobs(of: drop)[0]
        try fixture.context.claims.prepare(drop.id)
        try await fixture.store.insert([job])
        _ = try fixture.context.claims.take(drop.sources[0], of: drop)
        try await fixture.start()
        #expect(fixture.inbox.count == 2)
        #expect(fixture.inbox.allSatisfy { $0.hasPrefix(".hotreel/\(drop.id)/sources/") })
        #expect(try await fixture.state(job) == .queued)
    }

    @Test func `A row whose file was changed before it was taken ends unspent, the other file put back`() async throws {
        let drop = try fixture.drop()
        let jobs = fixture.jobs(of: drop, variations: 2)
        try fixture.context.claims.prepare(drop.id)
        try await fixture.store.insert(jobs)
        _ = try fixture.context.claims.take(drop.sources[0], of: drop)
        try fixture.folder.write("another sidecar, of another length", to: "inbox/shot.json")
        try await fixture.start()
        for job in jobs { #expect(try await fixture.state(job) == .cancelled) }
        #expect(fixture.inbox == ["shot.json", "shot.png"])
        #expect(fixture.outbox.isEmpty)
        #expect(try await fixture.isSettled(drop))
    }

    @Test func `What cannot be put back, because it was dropped anew, is not destroyed`() async throws {
        let drop = try fixture.drop()
        try fixture.context.claims.prepare(drop.id)
        try await fixture.store.insert(fixture.jobs(of: drop))
        _ = try fixture.context.claims.take(drop.sources[0], of: drop)
        try fixture.folder.write("a new picture", to: "inbox/shot.png")
        try fixture.folder.write("another sidecar, of another length", to: "inbox/shot.json")
        try await fixture.start()
        #expect(fixture.inbox == ["shot.json", "shot.png"])
        #expect(try fixture.folder.text(of: "inbox/shot.png") == "a new picture")
        #expect(fixture.outbox == ["errors/shot.error.json", "errors/shot.error.txt", "errors/shot.png"])
        #expect(try fixture.folder.text(of: "outbox/errors/shot.png") == "picture of shot")
    }

    @Test func `A claim folder without a row is removed`() async throws {
        try fixture.context.claims.prepare(DropID(rawValue: "abandoned"))
        try fixture.folder.write("fitted", to: "inbox/.hotreel/abandoned/fitted/1")
        try await fixture.start()
        #expect(!fixture.folder.exists("inbox/.hotreel/abandoned"))
        #expect(fixture.outbox.isEmpty)
    }

    @Test func `Sources the ledger does not know are given back with a report, and not sent`() async throws {
        for name in ["shot.png", "shot.json", "masks/still.png"] {
            try fixture.folder.write("content of \(name)", to: "inbox/.hotreel/lost/sources/\(name)")
        }
        try await fixture.start()
        #expect(
            fixture.outbox == [
                "errors/masks/still.png", "errors/shot.error.json", "errors/shot.error.txt", "errors/shot.json",
                "errors/shot.png",
            ])
        #expect(fixture.inbox.isEmpty)
        #expect(try fixture.folder.text(of: "outbox/errors/shot.png") == "content of shot.png")
        let text = try fixture.folder.text(of: "outbox/errors/shot.error.txt")
        #expect(text.contains("nobody can tell whether this was already paid for"))
        #expect(!text.contains("Nothing was sent"), "nobody knows that")
        try await fixture.submit()
        #expect(fixture.api.submissions.isEmpty)
    }

    @Test func `An ended drop whose files were not given back is finished`() async throws {
        let job = try await fixture.submitting(fixture.claimedJob())
        try await fixture.after(.submissionRefused(.sample(.submit)), on: job)
        try await fixture.start()
        #expect(
            fixture.outbox == [
                "errors/shot.error.json", "errors/shot.error.txt", "errors/shot.json", "errors/shot.png",
            ])
        #expect(fixture.inbox.isEmpty)
        #expect(try await fixture.isSettled(job.drop))
    }

    @Test func `A request under way at the crash is unconfirmed, looked up at once and never queued`() async throws {
        let job = try await fixture.submitting(fixture.claimedJob())
        try await fixture.start()
        let now = try await fixture.now(job)
        #expect(now.state.name == .unconfirmed)
        #expect(now.state.submission == job.state.submission)
        #expect(now.due == fixture.clock.date)
        try await fixture.submit()
        #expect(fixture.api.submissions.isEmpty)
    }

    @Test func `An intent without the mark that it goes out was never sent, one with it may have been`() async throws {
        let (unsent, sent) = (try await fixture.claimedJob("unsent"), try await fixture.claimedJob("sent"))
        for job in [unsent, sent] {
            try await fixture.after(.submissionStarted(job.nextClientRequestID, expected: 600_000), on: job)
        }
        try fixture.context.claims.markSending(sent.nextClientRequestID, of: sent.drop.id)
        try await fixture.start()
        #expect(try await fixture.now(sent).state.name == .unconfirmed)
        #expect(try await fixture.now(unsent).state.name == .queued)
        #expect(try await fixture.now(unsent).attempts == 0)
        try await fixture.submit()
        #expect(fixture.api.submissions.count == 1)
        #expect(try await fixture.now(unsent).state.name == .generating)
    }

    @Test func `A request that went out is not sent again though the ledger has forgotten it`() async throws {
        let job = try await fixture.claimedJob()
        try fixture.context.claims.markSending(job.nextClientRequestID, of: job.drop.id)
        try await fixture.start()
        try await fixture.submit()
        let now = try await fixture.now(job)
        #expect(now.state.name == .unconfirmed)
        #expect(now.state.submission?.clientRequestID == job.nextClientRequestID)
        #expect(fixture.api.submissions.isEmpty)
    }

    @Test func `The mark is there while a request is under way, and gone once it was surely not taken`() async throws {
        let job = try await fixture.claimedJob()
        fixture.api.onSubmit { [fixture] submission in
            let isMarked = try? fixture.context.claims.isMarkedSending(submission.clientRequestID, of: job.drop.id)
            return .notTaken(Trouble(kind: .rate, message: isMarked == true ? "marked" : "not marked"))
        }
        try await fixture.submit()
        #expect(try await fixture.now(job).reason == "marked")
        #expect(fixture.inbox.filter { $0.contains("/sending/") }.isEmpty)
    }

    @Test func `Jobs under way and their files are left as they are`() async throws {
        let jobs = [
            try await fixture.claimedJob("a"), try await fixture.generating(fixture.claimedJob("b")),
            try await fixture.generated(fixture.claimedJob("c")),
        ]
        let files = fixture.inbox
        try await fixture.start()
        #expect(fixture.inbox == files)
        for job in jobs { #expect(try await fixture.now(job) == job) }
    }

    @Test func `Leases of the process before are over`() async throws {
        let job = try await fixture.generating(fixture.claimedJob())
        _ = try await fixture.store.claimDue(
            .generating, now: fixture.clock.date, leaseEnd: fixture.clock.date + 3600, limit: 1)
        try await fixture.start()
        try await fixture.poll()
        #expect(fixture.api.polls == 1)
        #expect(try await fixture.state(job) == .generating)
    }

    @Test func `A drop that cannot be healed keeps no other waiting`() async throws {
        let bad = try await fixture.claimedJob("bad")
        // Where its claim folder was lies a file.
        try FileSystem.removeTree(fixture.context.claims.folder(of: bad.drop.id))
        try fixture.folder.write("", to: fixture.context.claims.folder(of: bad.drop.id).path)
        let good = fixture.jobs(of: try fixture.drop("good"))[0]
        try fixture.context.claims.prepare(good.drop.id)
        try await fixture.store.insert([good])
        try await fixture.start()
        #expect(fixture.folder.exists("inbox/.hotreel/\(good.drop.id)/sources/good.png"))
    }

    @Test func `A copy cut off after its sources were placed is not taken for a claim that never was`() async throws {
        let original = try await fixture.generated(fixture.claimedJob("original", fingerprint: "x"))
        try await fixture.deliver()
        let job = try await fixture.after(
            .reuseFound(original.id), on: fixture.claimedJob("copy", fingerprint: "x"))
        try await fixture.reuse()
        let delivered = try await fixture.now(job)
        #expect(delivered.state.name == .delivered)
        // The same again, as far as everything but the last two words in the ledger.
        let second = try await fixture.after(
            .reuseFound(original.id), on: fixture.claimedJob("second", fingerprint: "x"))
        let troubled = TroubledStore(fixture.store)
        troubled.set(.dying(writes: 1, after: false))
        let dying = fixture.restarted(over: troubled)
        try? await Reuser(context: dying).loop.step(second)
        #expect(try await fixture.state(second) == .reusing)
        #expect(fixture.folder.exists("outbox/originals/second.png"))
        try await fixture.start()
        try await fixture.reuse()
        #expect(try await fixture.state(second) == .delivered)
        #expect(fixture.folder.files(in: "outbox/videos").count == 6)
    }

    @Test func `Starting twice changes nothing more`() async throws {
        let job = try await fixture.submitting(fixture.claimedJob())
        try await fixture.after(.submissionRefused(.sample(.submit)), on: job)
        try await fixture.start()
        let files = fixture.folder.files(in: "outbox")
        try await fixture.start()
        #expect(fixture.outbox == files)
    }
}
