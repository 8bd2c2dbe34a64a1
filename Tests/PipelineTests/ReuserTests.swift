import Folders
import Foundation
import Jobs
import Testing
import VideoAPI

@testable import Pipeline

@Suite("The same video again", .timeLimit(.minutes(1)))
struct ReuserTests {
    private let fixture: PipelineFixture
    init() throws { fixture = try PipelineFixture { $0.duplicates = .reuse } }

    private func asked(_ stem: String, in place: FileName = "", held: Bool = false) async throws -> Job {
        fixture.clock.advance(by: .seconds(1))
        return try await fixture.claimedJob(stem, in: place, held: held, fingerprint: "same")
    }

    private func delivered(_ stem: String = "first") async throws -> Job {
        let job = try await fixture.generated(asked(stem))
        try await fixture.deliver()
        return try await fixture.now(job)
    }

    /// Lets all that waits for another job look.
    private func reuse() async throws {
        fixture.clock.advance(by: .seconds(600))
        try await fixture.reuse()
    }

    @Test func `Of two that are queued together one is paid for, and both get the video`() async throws {
        let first = try await asked("first")
        let second = try await asked("second")
        fixture.api.onPoll { _ in .success(.completed(.link(1))) }
        try await fixture.submit()
        #expect(fixture.api.submissions.count == 1)
        #expect(try await fixture.state(second) == .reusing)
        try await reuse()
        #expect(try await fixture.now(second).reason?.contains("waits for first") == true)
        try await fixture.poll()
        try await fixture.deliver()
        #expect(try await fixture.now(second).due == fixture.clock.date, "it is woken")
        try await fixture.reuse()
        for job in [first, second] { #expect(try await fixture.state(job) == .delivered) }
        let receipt = try fixture.json("outbox/videos/second.receipt.json")
        #expect(receipt["credits"] == 0)
        #expect(receipt["reused"]?["job"] == .string(first.id.rawValue))
        #expect(fixture.outbox.filter { $0.hasSuffix(".mp4") }.count == 2)
        #expect(fixture.inbox.isEmpty)
    }

    @Test func `When the first fails, the one that waited is sent`() async throws {
        _ = try await asked("first")
        let (second, third) = (try await asked("second"), try await asked("third"))
        fixture.api.onPoll { _ in .success(.failed(APIMessage(status: nil, text: "no"))) }
        try await fixture.submit()
        fixture.clock.advance(by: .seconds(20))
        try await fixture.poll()
        try await fixture.reuse()
        try await fixture.submit()
        #expect(fixture.api.submissions.count == 2)
        #expect(try await fixture.state(second) == .generating)
        #expect(try await fixture.state(third) == .reusing)
    }

    @Test func `One that is held, unsure or itself waiting is waited for; one that was cancelled is not`() async throws
    {
        let unsure = try await fixture.after(
            .submissionUnconfirmed(reason: "lost", nextLookup: fixture.clock.date),
            on: fixture.submitting(asked("unsure")))
        let waiting = try await fixture.after(.reuseFound(unsure.id), on: asked("waiting"))
        let third = try await fixture.after(.reuseFound(waiting.id), on: asked("third"))
        let held = try await asked("held", held: true)
        let fourth = try await fixture.after(.reuseFound(held.id), on: asked("fourth"))
        for _ in 1...3 { try await reuse() }
        for job in [waiting, third, fourth] { #expect(try await fixture.state(job) == .reusing) }
        try await fixture.after(.cancelled, on: held)
        try await reuse()
        #expect(try await fixture.state(fourth) == .queued)
        #expect(fixture.api.submissions.isEmpty)
    }

    @Test func `A video that was taken away is fetched again from its old generation`() async throws {
        let first = try await delivered()
        try FileSystem.remove(fixture.folder["outbox/videos/first.mp4"])
        fixture.api.onPoll { id in
            id == first.state.generation?.id ? .success(.completed(.link(2))) : .failure(.unreachable)
        }
        let second = try await asked("second")
        try await fixture.submit()
        try await fixture.reuse()
        #expect(try await fixture.state(second) == .delivered)
        #expect(fixture.api.downloads == [.link(1), .link(2)])
        #expect(fixture.api.submissions.isEmpty)
    }

    @Test func `A copy of a copy comes from the same generation`() async throws {
        let first = try await delivered()
        let second = try await asked("second")
        try await fixture.submit()
        try await fixture.reuse()
        for stem in ["first", "second"] { try FileSystem.remove(fixture.folder["outbox/videos/\(stem).mp4"]) }
        fixture.api.onPoll { _ in .success(.completed(.link(2))) }
        let third = try await fixture.after(.reuseFound(second.id), on: asked("third"))
        try await fixture.reuse()
        #expect(try await fixture.state(third) == .delivered)
        #expect(
            try fixture.json("outbox/videos/third.receipt.json")["generation_id"]
                == first.state.generation.map { .string($0.id.rawValue) })
    }

    @Test(arguments: [DownloadError.expired(status: 403), .addressRefused("private"), .notAVideo("a page")])
    func `A video that can be had nowhere is made anew`(error: DownloadError) async throws {
        _ = try await delivered()
        try FileSystem.remove(fixture.folder["outbox/videos/first.mp4"])
        fixture.api.onPoll { _ in .success(.completed(.link(2))) }
        fixture.api.onDownload { _, _ in throw error }
        let second = try await asked("second")
        try await fixture.submit()
        try await fixture.reuse()
        #expect(try await fixture.state(second) == .queued)
        try await fixture.submit()
        #expect(fixture.api.submissions.count == 1, "one that was tried in vain is not tried again")
        #expect(fixture.outbox.allSatisfy { !$0.contains(".part") })
    }

    @Test func `A bad hour of the API is waited for, not paid for`() async throws {
        _ = try await delivered()
        try FileSystem.remove(fixture.folder["outbox/videos/first.mp4"])
        fixture.api.onPoll { _ in .failure(PollError(Trouble(kind: .api, message: "503"))) }
        let second = try await asked("second")
        try await fixture.submit()
        for _ in 1...5 { try await reuse() }
        #expect(try await fixture.state(second) == .reusing)
        for _ in 1...10 { try await reuse() }
        #expect(try await fixture.state(second) == .queued, "it may be gone for good")
        #expect(fixture.api.submissions.isEmpty)
    }

    @Test func `Without the outbox nothing is copied and nothing is given up`() async throws {
        let fixture = try PipelineFixture({ $0.duplicates = .reuse }, hasPlaces: true)
        let first = try await fixture.generated(fixture.claimedJob("first", fingerprint: "same"))
        try await fixture.deliver()
        let second = try await fixture.after(
            .reuseFound(first.id), on: fixture.claimedJob("second", fingerprint: "same"))
        let outbox = fixture.folder["outbox"].string
        try FileManager.default.moveItem(atPath: outbox, toPath: outbox + ".away")
        try await fixture.reuse()
        #expect(try await fixture.state(second) == .reusing)
        #expect(!fixture.folder.exists("outbox"))
        try FileManager.default.moveItem(atPath: outbox + ".away", toPath: outbox)
        try await fixture.reuse()
        #expect(try await fixture.state(second) == .delivered)
    }

    @Test func `A crash at any write of the ledger ends in one copy`() async throws {
        _ = try await delivered()
        for (number, crash) in [(0, false), (0, true), (1, false), (1, true), (2, false)].enumerated() {
            let stem = "copy\(number)"
            let job = try await asked(stem)
            try await fixture.submit()
            let troubled = TroubledStore(fixture.store)
            troubled.set(.dying(writes: crash.0, after: crash.1))
            let dying = fixture.restarted(over: troubled)
            try? await Reuser(context: dying).loop.step(fixture.now(job))
            try await fixture.start()
            try await fixture.reuse()
            try await Endings(context: fixture.context).settleEnded()
            #expect(try await fixture.state(job) == .delivered)
            #expect(try await fixture.isSettled(job.drop))
            #expect(fixture.outbox.filter { $0.contains(stem) }.count == 4)
        }
        #expect(fixture.api.submissions.isEmpty)
    }

    @Test func `The variations of a drop are different videos`() async throws {
        _ = try await fixture.claimed(variations: 3, fingerprint: "same")
        try await fixture.submit()
        #expect(fixture.api.submissions.count == 3)
        _ = try await fixture.claimed("again", variations: 4, fingerprint: "same")
        try await fixture.submit()
        #expect(fixture.api.submissions.count == 4)
    }

    @Test func `What is asked anew on purpose is paid for`() async throws {
        _ = try await delivered()
        _ = try await fixture.claimed("again")
        try await fixture.submit()
        #expect(fixture.api.submissions.count == 1)
    }
}
