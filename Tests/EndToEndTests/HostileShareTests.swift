import Foundation
import Jobs
import SystemPackage
import TestKit
import Testing

extension EndToEnd {
    /// People who may write to the share, and mean no good or do not know better.
    @Suite(.serialized) struct HostileShareTests {
        let folder: HotreelFolder

        init() throws { folder = try HotreelFolder() }

        @Test(
            "Whoever swaps a folder for a link ten thousand times under the running service gets nothing from outside in",
            .timeLimit(.minutes(4)))
        func swappedFolder() async throws {
            let picture = try await TestPictures.make()
            try folder.drop(picture, "p/shot.jpg")
            try folder.drop(sidecar(), "p/shot.json")
            // A whole pair, as good as any, but for where it lies.
            try folder.root.write(try await TestPictures.make(size: "320x320"), to: "outside/shot.jpg")
            try folder.root.write(sidecar().text, to: "outside/shot.json")
            let wire = try Tripwire(folder.root["outside"])
            let hostile = try HostileSwaps(
                of: folder.root["inbox/p"], linkTo: folder.root["outside"], aside: folder.root["link"])
            try await folder.serving(settings: ["INTAKE_RESCAN": "100ms"]) { _ in
                try await folder.wait(within: .seconds(60), "10,000 swaps") { hostile.count >= 10_000 }
                try folder.drop(picture, "neighbour.jpg")
                try folder.drop(sidecar(), "neighbour.json")
                try await folder.wait(for: "videos/neighbour.receipt.json")
                try hostile.stop()
                // Given back, where a link lay in its folder's place when it was to be put back there.
                try await folder.wait(within: .seconds(100), "the pair's end") {
                    folder.root.exists("outbox/originals/p/shot.jpg") || folder.root.exists("outbox/errors/p/shot.jpg")
                }
            }
            #expect(!wire.wasTouched, "something outside was opened or changed")
            #expect(folder.root.files(in: "outside") == ["shot.jpg", "shot.json"])
            let end = folder.root.exists("outbox/originals/p/shot.jpg") ? "originals" : "errors"
            #expect(try folder.bytes("outbox/\(end)/p/shot.jpg") == picture)
        }

        @Test(
            "A hard link is a way to drop; what is written by its other name after the claim is never sent",
            .timeLimit(.minutes(2)))
        func hardLinks() async throws {
            let picture = try await TestPictures.make()
            for name in ["same", "changed"] {
                try folder.root.write(picture, to: "render/\(name).jpg")
                #expect(link(folder.root["render/\(name).jpg"].string, folder.root["inbox/\(name).jpg"].string) == 0)
            }
            try await folder.serving { service in
                try folder.drop(sidecar(["hotreel": ["hold": true]]), "changed.json")
                _ = try await service.line("changed: claimed")
                try folder.root.write(picture.dropLast() + [0], to: "render/changed.jpg")
                #expect(try await folder.call("release", "changed").status == 0)
                try folder.drop(sidecar(), "same.json")
                try await folder.wait(for: "errors/changed.error.txt", "errors/changed.jpg", "errors/changed.json")
                try await folder.waitForVideos("same")
            }
            let report = try folder.root.text(of: "outbox/errors/changed.error.txt")
            #expect(report.contains("was written to after it was claimed") && report.contains("Nothing was charged"))
            #expect(try await Set(folder.jobs().map { $0["state"] }) == ["delivered", "failed"])
            #expect(try folder.bytes("outbox/originals/same.jpg") == picture)
            #expect(folder.root.files(in: "render") == ["changed.jpg", "same.jpg"])
        }
    }
}
