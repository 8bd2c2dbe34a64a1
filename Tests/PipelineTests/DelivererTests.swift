import Folders
import Foundation
import Jobs
import TestKit
import Testing
import VideoAPI

@testable import Pipeline

@Suite("Delivering", .timeLimit(.minutes(1)))
struct DelivererTests {
    private let fixture: PipelineFixture
    init() throws { fixture = try PipelineFixture() }

    private func generated(_ stem: String = "shot") async throws -> Job {
        try await fixture.generated(fixture.claimedJob(stem))
    }

    @Test func `A video comes with its receipt and leaves its sources in originals`() async throws {
        let job = try await generated()
        try await fixture.deliver()
        #expect(try await fixture.state(job) == .delivered)
        #expect(
            fixture.outbox == [
                "originals/shot.json", "originals/shot.png", "videos/shot.mp4", "videos/shot.receipt.json",
            ])
        #expect(fixture.inbox.isEmpty)
        #expect(!fixture.folder.exists("inbox/.hotreel/\(job.drop.id)"))
        #expect(try await fixture.isSettled(job.drop))
        let measures = try await VideoMeasures(fixture.folder["outbox/videos/shot.mp4"])
        #expect(measures.width == 320)
        let receipt = try fixture.json("outbox/videos/shot.receipt.json")
        #expect(receipt["video"]?["sha256"] == .string(try await sha256(of: SmallVideo.bytes)))
        #expect(receipt["video"]?["bytes"] == .integer(try await SmallVideo.bytes.count))
    }

    @Test func `A duration other than asked for is delivered and told`() async throws {
        _ = try await generated()
        try await fixture.deliver()
        let warnings = try fixture.json("outbox/videos/shot.receipt.json")["warnings"]?.arrayValue ?? []
        #expect(warnings.contains { $0.stringValue?.contains("asked for 5 seconds, and the API made 1") == true })
    }

    @Test func `An expired link is asked for again, and the new one is used`() async throws {
        let job = try await generated()
        fixture.api.onDownload { url, file in
            if url == .link(1) { throw DownloadError.expired(status: 403) }
            try await SmallVideo.write(to: file)
        }
        fixture.api.onPoll { _ in .success(.completed(.link(2))) }
        try await fixture.deliver()
        #expect(try await fixture.state(job) == .generating)
        fixture.clock.advance(by: .seconds(2))
        try await fixture.poll()
        try await fixture.deliver()
        #expect(try await fixture.state(job) == .delivered)
        #expect(fixture.api.downloads == [.link(1), .link(2)])
        #expect(fixture.api.submissions.isEmpty)
    }

    @Test(arguments: ["<html>Access denied</html>", "{\"error\":\"gone\"}", "nothing a player opens"])
    func `What is not a video is not delivered; the link is asked for again`(content: String) async throws {
        let job = try await generated()
        fixture.api.onDownload { _, file in try SmallVideo.write(content.utf8, to: file) }
        try await fixture.deliver()
        #expect(try await fixture.state(job) == .generating)
        #expect(fixture.outbox.isEmpty, "no part of it stays")
    }

    @Test func `A cut video is not delivered`() async throws {
        let job = try await generated()
        fixture.api.onDownload { _, file in
            let bytes = try await SmallVideo.bytes
            try SmallVideo.write(bytes.dropLast(bytes.count / 3), to: file)
        }
        try await fixture.deliver()
        #expect(try await fixture.state(job) == .generating)
        #expect(fixture.outbox.isEmpty)
    }

    @Test func `A broken download is tried again from the same link`() async throws {
        let job = try await generated()
        fixture.api.onDownload { _, _ in throw DownloadError.interrupted("reset") }
        try await fixture.deliver()
        let now = try await fixture.now(job)
        #expect(now.state.name == .generated)
        #expect(now.due > fixture.clock.date)
        #expect(now.reason?.contains("reset") == true)
    }

    @Test func `A crash after the rename is resumed without another download`() async throws {
        let job = try await generated()
        let bytes = try await SmallVideo.bytes
        try await fixture.after(.downloaded(try await video("shot")), on: job)
        try fixture.folder.write(bytes, to: "outbox/videos/shot.mp4")
        try await fixture.deliver()
        #expect(fixture.api.downloads.isEmpty)
        #expect(try await fixture.state(job) == .delivered)
        #expect(fixture.folder.exists("outbox/videos/shot.receipt.json"))
        #expect(fixture.folder.exists("outbox/originals/shot.png"))
    }

    @Test func `A crash before the rename is resumed with another download, under a name that is free`() async throws {
        let job = try await generated()
        try await fixture.after(.downloaded(try await video("shot")), on: job)
        try fixture.folder.write("half of it", to: "outbox/videos/.\(job.id).mp4.part")
        try fixture.folder.write("another video", to: "outbox/videos/shot.mp4")
        try await fixture.deliver()
        #expect(try await fixture.now(job).name == "shot (2)")
        #expect(try fixture.folder.text(of: "outbox/videos/shot.mp4") == "another video")
        #expect(
            fixture.folder.files(in: "outbox/videos") == ["shot (2).mp4", "shot (2).receipt.json", "shot.mp4"])
    }

    @Test func `Two drops of one name get a video each`() async throws {
        _ = try await generated()
        try await fixture.deliver()
        let second = try await generated()
        try await fixture.deliver()
        #expect(try await fixture.now(second).name == "shot (2)")
        #expect(
            fixture.outbox == [
                "originals/shot (2).json", "originals/shot (2).png", "originals/shot.json", "originals/shot.png",
                "videos/shot (2).mp4", "videos/shot (2).receipt.json", "videos/shot.mp4", "videos/shot.receipt.json",
            ])
        #expect(try fixture.json("outbox/videos/shot (2).receipt.json")["name"] == "shot (2)")
    }

    @Test func `Originals are deleted where that is wished`() async throws {
        let fixture = try PipelineFixture { $0.originals = .delete }
        let job = try await fixture.generated(fixture.claimedJob())
        try await fixture.deliver()
        #expect(try await fixture.state(job) == .delivered)
        #expect(fixture.outbox == ["videos/shot.mp4", "videos/shot.receipt.json"])
        #expect(fixture.inbox.isEmpty)
    }

    @Test func `A paid video that never came is told at long last, with its sources and without a part of it`()
        async throws
    {
        let job = try await generated()
        fixture.api.onDownload { _, file in try SmallVideo.write("<html>".utf8, to: file) }
        try await failAtLongLast(job)
        #expect(
            fixture.outbox == [
                "errors/shot.error.json", "errors/shot.error.txt", "errors/shot.json", "errors/shot.png",
            ])
        let text = try fixture.folder.text(of: "outbox/errors/shot.error.txt")
        #expect(text.contains("made and paid for"))
        #expect(text.contains("hotreel retry \(job.id)"))
        #expect(!text.contains("drag them back"), "that would cost again")
    }

    @Test func `A retry after that has all its patience anew, so that an expired link is asked for again`() async throws
    {
        var job = try await generated()
        fixture.api.onDownload { _, _ in throw DownloadError.expired(status: 403) }
        try await failAtLongLast(job)
        job = try await fixture.now(job)
        try await fixture.after(.retried, on: job)
        try await fixture.deliver()
        #expect(try await fixture.state(job) == .generating)
    }

    @Test func `Trouble after the name is chosen puts the job off and leaves it its name`() async throws {
        let job = try await generated()
        // A file where the originals' folder should be: nothing can be put there.
        try FileSystem.removeTree(fixture.folder["outbox/originals"])
        try fixture.folder.write("", to: "outbox/originals")
        try await fixture.deliver()
        let now = try await fixture.now(job)
        #expect(now.state.name == .generated)
        #expect(now.due > fixture.clock.date, "it waits before it tries again")
        #expect(now.reason != nil)
        try FileSystem.remove(fixture.folder["outbox/originals"])
        fixture.clock.advance(by: .seconds(10))
        try await fixture.deliver()
        #expect(fixture.api.downloads.count == 1)
        #expect(
            fixture.outbox == [
                "originals/shot.json", "originals/shot.png", "videos/shot.mp4", "videos/shot.receipt.json",
            ])
    }

    @Test func `Nobody else is given a job whose name has been chosen while its delivery goes on`() async throws {
        let job = try await generated()
        let (now, later) = (fixture.clock.date, fixture.clock.date + 3600)
        #expect(try await fixture.store.claimDue(.generated, now: now, leaseEnd: later, limit: 9).count == 1)
        try await fixture.after(.downloaded(try await video("shot")), on: job)
        #expect(try await fixture.store.claimDue(.generated, now: now, leaseEnd: later, limit: 9).isEmpty)
    }

    @Test func `What was given back with a report is put in order once the video has come after all`() async throws {
        let job = try await generated()
        fixture.api.onDownload { _, _ in throw DownloadError.expired(status: 403) }
        try await failAtLongLast(job)
        #expect(fixture.outbox.contains("errors/shot.error.txt") && fixture.outbox.contains("errors/shot.png"))
        try await fixture.after(.retried, on: try await fixture.now(job))
        fixture.api.onDownload { _, file in try await SmallVideo.write(to: file) }
        try await fixture.deliver()
        #expect(try await fixture.state(job) == .delivered)
        #expect(
            fixture.outbox == [
                "originals/shot.json", "originals/shot.png", "videos/shot.mp4", "videos/shot.receipt.json",
            ])
    }

    @Test func `While the inbox is away a video comes home, and the job waits for its sources without spinning`()
        async throws
    {
        let fixture = try PipelineFixture(hasPlaces: true)
        let job = try await fixture.generated(fixture.claimedJob())
        let inbox = fixture.folder["inbox"].string
        try FileManager.default.moveItem(atPath: inbox, toPath: inbox + ".away")
        try await fixture.deliver()
        var now = try await fixture.now(job)
        #expect(now.state.name == .generated)
        #expect(now.due == fixture.clock.date + 300)
        #expect(fixture.folder.exists("outbox/videos/shot.mp4"))
        #expect(!fixture.folder.exists("inbox"), "nothing is made where the share belongs")
        try FileManager.default.moveItem(atPath: inbox + ".away", toPath: inbox)
        // Long before its time: with the inbox there again nothing keeps it.
        fixture.clock.advance(by: .seconds(10))
        let gatekeeper = Gatekeeper(context: fixture.context)
        var memory = gatekeeper.beginning
        await gatekeeper.look(&memory)
        try await fixture.deliver()
        now = try await fixture.now(job)
        #expect(now.state.name == .delivered)
        #expect(fixture.api.downloads.count == 1)
    }

    @Test func `An outbox that is away costs no try, and nothing is written where it belongs`() async throws {
        let fixture = try PipelineFixture(hasPlaces: true)
        let job = try await fixture.generated(fixture.claimedJob())
        let outbox = fixture.folder["outbox"].string
        try FileManager.default.moveItem(atPath: outbox, toPath: outbox + ".away")
        for _ in 1...10 {
            try await fixture.deliver()
            fixture.clock.advance(by: .seconds(86_400))
        }
        #expect(fixture.api.downloads.isEmpty)
        #expect(!fixture.folder.exists("outbox"))
        try FileManager.default.moveItem(atPath: outbox + ".away", toPath: outbox)
        fixture.api.onDownload { _, _ in throw DownloadError.expired(status: 403) }
        try await fixture.deliver()
        #expect(try await fixture.state(job) == .generating, "its link has run out, so a new one is asked for")
    }

    @Test(.enabled(if: SmallDisk.isAvailable, "\(SmallDisk.remedy)"))
    func `A full disk closes its gate and costs no try; with room the video comes home`() async throws {
        let disk = try SmallDisk(bytes: 4 << 20)
        try FileSystem.makeFolder(disk["outbox"])
        let fixture = try PipelineFixture(outbox: disk["outbox"])
        let job = try await fixture.generated(fixture.claimedJob())
        try disk.fill()
        for _ in 1...10 {
            try await fixture.deliver()
            fixture.clock.advance(by: .seconds(86_400))
        }
        #expect(fixture.context.gates.closed.map(\.gate) == [.disk])
        #expect(fixture.context.gates.admission(.deliver) != .open)
        #expect(fixture.notices.kinds == [.gateClosed(.disk)])
        var memory = Gatekeeper(context: fixture.context).beginning
        await Gatekeeper(context: fixture.context).look(&memory)
        #expect(fixture.context.gates.isClosed(.disk), "there is no more room than before")
        try disk.makeRoom()
        fixture.clock.advance(by: .seconds(300))
        await Gatekeeper(context: fixture.context).look(&memory)
        #expect(fixture.context.gates.closed.isEmpty)
        try await fixture.deliver()
        #expect(try await fixture.state(job) == .delivered)
    }

    /// Delivers in vain until it is given up.
    private func failAtLongLast(_ job: Job) async throws {
        for _ in 1...5 {
            fixture.clock.advance(by: fixture.context.configuration.deliveryPatience + .seconds(1))
            try await fixture.deliver()
            let now = try await fixture.now(job)
            #expect(now.state.name == .generating, "a clock that was set decides nothing")
            try await fixture.after(.completed(.link(1), charge: .sample), on: now)
        }
        try await fixture.deliver()
        #expect(try await fixture.state(job) == .failed)
    }

    private func video(_ name: String) async throws -> DeliveredVideo {
        let bytes = try await SmallVideo.bytes
        return DeliveredVideo(
            name: name, sha256: FileSystem.hash(of: bytes), bytes: bytes.count,
            facts: VideoFacts(duration: 1, width: 320, height: 180))
    }
}
