import Jobs
import TestKit
import Testing

extension EndToEnd {
    /// Whatever ends the service, the next start goes on, and nothing is paid for twice.
    @Suite(.serialized) struct RestartTests {
        let folder: HotreelFolder

        init() throws { folder = try HotreelFolder() }

        private func drop(_ name: String) async throws {
            try folder.drop(try await TestPictures.make(), "\(name).jpg")
            try folder.drop(sidecar(["prompt": .string(name)]), "\(name).json")
        }

        /// The recorded creates are exactly one for each of these prompts.
        private func expectPosts(
            _ standIn: HotreelStandIn, _ prompts: String..., sourceLocation: SourceLocation = #_sourceLocation
        ) async throws {
            #expect(try await posts(standIn).sorted() == prompts.sorted(), sourceLocation: sourceLocation)
        }

        /// The prompts of all recorded creates.
        private func posts(_ standIn: HotreelStandIn) async throws -> [String] {
            try await standIn.requests().map { $0["body"]?["prompt"]?.stringValue ?? "" }
        }

        @Test(
            "A job under way at SIGTERM is delivered after the restart, the same generation and no second request",
            .timeLimit(.minutes(1)))
        func sigterm() async throws {
            try await HotreelStandIn.running("--render-time", "3s") { standIn in
                try await folder.serving(api: standIn.url, key: "any") { service in
                    try await drop("shot")
                    _ = try await service.line("accepted by the API")
                }
                let stopped = try #require(try await folder.jobs().first)
                #expect(stopped["state"] == "generating")
                #expect(folder.root.files(in: "outbox").filter { $0.contains("shot") }.isEmpty)
                try await folder.serving(api: standIn.url, key: "any") { _ in try await folder.waitForVideos("shot") }
                #expect(try folder.receipt("shot")["generation_id"] == stopped["generation_id"])
                try await expectPosts(standIn, "shot")
            }
            try await folder.expectVideo("shot")
            #expect(folder.root.files(in: "outbox/originals") == ["shot.jpg", "shot.json"])
        }

        @Test(
            "Killed with one job sent and one still to send, both are delivered and each was sent once",
            .timeLimit(.minutes(1)))
        func killed() async throws {
            try await HotreelStandIn.running("--render-time", "2s") { standIn in
                let slow = ["API_SUBMITS_PER_SECOND": "0.01"]
                let ending = try await folder.running(api: standIn.url, settings: slow, key: "any") { service in
                    try await drop("sent")
                    _ = try await service.line("accepted by the API")
                    try await drop("waiting")
                    _ = try await service.line("waiting: claimed")
                    await service.kill()
                }
                #expect(ending.status == nil)
                #expect(folder.claimedSources.count == 4)
                try await expectPosts(standIn, "sent")
                try await folder.serving(api: standIn.url, key: "any") { _ in
                    try await folder.waitForVideos("sent", "waiting")
                }
                try await expectPosts(standIn, "sent", "waiting")
            }
            for name in ["sent", "waiting"] { try await folder.expectVideo(name) }
            #expect(folder.root.files(in: "inbox").isEmpty && folder.root.files(in: "outbox/originals").count == 4)
        }

        @Test(
            "Killed in the middle of a request whose answer is lost, it finds the paid job again",
            .timeLimit(.minutes(1)))
        func killedWhileSending() async throws {
            try await HotreelStandIn.running { standIn in
                _ = try await folder.running(api: standIn.url, key: "any") { service in
                    standIn.process.freeze()
                    try await drop("shot")
                    try await folder.wait("the whole request to lie before the stand-in") {
                        try standIn.unread() > (try await TestPictures.make()).count * 4 / 3
                    }
                    await service.kill()
                }
                #expect(try await folder.jobs().map { $0["state"] } == ["submitting"])
                standIn.process.thaw()
                try await folder.wait("the request to be taken") { try await standIn.requests().count == 1 }
                try await folder.serving(api: standIn.url, key: "any") { _ in try await folder.waitForVideos("shot") }
                try await expectPosts(standIn, "shot")
                #expect(
                    try folder.receipt("shot")["generation_id"] == (try await standIn.requests().first?["inference_id"])
                )
            }
            try await folder.expectVideo("shot")
        }

        @Test("A second service on the same folders is refused with 75, and the first goes on", .timeLimit(.minutes(1)))
        func secondInstance() async throws {
            try await folder.serving { _ in
                let second = try await folder.call("run", "--api-url", "local")
                #expect(second.status == 75)
                #expect(second.errors.contains("another Hotreel") && second.errors.contains("--state"))
                try await drop("shot")
                try await folder.waitForVideos("shot")
            }
            try await folder.expectVideo("shot")
        }

        @Test("Killed again and again at any moment, nothing is lost and nothing sent twice", .timeLimit(.minutes(3)))
        func killedOften() async throws {
            let names = (0..<40).map { "shot\($0)" }
            try await HotreelStandIn.running("--instant") { standIn in
                for name in names { try await drop(name) }
                for moment in ["claimed", "accepted by the API", ": generated", ": downloaded", ": delivered", "ready"]
                {
                    _ = try await folder.running(api: standIn.url, key: "any") { service in
                        _ = try await service.line(moment)
                        await service.kill()
                    }
                }
                // A request that was cut off before it arrived cannot be told from a paid one, so it is not sent again.
                var lost: Set<String> = []
                try await folder.serving(api: standIn.url, key: "any") { _ in
                    try await folder.wait(within: .seconds(80), "every job to be delivered, or to be unknown for good")
                    {
                        let jobs = try await folder.jobs()
                        let posted = try await posts(standIn)
                        lost = Set(
                            jobs.filter { $0["state"] == "unconfirmed" }.compactMap { $0["name"]?.stringValue }
                        ).subtracting(posted)
                        let delivered = folder.root.files(in: "outbox/originals").count / 2
                        return delivered + lost.count == names.count
                    }
                }
                let posted = try await posts(standIn)
                #expect(posted.count == Set(posted).count)
                #expect(posted.sorted() == names.filter { !lost.contains($0) }.sorted())
                #expect(folder.claimedSources.count == 2 * lost.count)
            }
            let videos = folder.root.files(in: "outbox/videos")
            #expect(videos.count { $0.hasSuffix(".mp4") } == videos.count { $0.hasSuffix(".receipt.json") })
            #expect(videos.count % 2 == 0 && !videos.contains { $0.hasPrefix(".") }, "\(videos)")
            #expect(folder.root.files(in: "outbox/errors").isEmpty)
        }

        @Test("Ctrl-C ends it as SIGTERM does", .timeLimit(.minutes(1)))
        func interrupted() async throws {
            let log = try await folder.serving { service in
                service.interrupt()
                _ = try await service.line("stopped")
            }
            #expect(log.contains("stopped"))
        }
    }
}
