import Folders
import Jobs
import TestKit
import Testing
import VideoAPI

@testable import Pipeline

@Suite("Ending a drop", .timeLimit(.minutes(1)))
struct EndingsTests {
    private let fixture: PipelineFixture
    init() throws { fixture = try PipelineFixture() }

    /// Three variations; the API makes all but the second.
    private func mixed(deliveredFirst: Bool) async throws -> [Job] {
        let jobs = try await fixture.claimed(variations: 3)
        var delivered: [Job] = []
        for job in [jobs[0], jobs[2]] { delivered.append(try await fixture.generating(job)) }
        let failing = try await fixture.generating(jobs[1])
        let failingID = failing.state.generation?.id
        fixture.api.onPoll { id in
            .success(id == failingID ? .failed(APIMessage(status: nil, text: "no")) : .completed(.link(1)))
        }
        if deliveredFirst {
            for job in delivered { try await Poller(context: fixture.context).loop.step(job) }
            try await fixture.deliver()
            try await Poller(context: fixture.context).loop.step(failing)
        } else {
            try await Poller(context: fixture.context).loop.step(failing)
            #expect(
                fixture.folder.files(in: "outbox/errors") == ["shot_v2.error.json", "shot_v2.error.txt"],
                "the report comes at once, the files when nobody needs them any more")
            for job in delivered { try await Poller(context: fixture.context).loop.step(job) }
            try await fixture.deliver()
        }
        return jobs
    }

    @Test(arguments: [true, false])
    func `Where some variations failed, the sources go both ways and reports say which`(deliveredFirst: Bool)
        async throws
    {
        let jobs = try await mixed(deliveredFirst: deliveredFirst)
        var states: [JobState.Name] = []
        for job in jobs { states.append(try await fixture.state(job)) }
        #expect(states == [.delivered, .failed, .delivered])
        #expect(
            fixture.outbox == [
                "errors/shot.json", "errors/shot.png", "errors/shot_v2.error.json", "errors/shot_v2.error.txt",
                "originals/shot.json", "originals/shot.png",
                "videos/shot_v1.mp4", "videos/shot_v1.receipt.json", "videos/shot_v3.mp4",
                "videos/shot_v3.receipt.json",
            ])
        #expect(try fixture.json("outbox/errors/shot_v2.error.json")["job"] == .string(jobs[1].id.rawValue))
        #expect(fixture.inbox.isEmpty)
        #expect(try await fixture.isSettled(jobs[0].drop))
    }

    @Test func `Nothing is given back while a variation still needs it`() async throws {
        let jobs = try await fixture.claimed(variations: 2)
        let refused = try await fixture.after(
            .submissionRefused(.sample(.submit)), on: fixture.submitting(jobs[0]))
        await Endings(context: fixture.context).settle(refused)
        #expect(fixture.inbox.count == 2)
        #expect(try await !fixture.isSettled(jobs[0].drop))
    }

    @Test func `A job cancelled by another process gets its files back at the next sweep`() async throws {
        let job = try await fixture.claimedJob()
        try await fixture.after(.cancelled, on: job)
        try await sweep()
        #expect(
            fixture.outbox == [
                "errors/shot.error.json", "errors/shot.error.txt", "errors/shot.json", "errors/shot.png",
            ])
        #expect(fixture.inbox.isEmpty)
        #expect(try await fixture.isSettled(job.drop))
    }

    @Test func `What could not be placed is placed by a later sweep`() async throws {
        let job = try await fixture.claimedJob()
        // A file where the folder should be: nothing can be put there.
        try FileSystem.removeTree(fixture.folder["outbox/errors"])
        try fixture.folder.write("in the way", to: "outbox/errors")
        let refused = try await fixture.after(.submissionRefused(.sample(.submit)), on: fixture.submitting(job))
        await Endings(context: fixture.context).settle(refused)
        #expect(fixture.inbox.count == 2, "kept")
        #expect(try await !fixture.isSettled(job.drop))
        try FileSystem.remove(fixture.folder["outbox/errors"])
        try await sweep()
        #expect(
            fixture.outbox == [
                "errors/shot.error.json", "errors/shot.error.txt", "errors/shot.json", "errors/shot.png",
            ])
        #expect(try await fixture.isSettled(job.drop))
    }

    @Test func `A second failure under the same name stands beside the first`() async throws {
        for _ in 1...2 {
            let job = try await fixture.submitting(fixture.claimedJob())
            let refused = try await fixture.after(.submissionRefused(.sample(.submit)), on: job)
            await Endings(context: fixture.context).settle(refused)
        }
        #expect(
            fixture.outbox == [
                "errors/shot (2).error.json", "errors/shot (2).error.txt", "errors/shot (2).json",
                "errors/shot (2).png",
                "errors/shot.error.json", "errors/shot.error.txt", "errors/shot.json", "errors/shot.png",
            ])
    }

    /// One round of the sweep.
    private func sweep() async throws {
        let sweeping = Task { [fixture] in await Endings(context: fixture.context).sweep() }
        await fixture.clock.waitForSleepers()
        sweeping.cancel()
        await sweeping.value
    }
}
