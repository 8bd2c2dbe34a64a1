import Foundation
import Jobs
import SystemPackage
import TestKit
import Testing

extension EndToEnd {
    /// A picture and its sidecar become a video, however they come.
    @Suite(.serialized) struct PairTests {
        let folder: HotreelFolder

        init() throws { folder = try HotreelFolder() }

        @Test(
            "The picture first, then its sidecar: a video, a receipt, and the sources back unchanged",
            .timeLimit(.minutes(1)))
        func pictureFirst() async throws {
            let picture = try await TestPictures.make(.png)
            try await folder.serving { service in
                try folder.drop(picture, "shots/shot010.png")
                _ = try await service.line("waiting for shot010.json")
                try folder.drop(sidecar(), "shots/shot010.json")
                try await folder.waitForVideos("shots/shot010")
            }
            try await folder.expectVideo("shots/shot010")
            #expect(
                folder.outbox == [
                    "originals/shots/shot010.json", "originals/shots/shot010.png", "videos/shots/shot010.mp4",
                    "videos/shots/shot010.receipt.json",
                ])
            #expect(try folder.bytes("outbox/originals/shots/shot010.png") == picture)
            #expect(try folder.bytes("outbox/originals/shots/shot010.json") == Array(sidecar().text.utf8))
            #expect(folder.root.files(in: "inbox").isEmpty)
        }

        @Test("The sidecar first, then its picture", .timeLimit(.minutes(1)))
        func sidecarFirst() async throws {
            let picture = try await TestPictures.make(.jpeg, size: "800x400")
            try await folder.serving { service in
                try folder.drop(sidecar(["duration": 10]), "shot.json")
                _ = try await service.line("waiting for a picture named shot")
                try folder.drop(picture, "shot.jpg")
                try await folder.waitForVideos("shot")
            }
            try await folder.expectVideo("shot", seconds: 10, aspectRatio: 2)
        }

        @Test(
            "Of two sidecars the one with the picture's whole name counts; the other waits on", .timeLimit(.minutes(1)))
        func exactName() async throws {
            try folder.drop(sidecar(["prompt": "by stem"]), "shot.json")
            try folder.drop(sidecar(["prompt": "by whole name"]), "shot.jpg.json")
            try folder.drop(try await TestPictures.make(), "shot.jpg")
            try await folder.serving { _ in try await folder.waitForVideos("shot") }
            #expect(try folder.receipt("shot")["request"]?["prompt"] == "by whole name")
            #expect(folder.root.files(in: "inbox") == ["shot.json"])
        }

        @Test("Pairs that lie there at the start are taken like any others", .timeLimit(.minutes(1)))
        func thereAtStart() async throws {
            for name in ["a", "deep/er/b"] {
                try folder.drop(try await TestPictures.make(), "\(name).jpg")
                try folder.drop(sidecar(), "\(name).json")
            }
            try await folder.serving { _ in try await folder.waitForVideos("a", "deep/er/b") }
            try await folder.expectVideo("a")
            try await folder.expectVideo("deep/er/b")
        }

        @Test("A folder moved in with pairs in it is seen with all that lies below", .timeLimit(.minutes(1)))
        func movedIn() async throws {
            for name in ["reel/one", "reel/day 2/two"] {
                try folder.root.write(try await TestPictures.make(), to: "elsewhere/\(name).jpg")
                try folder.root.write(sidecar().text, to: "elsewhere/\(name).json")
            }
            try await folder.serving { _ in
                try FileManager.default.moveItem(
                    atPath: folder.root["elsewhere/reel"].string, toPath: folder.root["inbox/reel"].string)
                try await folder.waitForVideos("reel/one", "reel/day 2/two")
                // The folder is watched from now on, too.
                try folder.drop(try await TestPictures.make(), "reel/day 2/three.jpg")
                try folder.drop(sidecar(), "reel/day 2/three.json")
                try await folder.waitForVideos("reel/day 2/three")
            }
            for name in ["reel/one", "reel/day 2/two", "reel/day 2/three"] { try await folder.expectVideo(name) }
        }

        @Test("Three variations are three videos, each with its own receipt and generation", .timeLimit(.minutes(1)))
        func variations() async throws {
            try await folder.serving { _ in
                try folder.drop(try await TestPictures.make(), "shot.jpg")
                try folder.drop(sidecar(["hotreel": ["variations": 3]]), "shot.json")
                try await folder.waitForVideos("shot_v1", "shot_v2", "shot_v3")
            }
            var ids: Set<JSONValue?> = []
            for number in 1...3 {
                try await folder.expectVideo("shot_v\(number)")
                let receipt = try folder.receipt("shot_v\(number)")
                ids.formUnion([receipt["generation_id"], receipt["client_request_id"], receipt["job"]])
                #expect(receipt["request"]?["hotreel"] == nil)
                #expect(receipt["name"] == .string("shot_v\(number)"))
            }
            #expect(ids.count == 9 && !ids.contains(nil))
            #expect(folder.root.files(in: "outbox/originals") == ["shot.jpg", "shot.json"])
        }

        @Test(
            "A sidecar with a web address needs no picture, and the address goes out as it is", .timeLimit(.minutes(1)))
        func remotePicture() async throws {
            let address = "https://example.com/a%20b.png?x=1&y=%2F"
            try await folder.serving { _ in
                try folder.drop(sidecar(["image_url": .string(address)]), "far.json")
                try await folder.waitForVideos("far")
            }
            let video = try await VideoMeasures(folder.root["outbox/videos/far.mp4"])
            #expect(video.codec == "h264" && abs(video.duration - 5) < 0.1)
            #expect(try folder.receipt("far")["request"]?["image_url"] == .string(address))
            #expect(folder.root.files(in: "outbox/originals") == ["far.json"])
        }

        @Test("A second drop of the same name does not replace the first one's video", .timeLimit(.minutes(1)))
        func sameNameAgain() async throws {
            try await folder.serving { _ in
                for (prompt, name) in [("first", "shot"), ("second", "shot (2)")] {
                    try folder.drop(try await TestPictures.make(), "shot.jpg")
                    try folder.drop(sidecar(["prompt": .string(prompt)]), "shot.json")
                    try await folder.waitForVideos(name)
                }
            }
            #expect(try folder.receipt("shot")["request"]?["prompt"] == "first")
            #expect(try folder.receipt("shot (2)")["request"]?["prompt"] == "second")
            try await folder.expectVideo("shot (2)")
            #expect(folder.root.files(in: "outbox/originals").count == 4)
        }

        @Test("Where no events can be had, listing the inbox finds the same drops", .timeLimit(.minutes(1)))
        func polling() async throws {
            try await folder.serving(settings: ["INTAKE_WATCH": "poll", "INTAKE_LISTING": "200ms"]) { _ in
                try folder.drop(try await TestPictures.make(), "new folder/shot.jpg")
                try folder.drop(sidecar(), "new folder/shot.json")
                try await folder.waitForVideos("new folder/shot")
            }
            try await folder.expectVideo("new folder/shot")
        }

        @Test(
            "With delivery.originals: delete the sources of a delivered video are gone, others are not",
            .timeLimit(.minutes(1)))
        func deletingOriginals() async throws {
            try await folder.serving(settings: ["DELIVERY_ORIGINALS": "delete"]) { _ in
                for (name, duration) in [("good", 5), ("bad", 7)] {
                    try folder.drop(try await TestPictures.make(), "\(name).jpg")
                    try folder.drop(sidecar(["duration": .integer(duration)]), "\(name).json")
                }
                try await folder.waitForVideos("good")
                try await folder.wait(for: "errors/bad.jpg", "errors/bad.json", "errors/bad.error.txt")
            }
            #expect(
                folder.outbox == [
                    "errors/bad.error.json", "errors/bad.error.txt", "errors/bad.jpg", "errors/bad.json",
                    "videos/good.mp4", "videos/good.receipt.json",
                ])
            #expect(folder.root.files(in: "inbox").isEmpty)
        }
    }
}
