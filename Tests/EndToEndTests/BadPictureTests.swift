import Foundation
import Jobs
import TestKit
import Testing

extension EndToEnd {
    @Suite(.serialized) struct BadPictureTests {
        let folder: HotreelFolder

        init() throws { folder = try HotreelFolder() }

        private struct BadPicture {
            let file: String
            let bytes: [UInt8]
            let words: [String]

            var stem: String { String(file.split(separator: ".")[0]) }
        }

        private static func bad() async throws -> [BadPicture] {
            let jpeg = try await TestPictures.make(size: "700x500")
            let png = try await TestPictures.make(.png, size: "700x500")
            let webp = try await TestPictures.make(.webp, size: "700x500")
            var drops = [
                BadPicture(file: "empty.png", bytes: [], words: ["0 bytes", "the file is empty"]),
                BadPicture(file: "text.png", bytes: Array("This is not a picture.\n".utf8), words: ["picture"]),
                BadPicture(
                    file: "small.jpg", bytes: try await TestPictures.make(size: "299x400"),
                    words: ["299 × 400 pixels", "at least 300 pixels"]),
                BadPicture(
                    file: "narrow.png", bytes: try await TestPictures.make(.png, size: "400x1040"),
                    words: ["400 × 1040 pixels", "1:2.60", "1:2.5 to 2.5:1", "Crop"]),
                BadPicture(
                    file: "wide.jpg", bytes: try await TestPictures.make(size: "1040x400"),
                    words: ["2.60:1", "1:2.5 to 2.5:1"]),
                BadPicture(
                    file: "bomb.png", bytes: TestPictures.pngHeader(width: 60_000, height: 60_000),
                    words: ["60000 × 60000 pixels", "at most"]),
            ]
            for (name, bytes) in [("jpeg", jpeg), ("png", png), ("webp", webp)] {
                for length in [1, 30, bytes.count / 2, bytes.count - 1] {
                    drops.append(
                        BadPicture(file: "\(name)\(length).\(name)", bytes: Array(bytes[..<length]), words: []))
                }
            }
            return drops
        }

        @Test(
            "Each bad picture fails alone, in words that name it, and is given back as it came", .timeLimit(.minutes(1))
        )
        func all() async throws {
            let bad = try await Self.bad()
            try await folder.serving(settings: ["INTAKE_ORPHAN_AFTER": "1s"]) { _ in
                for (index, drop) in bad.enumerated() {
                    try folder.drop(drop.bytes, drop.file)
                    try folder.drop(sidecar(), "\(drop.stem).json")
                    if index % 6 == 3 {
                        try folder.drop(try await TestPictures.make(), "good\(index).jpg")
                        try folder.drop(sidecar(), "good\(index).json")
                    }
                }
                try await folder.wait("all reports and videos") {
                    bad.allSatisfy { folder.root.exists("outbox/errors/\($0.stem).json") }
                        && folder.root.files(in: "inbox").isEmpty
                }
            }
            for drop in bad {
                try folder.expectReport(
                    drop.stem, file: drop.file, words: drop.words + ["Nothing was sent and nothing was charged"],
                    sources: [drop.file: drop.bytes, "\(drop.stem).json": Array(sidecar().text.utf8)])
            }
            for name in ["good3", "good9", "good15"] { try await folder.expectVideo(name) }
            #expect(try await folder.jobs().filter { $0["state"] == "delivered" }.count == 3)
        }

        @Test("Two pictures of one stem with one sidecar are both named and both given back", .timeLimit(.minutes(1)))
        func twins() async throws {
            let (png, jpeg) = try await (TestPictures.make(.png), TestPictures.make())
            try folder.drop(png, "twin.png")
            try folder.drop(jpeg, "twin.jpg")
            try folder.drop(sidecar(), "twin.json")
            try await folder.serving { _ in try await folder.wait(for: "errors/twin.json", "errors/twin.error.txt") }
            for file in ["twin.png", "twin.jpg"] {
                try folder.expectReport(
                    "twin", file: file, words: ["nobody can tell which one is meant", "\(file).json"],
                    sources: ["twin.png": png, "twin.jpg": jpeg, "twin.json": Array(sidecar().text.utf8)])
            }
        }

        @Test(
            "What may still be uploading is left alone while a definite error is told at once", .timeLimit(.minutes(1)))
        func patience() async throws {
            let picture = try await TestPictures.make()
            try await folder.serving { service in
                try folder.drop(picture[..<(picture.count / 2)], "cut.jpg")
                try folder.drop(sidecar(), "cut.json")
                try folder.drop(picture, "text.jpg")
                try folder.drop(#"{"prompt": "a calm"#.utf8, "text.json")
                try folder.drop([], "empty.jpg")
                try folder.drop(sidecar(), "empty.json")
                _ = try await service.line("cut.jpg: ")
                _ = try await service.line("text.jpg: ")
                _ = try await service.line("empty.jpg: ")
                try folder.drop(picture, "range.jpg")
                try folder.drop(sidecar(["duration": 7]), "range.json")
                try await folder.wait(for: "errors/range.json", within: .seconds(20))
                #expect(folder.root.files(in: "inbox").count == 6)
                #expect(folder.root.files(in: "outbox/errors").count == 4)
                // And when the rest comes, they are taken.
                try folder.drop(picture, "cut.jpg")
                try folder.drop(sidecar(), "text.json")
                try folder.drop(picture, "empty.jpg")
                try await folder.waitForVideos("cut", "text", "empty")
            }
            for name in ["cut", "text", "empty"] { try await folder.expectVideo(name) }
            #expect(try folder.bytes("outbox/originals/cut.jpg") == picture)
        }

        @Test("Dragging the files back after mending only the sidecar makes the video", .timeLimit(.minutes(1)))
        func retry() async throws {
            let picture = try await TestPictures.make()
            try await folder.serving { _ in
                try folder.drop(picture, "day/shot.jpg")
                try folder.drop(sidecar(["duration": 7]), "day/shot.json")
                try await folder.wait(for: "errors/day/shot.json", "errors/day/shot.jpg", "errors/day/shot.error.txt")
                try folder.root.write(sidecar().text, to: "outbox/errors/day/shot.json")
                for file in ["day/shot.jpg", "day/shot.json"] {
                    try FileManager.default.moveItem(
                        atPath: folder.root["outbox/errors/\(file)"].string, toPath: folder.root["inbox/\(file)"].string
                    )
                }
                try await folder.waitForVideos("day/shot")
            }
            try await folder.expectVideo("day/shot")
            // The old report spoke of what no longer lies there.
            #expect(folder.root.files(in: "outbox/errors").isEmpty)
            #expect(try folder.bytes("outbox/originals/day/shot.jpg") == picture)
        }
    }
}
