import Folders
import Foundation
import Jobs
import TestKit
import Testing

@testable import Pipeline

/// Crashes in the middle of undoing or ending, after which files lie in the inbox that are nobody's business.
@Suite("Start after a claim that was undone or ended", .timeLimit(.minutes(1)))
struct UndoneClaimTests {
    private let fixture: PipelineFixture

    init() throws { fixture = try PipelineFixture() }

    @Test func `Files that were put back stay in the inbox, though the rows were not yet noted as settled`()
        async throws
    {
        let drop = try fixture.drop()
        let job = fixture.jobs(of: drop)[0]
        try fixture.context.claims.prepare(drop.id)
        try await fixture.store.insert([job])
        try await fixture.after(.cancelled, on: job)
        try await fixture.start()
        #expect(fixture.inbox == ["shot.json", "shot.png"])
        #expect(fixture.outbox.isEmpty)
        #expect(try await fixture.isSettled(drop))
    }

    @Test func `A mask that stayed for others is not copied again for a drop that has ended`() async throws {
        let pair = try fixture.drop()
        let mask = try fixture.folder.write("mask", to: "inbox/still.png")
        let source = Source(
            role: .mask, file: "still.png", identity: try #require(try FileSystem.status(of: mask)).identity,
            sha256: try FileSystem.hash(mask).sha256, claim: .copy)
        let drop = Drop(id: pair.id, folder: "", sources: pair.sources + [source])
        let job = fixture.jobs(of: drop)[0]
        try fixture.context.claims.prepare(drop.id)
        try await fixture.store.insert([job])
        for source in drop.sources { _ = try fixture.context.claims.take(source, of: drop) }
        let submitting = try await fixture.submitting(job)
        try await fixture.after(
            .submissionRefused(Failure(stage: .submit, message: "no")), on: submitting)
        // All given back, and then the crash, before the ledger heard of it.
        for part in drop.sources {
            _ = try FileSystem.rename(
                fixture.context.claims.path(of: part, in: drop.id),
                to: fixture.context.outbox.folder(.errors, "").appending(part.file))
        }
        try fixture.context.claims.remove(drop.id)
        try await fixture.start()
        #expect(fixture.outbox == ["errors/shot.json", "errors/shot.png", "errors/still.png"])
        #expect(fixture.inbox == ["still.png"])
        #expect(try await fixture.isSettled(drop))
    }

    @Test func `A drop whose borrowed mask was never copied is undone, not left without it`() async throws {
        let pair = try fixture.drop()
        let mask = try fixture.folder.write("mask", to: "inbox/still.png")
        let source = Source(
            role: .mask, file: "still.png", identity: try #require(try FileSystem.status(of: mask)).identity,
            sha256: "", claim: .copy)
        let drop = Drop(id: pair.id, folder: "", sources: pair.sources + [source])
        let job = fixture.jobs(of: drop)[0]
        try fixture.context.claims.prepare(drop.id)
        try await fixture.store.insert([job])
        for source in pair.sources { _ = try fixture.context.claims.take(source, of: drop) }
        // The other drop has taken it along.
        try FileSystem.remove(mask)
        try await fixture.start()
        #expect(try await fixture.state(job) == .cancelled)
        #expect(fixture.inbox == ["shot.json", "shot.png"])
        #expect(fixture.outbox.isEmpty)
    }

    @Test func `An undone claim destroys nothing, gives back copies to nobody and leaves no folder`() async throws {
        let pair = try fixture.drop()
        let mask = try fixture.folder.write("mask", to: "inbox/still.png")
        let source = Source(
            role: .mask, file: "still.png", identity: try #require(try FileSystem.status(of: mask)).identity,
            sha256: "", claim: .copy)
        let drop = Drop(id: pair.id, folder: "", sources: pair.sources + [source])
        let jobs = fixture.jobs(of: drop, variations: 2)
        try fixture.context.claims.prepare(drop.id)
        try await fixture.store.insert(jobs)
        for source in drop.sources { _ = try fixture.context.claims.take(source, of: drop) }
        try fixture.folder.write("newer", to: "inbox/shot.png")
        try await Endings(context: fixture.context).abandon(drop)
        #expect(fixture.inbox == ["shot.json", "shot.png", "still.png"])
        #expect(try fixture.folder.text(of: "inbox/shot.png") == "newer")
        #expect(fixture.outbox.filter { !$0.contains(".error.") } == ["errors/shot.png"])
        #expect(try fixture.context.claims.drops().isEmpty)
        for job in jobs { #expect(try await fixture.state(job) == .cancelled) }
        #expect(try await fixture.isSettled(drop))
    }
}
