import Jobs
import TestKit
import Testing

extension EndToEnd {
    /// What goes out, held against the vendor's own specification and against the promise of exactness.
    @Suite(.serialized) struct RequestContractTests {
        let folder: HotreelFolder

        init() throws { folder = try HotreelFolder() }

        @Test(
            "Every body that is sent satisfies the vendor's specification and holds nothing but what was asked",
            .timeLimit(.minutes(1)))
        func bodies() async throws {
            let picture = try await TestPictures.make(.png)
            let mask = try await TestPictures.make(
                .png, source: "color=c=black", filter: "drawbox=w=200:h=200:c=white:t=fill")
            let asked: [String: JSONValue] = [
                "plain": ["prompt": "a calm sea"],
                "full": [
                    "prompt": "é \"quoted\" \\ 🎬\n", "negative_prompt": "blur", "duration": 10, "cfg_scale": 0.25,
                ],
                "tail": ["prompt": "x", "tail_image_url": "end.png"],
                "masks": [
                    "prompt": "x", "static_mask": "mask.png",
                    "dynamic_masks": [
                        ["mask": "mask.png", "trajectories": [["x": 10, "y": 20], ["x": 30, "y": 40]]]
                    ],
                ],
                "camera": ["prompt": "x", "camera_control": ["type": "simple", "config": ["zoom": -3.5]]],
            ]
            try folder.drop(picture, "end.png")
            try folder.drop(mask, "mask.png")
            for (name, sidecar) in asked {
                try folder.drop(picture, "\(name).png")
                try folder.drop(sidecar, "\(name).json")
            }
            try await HotreelStandIn.running { standIn in
                try await folder.serving(api: standIn.url, key: "any") { _ in
                    for name in asked.keys { try await folder.wait(for: "videos/\(name).receipt.json") }
                }
                let bodies = try standIn.bodies()
                #expect(bodies.count == asked.count)
                for body in bodies {
                    #expect(try await OpenAPIValidator.violations(in: body, as: .request, of: .createGeneration) == [])
                }
                let requests = try await standIn.requests()
                let ids = requests.compactMap { $0["client_request_id"]?.stringValue }
                #expect(Set(ids).count == asked.count)
                #expect(ids.allSatisfy { $0.wholeMatch(of: /[A-Za-z0-9._:\-]{1,128}/) != nil })

                let inline = try await inlined(picture, "image/png")
                let inlineMask = try await inlined(mask, "image/png")
                for (name, sidecar) in asked {
                    var expected = sidecar.objectValue ?? [:]
                    expected["model"] = "kling-video/v1.6/pro/image-to-video"
                    expected["image_url"] = inline
                    if expected["tail_image_url"] != nil { expected["tail_image_url"] = inline }
                    if expected["static_mask"] != nil {
                        expected["static_mask"] = inlineMask
                        let way = expected["dynamic_masks"]?.arrayValue?.first?["trajectories"] ?? .null
                        expected["dynamic_masks"] = [["mask": inlineMask, "trajectories": way]]
                    }
                    let id = try folder.receipt(name)["client_request_id"]
                    let sent = requests.first { $0["client_request_id"] == id }?["body"]?.objectValue
                    #expect(sent == expected, "\(name)")
                }
            }
        }

        /// How the stand-in shows a data URI that carries exactly these bytes.
        private func inlined(_ bytes: [UInt8], _ mime: String) async throws -> JSONValue {
            ["mime": .string(mime), "bytes": .integer(bytes.count), "sha256": .string(try await sha256(of: bytes))]
        }

        @Test(
            "JPEG and PNG go out byte for byte under the MIME type of their content; others are fitted and say so",
            .timeLimit(.minutes(1)))
        func pictures() async throws {
            let asTheyAre: [(file: String, mime: String, bytes: [UInt8])] = [
                ("plain.jpg", "image/jpeg", try await TestPictures.make()),
                ("jpeg called.png", "image/jpeg", try await TestPictures.make(size: "500x500")),
                ("png called.jpeg", "image/png", try await TestPictures.make(.png, size: "500x500")),
                ("tail.behind.jpg", "image/jpeg", try await TestPictures.make(size: "400x500") + Array("PHOTO".utf8)),
                ("grey.jpg", "image/jpeg", try await TestPictures.make(options: ["-pix_fmt", "gray"])),
                ("alpha.png", "image/png", try await TestPictures.make(.png, options: ["-pix_fmt", "rgba"])),
            ]
            let fitted: [(file: String, bytes: [UInt8])] = [
                ("deep.tif", try await TestPictures.make(.tiff, options: ["-pix_fmt", "rgb48le"])),
                ("web.webp", try await TestPictures.make(.webp)), ("windows.bmp", try await TestPictures.make(.bmp)),
                ("deep.png", try await TestPictures.make(.png, options: ["-pix_fmt", "rgb48be"])),
            ]
            let all = asTheyAre.map { ($0.file, $0.bytes) } + fitted.map { ($0.file, $0.bytes) }
            try await HotreelStandIn.running { standIn in
                try await folder.serving(api: standIn.url, key: "any") { _ in
                    for (file, bytes) in all {
                        try folder.drop(bytes, file)
                        try folder.drop(sidecar(), "\(file).json")
                    }
                    try await folder.wait("all originals") {
                        folder.root.files(in: "outbox/originals").count == 2 * all.count
                    }
                }
                let requests = try await standIn.requests()
                func sent(_ receipt: JSONValue) -> JSONValue? {
                    requests.first { $0["client_request_id"] == receipt["client_request_id"] }?["body"]?["image_url"]
                }
                for (file, mime, bytes) in asTheyAre {
                    let receipt = try folder.receipt(stem(file, among: all.map(\.0)))
                    #expect(sent(receipt) == (try await inlined(bytes, mime)), "\(file)")
                    #expect(receipt["warnings"] == [], "\(file)")
                }
                for (file, _) in fitted {
                    let receipt = try folder.receipt(stem(file, among: all.map(\.0)))
                    let warnings = receipt["warnings"]?.arrayValue?.compactMap(\.stringValue) ?? []
                    #expect(warnings.contains { $0.contains(file) }, "\(file): \(warnings)")
                    #expect(sent(receipt)?["mime"] == "image/png" || sent(receipt)?["mime"] == "image/jpeg")
                }
                for (file, bytes) in all { #expect(try folder.bytes("outbox/originals/\(file)") == bytes, "\(file)") }
            }
            let ratio = ["jpeg called": 1.0, "png called": 1.0, "tail.behind": 0.8]
            for job in try await folder.jobs() {
                let name = try #require(job["name"]?.stringValue)
                try await folder.expectVideo(name, aspectRatio: ratio[name] ?? 640.0 / 480)
            }
        }

        /// The output's name: two drops have the stem `deep`, and whichever came second is `deep (2)`.
        private func stem(_ file: String, among all: [String]) throws -> String {
            let stem = String(file.prefix(upTo: file.lastIndex(of: ".") ?? file.endIndex))
            guard all.count(where: { $0.hasPrefix(stem + ".") }) > 1 else { return stem }
            return try [stem, "\(stem) (2)"].first { name in
                try folder.receipt(name)["sources"]?.arrayValue?.contains { $0["file"] == .string(file) } ?? false
            } ?? stem
        }

        @Test("The receipt has the keys that scripts rely on, with hashes that hold", .timeLimit(.minutes(1)))
        func receipt() async throws {
            let picture = try await TestPictures.make()
            try folder.drop(picture, "day/shot.jpg")
            try folder.drop(sidecar(), "day/shot.json")
            try await folder.serving { _ in try await folder.waitForVideos("day/shot") }
            let receipt = try folder.receipt("day/shot")
            #expect(
                receipt.objectValue.map { Set($0.keys) } == [
                    "job", "name", "folder", "request", "generation_id", "client_request_id", "credits", "usd",
                    "created", "submitted", "completed", "delivered", "attempts", "dropped", "sources", "video",
                    "warnings", "preview",
                ])
            #expect(receipt["preview"] == true && receipt["folder"] == "day" && receipt["attempts"] == 1)
            let video = try folder.bytes("outbox/videos/day/shot.mp4")
            let measures = try await folder.expectVideo("day/shot")
            #expect(
                receipt["video"] == [
                    "file": "shot.mp4", "sha256": .string(try await sha256(of: video)), "bytes": .integer(video.count),
                    "duration": receipt["video"]?["duration"] ?? .null, "width": .integer(measures.width),
                    "height": .integer(measures.height),
                ])
            #expect(
                receipt["sources"]?.arrayValue?.first == [
                    "file": "shot.jpg", "sha256": .string(try await sha256(of: picture)),
                    "bytes": .integer(picture.count),
                ])
            #expect(
                receipt["request"]?["image_url"] == [
                    "file": "shot.jpg", "sha256": .string(try await sha256(of: picture)),
                ])
            for key in ["created", "submitted", "completed", "delivered"] {
                #expect(receipt[key]?.stringValue?.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/) != nil)
            }
            let job = try #require(try await folder.jobs().first)
            #expect(
                job.objectValue.map { Set($0.keys) } == [
                    "id", "state", "name", "folder", "generation_id", "client_request_id", "reason", "credits",
                    "created", "updated",
                ])
            #expect(job["id"] == receipt["job"] && job["generation_id"] == receipt["generation_id"])
        }
    }
}
