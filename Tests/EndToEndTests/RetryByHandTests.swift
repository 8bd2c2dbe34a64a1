import Foundation
import Jobs
import TestKit
import Testing

extension EndToEnd {
    /// What people drag back out of `errors`, whole and in parts, moved and copied.
    @Suite(.serialized) struct RetryByHandTests {
        let folder: HotreelFolder

        init() throws { folder = try HotreelFolder() }

        /// A pair that is refused, in a folder, and given back.
        private func fail(_ name: String = "shot", _ settings: [String: JSONValue] = [:]) async throws {
            try folder.drop(try await TestPictures.make(), "day 1/\(name).jpg")
            try folder.drop(sidecar(["duration": 7].merging(settings) { $1 }), "day 1/\(name).json")
            try await folder.wait(
                for: "errors/day 1/\(name).jpg", "errors/day 1/\(name).json", "errors/day 1/\(name).error.txt")
            try await folder.wait("the claim folder to go") { folder.root.files(in: "inbox/.hotreel").isEmpty }
        }

        private func move(_ names: String..., in place: String = "day 1") throws {
            for name in names {
                try FileManager.default.moveItem(
                    atPath: folder.root["outbox/errors/\(place)/\(name)"].string,
                    toPath: folder.root["inbox/\(place)/\(name)"].string)
            }
        }

        private func fixed(_ settings: [String: JSONValue] = [:]) -> String { sidecar(settings).text }

        private func expectClean(_ count: Int = 2, left: [String] = []) {
            #expect(folder.root.files(in: "inbox").isEmpty)
            #expect(folder.root.files(in: "outbox/errors") == left)
            #expect(folder.root.files(in: "outbox/originals").count == count)
        }

        @Test("Both files are dragged back, the sidecar fixed where it lay", .timeLimit(.minutes(1)))
        func both() async throws {
            try await folder.serving { _ in
                try await fail()
                try folder.root.write(fixed(), to: "outbox/errors/day 1/shot.json")
                try move("shot.jpg", "shot.json")
                try await folder.waitForVideos("day 1/shot")
            }
            expectClean()
        }

        @Test("A fixed sidecar alone is enough: its picture comes back out of errors", .timeLimit(.minutes(1)))
        func sidecarAlone() async throws {
            let log = try await folder.serving { _ in
                try await fail()
                try FileManager.default.removeItem(atPath: folder.root["outbox/errors/day 1/shot.json"].string)
                try folder.drop(sidecar(), "day 1/shot.json")
                try await folder.waitForVideos("day 1/shot")
            }
            expectClean()
            #expect(log.contains("day 1/shot.jpg: taken back from errors"))
        }

        @Test("The picture alone is enough where the sidecar was fixed in errors", .timeLimit(.minutes(1)))
        func pictureAlone() async throws {
            try await folder.serving { _ in
                try await fail()
                try folder.root.write(fixed(), to: "outbox/errors/day 1/shot.json")
                try move("shot.jpg")
                try await folder.waitForVideos("day 1/shot")
            }
            expectClean()
        }

        @Test("A picture alone takes no sidecar that no report speaks of", .timeLimit(.minutes(1)))
        func noReport() async throws {
            try await folder.serving { service in
                try folder.root.write(fixed(), to: "outbox/errors/shot.json")
                try folder.drop(try await TestPictures.make(), "shot.jpg")
                try await folder.drop(pair: "neighbour")
                try await folder.waitForVideos("neighbour")
                _ = try await service.line("waiting for shot.json")
            }
            #expect(folder.root.files(in: "inbox").contains("shot.jpg"))
            #expect(folder.root.files(in: "outbox/errors") == ["shot.json"])
        }

        @Test("Copies do as well as the files themselves, and leave nothing stale behind", .timeLimit(.minutes(1)))
        func copies() async throws {
            try await folder.serving { _ in
                try await fail()
                try folder.root.write(fixed(), to: "outbox/errors/day 1/shot.json")
                for name in ["shot.json", "shot.jpg"] {
                    try folder.drop(try folder.bytes("outbox/errors/day 1/\(name)"), "day 1/\(name)")
                }
                try await folder.waitForVideos("day 1/shot")
            }
            expectClean()
        }

        @Test(
            "Where only the sidecar is copied and fixed, the one before it stays, without its report",
            .timeLimit(.minutes(1)))
        func copiedSidecar() async throws {
            try await folder.serving { _ in
                try await fail()
                try folder.drop(sidecar(), "day 1/shot.json")
                try await folder.waitForVideos("day 1/shot")
            }
            #expect(try folder.json("outbox/errors/day 1/shot.json")["duration"] == 7)
            expectClean(left: ["day 1/shot.json"])
        }

        @Test("A new pair of the same name leaves what lies in errors alone", .timeLimit(.minutes(1)))
        func another() async throws {
            try await folder.serving { _ in
                try await fail()
                try folder.drop(
                    try await TestPictures.make(size: "320x320", source: "color=c=0x306090"), "day 1/shot.jpg")
                try folder.drop(sidecar(["prompt": "another"]), "day 1/shot.json")
                try await folder.waitForVideos("day 1/shot")
            }
            expectClean(left: ["error.json", "error.txt", "jpg", "json"].map { "day 1/shot.\($0)" })
        }

        @Test(
            "A sidecar alone finds its tail or mask in errors too, and all variations are made",
            .timeLimit(.minutes(1)),
            arguments: [("tail_image_url", "shot_end.jpg"), ("static_mask", "masks/still.jpg")])
        func attachments(key: String, file: String) async throws {
            let more: [String: JSONValue] = [key: .string(file), "hotreel": ["variations": 2]]
            try await folder.serving { _ in
                try folder.drop(try await TestPictures.make(), "day 1/\(file)")
                try await fail("shot", more)
                try await folder.wait(for: "errors/day 1/\(file)")
                try FileManager.default.removeItem(atPath: folder.root["outbox/errors/day 1/shot.json"].string)
                try folder.drop(sidecar(more), "day 1/shot.json")
                try await folder.waitForVideos("day 1/shot_v1", "day 1/shot_v2")
            }
            expectClean(3)
        }

        @Test("Numbered files are dragged back as they are, whole or the sidecar alone", .timeLimit(.minutes(1)))
        func numbered() async throws {
            try await folder.serving { _ in
                for duration in [7, 8] as [JSONValue] {
                    try folder.drop(try await TestPictures.make(), "shot.jpg")
                    try folder.drop(try await TestPictures.make(), "end.jpg")
                    try folder.drop(sidecar(["duration": duration, "tail_image_url": "end.jpg"]), "shot.json")
                    try await folder.wait(for: "errors/shot\(duration == 8 ? " (2)" : "").error.txt")
                    try await folder.wait("the claim folder to go") { folder.root.files(in: "inbox/.hotreel").isEmpty }
                }
                try folder.root.write(fixed(["tail_image_url": "end.jpg"]), to: "outbox/errors/shot (2).json")
                try FileManager.default.moveItem(
                    atPath: folder.root["outbox/errors/shot (2).json"].string,
                    toPath: folder.root["inbox/shot (2).json"].string)
                try await folder.waitForVideos("shot (2)")
            }
            #expect(!folder.outbox.contains { $0.hasPrefix("errors/shot (2)") })
            #expect(folder.root.exists("outbox/errors/shot.error.txt"))
            #expect(try folder.receipt("shot (2)")["sources"]?.arrayValue?.count == 3)
        }

        @Test(
            "A name that Windows cannot show pairs again when its files come back under another",
            .timeLimit(.minutes(1)))
        func renamed() async throws {
            try await folder.serving { _ in
                try folder.drop(try await TestPictures.make(), "day: 1/what?.jpg")
                try folder.drop(try await TestPictures.make(), "day: 1/end?.jpg")
                try folder.drop(sidecar(["duration": 7, "tail_image_url": "end?.jpg"]), "day: 1/what?.json")
                try await folder.wait(
                    for: "errors/day_ 1/what_.jpg", "errors/day_ 1/what_.json", "errors/day_ 1/what_.error.txt",
                    "errors/day_ 1/end_.jpg")
                #expect(
                    try folder.root.text(of: "outbox/errors/day_ 1/what_.error.txt")
                        .contains("what_.jpg (dropped as what?.jpg)"))
                try folder.drop(sidecar(["tail_image_url": "end?.jpg"]), "day: 1/what?.json")
                try await folder.waitForVideos("day_ 1/what_")
            }
            #expect(
                folder.root.files(in: "outbox/originals")
                    == ["end_.jpg", "what_.jpg", "what_.json"].map { "day_ 1/\($0)" })
            let warnings = try folder.receipt("day_ 1/what_")["warnings"]?.arrayValue ?? []
            #expect(warnings.contains { $0.stringValue?.contains("\"what_\"") == true })
        }

        @Test("An upload under a temporary name is awaited before an old picture is taken", .timeLimit(.minutes(1)))
        func upload() async throws {
            try await folder.serving { service in
                try await fail()
                try folder.drop(sidecar(["prompt": "new"]), "day 1/shot.json")
                try folder.drop([1, 2, 3], "day 1/.shot.jpg.Xa3bC9")
                try await folder.drop(pair: "neighbour")
                try await folder.waitForVideos("neighbour")
                try await folder.drop(pair: "another")
                try await folder.waitForVideos("another")
                #expect(folder.root.exists("outbox/errors/day 1/shot.jpg"))
                let new = try await TestPictures.make(size: "320x320", source: "color=c=0x306090")
                try folder.root.write(new, to: "inbox/day 1/.shot.jpg.Xa3bC9")
                try FileManager.default.moveItem(
                    atPath: folder.root["inbox/day 1/.shot.jpg.Xa3bC9"].string,
                    toPath: folder.root["inbox/day 1/shot.jpg"].string)
                try await folder.waitForVideos("day 1/shot")
                #expect(try folder.bytes("outbox/originals/day 1/shot.jpg") == new)
            }
        }
    }
}
