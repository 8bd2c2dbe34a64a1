import Jobs
import SystemPackage
import TestKit
import Testing

extension EndToEnd {
    /// A picture and its sidecar become a video, however they come.
    @Suite(.serialized) struct PairTests {
        let folder: HotreelFolder

        init() throws { folder = try HotreelFolder() }

        @Test("The picture first, then its sidecar: a video, a receipt, and the sources back unchanged", .timeLimit(.minutes(1)))
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
    }
}
