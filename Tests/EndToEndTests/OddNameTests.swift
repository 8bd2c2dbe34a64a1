import Foundation
import Jobs
import SystemPackage
import TestKit
import Testing

extension EndToEnd {
    @Suite(.serialized) struct OddNameTests {
        let folder: HotreelFolder

        init() throws { folder = try HotreelFolder() }

        /// Stem in the inbox, and in the outbox.
        private static let names: [(stem: [UInt8], output: String)] =
            [
                ("my shot  01", "my shot  01"), ("line\nbreak", "line_break"), ("it's \"quoted\"", "it's _quoted_"),
                ("-dash", "-dash"), ("🎬 rocket", "🎬 rocket"), ("cafe\u{301}", "cafe\u{301}"),
                ("100% $HOME;*?", "100% $HOME;__"), ("shot.v2.final", "shot.v2.final"), ("con", "con_"),
                ("take 2. ", "take 2__"),
            ].map { (Array($0.0.utf8), $0.1) } + [([0x66, 0xFC, 0x72], "für")]

        /// What the sources are called when they come back: as the output, except for bytes that are not UTF-8, which stay.
        private static func given(_ stem: [UInt8], _ output: String) -> [UInt8] {
            String(validating: stem, as: UTF8.self) == nil ? stem : Array(output.utf8)
        }

        private func file(_ part: String, _ stem: [UInt8], _ suffix: String) -> FilePath {
            let name = Array("\(part)/".utf8) + stem + Array(suffix.utf8)
            return folder.root.file(bytes: name)
        }

        @Test(
            "Whatever a file is called, its video comes, and all of it has a name that Windows can show",
            .timeLimit(.minutes(1)))
        func delivered() async throws {
            let picture = try await TestPictures.make()
            try await folder.serving { _ in
                for (stem, _) in Self.names {
                    try folder.root.write(picture, to: file("inbox", stem, ".jpg"))
                    try folder.root.write(sidecar().text, to: file("inbox", stem, ".json"))
                }
                for (_, output) in Self.names { try await folder.wait(for: "videos/\(output).receipt.json") }
            }
            for (dropped, output) in Self.names {
                let stem = Self.given(dropped, output)
                try await folder.expectVideo(output)
                #expect(try HotreelFolder.bytes(of: file("outbox/originals", stem, ".jpg")) == picture, "\(output)")
                #expect(
                    try HotreelFolder.bytes(of: file("outbox/originals", stem, ".json")) == Array(sidecar().text.utf8))
            }
            #expect(folder.root.files(in: "inbox").isEmpty && folder.root.files(in: "outbox/errors").isEmpty)
            #expect(folder.outbox.count == 4 * Self.names.count)
        }

        @Test(
            "Whatever a file is called, its report comes and it is given back so that everybody can see it",
            .timeLimit(.minutes(1)))
        func refused() async throws {
            let picture = try await TestPictures.make()
            try await folder.serving { _ in
                for (stem, _) in Self.names {
                    try folder.root.write(picture, to: file("inbox", stem, ".jpg"))
                    try folder.root.write(sidecar(["duration": 7]).text, to: file("inbox", stem, ".json"))
                }
                for (_, output) in Self.names {
                    try await folder.wait(for: "errors/\(output).error.json", "errors/\(output).error.txt")
                }
                try await folder.wait("an empty inbox") { folder.root.files(in: "inbox").isEmpty }
            }
            for (dropped, output) in Self.names {
                let stem = Self.given(dropped, output)
                #expect(try HotreelFolder.bytes(of: file("outbox/errors", stem, ".jpg")) == picture, "\(output)")
                let text = try folder.root.text(of: "outbox/errors/\(output).error.txt")
                #expect(text.contains("5 or 10") && text.contains("duration"))
            }
        }

        @Test("A name of 255 bytes is delivered and refused like any other", .timeLimit(.minutes(1)))
        func longest() async throws {
            let stem = String(repeating: "長", count: 83) + "ab"
            let file = "\(stem).jpg"
            #expect(file.utf8.count == 255)
            let picture = try await TestPictures.make()
            try folder.drop(sidecar(), "good/_hotreel.json")
            try folder.drop(sidecar(["duration": 7]), "bad/_hotreel.json")
            try await folder.serving(settings: ["INTAKE_GRACE": "300ms"]) { _ in
                try folder.drop(picture, "good/\(file)")
                try folder.drop(picture, "bad/\(file)")
                try await folder.wait("both ends") {
                    folder.root.files(in: "outbox/originals").count == 1
                        && folder.root.files(in: "outbox/errors").count == 3
                        && folder.root.files(in: "inbox/.hotreel").isEmpty
                }
            }
            #expect(try folder.bytes("outbox/originals/good/\(file)") == picture)
            #expect(try folder.bytes("outbox/errors/bad/\(file)") == picture)
            let video = try #require(folder.root.files(in: "outbox/videos").first { $0.hasSuffix(".mp4") })
            #expect(video.hasPrefix("good/長長") && folder.root.files(in: "outbox/videos").count == 2)
            try await folder.expectVideo(String(video.dropLast(4)))
        }

        @Test(
            "A picture and a sidecar whose names differ only in how an accent is written are a pair",
            .timeLimit(.minutes(1)))
        func composed() async throws {
            try await folder.serving { _ in
                try folder.drop(try await TestPictures.make(), "cafe\u{301}.jpg")
                try folder.drop(sidecar(), "caf\u{E9}.json")
                try await folder.wait("a video") { folder.root.files(in: "outbox/originals").count == 2 }
            }
            #expect(folder.root.files(in: "outbox/videos").count == 2)
        }
    }
}
