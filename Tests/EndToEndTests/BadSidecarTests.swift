import Foundation
import Jobs
import TestKit
import Testing

extension EndToEnd {
    @Suite(.serialized) struct BadSidecarTests {
        let folder: HotreelFolder

        init() throws { folder = try HotreelFolder() }

        @Test(
            "Each bad sidecar is told with file, key, value, rule and remedy; its neighbours are delivered",
            .timeLimit(.minutes(1)))
        func all() async throws {
            let picture = try await TestPictures.make()
            let bad = BadSidecar.unparsable + BadSidecar.definite
            let good: [String: [UInt8]] = [
                "bom": [0xEF, 0xBB, 0xBF] + Array(sidecar().text.utf8),
                "float": Array(#"{"prompt": "x", "duration": 5.0}"#.utf8),
                "edge": Array(
                    sidecar(["prompt": .string(String(repeating: "🎬", count: 2500)), "cfg_scale": 1]).text.utf8),
            ]
            try await folder.serving(settings: ["INTAKE_ORPHAN_AFTER": "1s"]) { _ in
                var goodToDrop = good.sorted { $0.key < $1.key }[...]
                for (index, drop) in bad.enumerated() {
                    try folder.drop(picture, "\(drop.name).jpg")
                    try folder.drop(drop.bytes, "\(drop.name).json")
                    if index % 10 == 5, let (name, bytes) = goodToDrop.popFirst() {
                        try folder.drop(picture, "\(name).jpg")
                        try folder.drop(bytes, "\(name).json")
                    }
                }
                try await folder.wait("all reports and videos") {
                    bad.allSatisfy { folder.root.exists("outbox/errors/\($0.name).json") }
                        && good.keys.allSatisfy { folder.root.exists("outbox/videos/\($0).receipt.json") }
                        && folder.root.files(in: "inbox").isEmpty
                }
            }
            for drop in bad {
                try folder.expectReport(
                    drop.name, file: "\(drop.name).json", key: drop.key,
                    words: drop.words,
                    sources: ["\(drop.name).jpg": picture, "\(drop.name).json": drop.bytes])
            }
            #expect(folder.root.files(in: "outbox/errors").count == 4 * bad.count)
            for name in good.keys { try await folder.expectVideo(name) }
            #expect(try folder.receipt("float")["request"]?["duration"] == .integer(5))
            let failed = try await folder.jobs().filter { $0["state"] == "failed" }
            #expect(failed.count == bad.count && failed.allSatisfy { $0["generation_id"] == .null })
        }

        @Test("All that is wrong with a drop is told together", .timeLimit(.minutes(1)))
        func together() async throws {
            let picture = try await TestPictures.make(size: "299x400")
            let sidecar: JSONValue = [
                "prompt": "x", "duration": 7, "cfg_scale": 2, "static_mask": "https://example.com/m.png",
                "tail_image_url": "https://example.com/t.png", "camera_control": ["type": "down_back"], "promt": "y",
            ]
            try await folder.serving { _ in
                try folder.drop(picture, "shot.jpg")
                try folder.drop(sidecar, "shot.json")
                try await folder.wait(for: "errors/shot.json", "errors/shot.error.txt")
            }
            try folder.expectReport(
                "shot", file: "shot.jpg", words: ["299 × 400 pixels", "at least 300 pixels"],
                sources: ["shot.jpg": picture, "shot.json": Array(sidecar.text.utf8)])
            let keys = try folder.json("outbox/errors/shot.error.json")["problems"]?.arrayValue?.map { $0["key"] }
            for key: JSONValue in [.null, "duration", "cfg_scale", "promt", "camera_control"] {
                #expect(keys?.contains(key) ?? false, "\(key.text) among \(keys ?? [])")
            }
            #expect(
                try folder.root.text(of: "outbox/errors/shot.error.txt").contains(
                    "tail_image_url, static_mask and camera_control exclude one another"))
        }

        @Test(
            "A reference through a symbolic link is refused, and the link's target left alone", .timeLimit(.minutes(1)))
        func linkedReference() async throws {
            let secret = try await TestPictures.make(size: "400x400")
            try folder.root.write(secret, to: "secret.png")
            try FileManager.default.createSymbolicLink(
                atPath: folder.root["inbox/link.png"].string, withDestinationPath: folder.root["secret.png"].string)
            try await folder.serving(settings: ["INTAKE_ORPHAN_AFTER": "1s"]) { _ in
                try folder.drop(try await TestPictures.make(), "shot.jpg")
                try folder.drop(sidecar(["tail_image_url": "link.png"]), "shot.json")
                try await folder.wait(for: "errors/shot.json", "errors/shot.error.txt")
            }
            try folder.expectReport(
                "shot", file: "link.png", words: ["symbolic link", "Drop the file that the link points to"],
                sources: [:])
            #expect(try folder.bytes("secret.png") == secret)
            #expect(folder.root.exists("outbox/errors/link.png") || folder.root.exists("inbox/link.png"))
        }
    }
}
