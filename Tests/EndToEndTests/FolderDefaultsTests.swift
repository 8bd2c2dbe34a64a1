import Jobs
import TestKit
import Testing

extension EndToEnd {
    @Suite(.serialized) struct FolderDefaultsTests {
        let folder: HotreelFolder

        init() throws { folder = try HotreelFolder() }

        @Test(
            "Defaults of every folder on the way down merge key by key, and the sidecar has the last word",
            .timeLimit(.minutes(1)))
        func merging() async throws {
            let upper: JSONValue = [
                "prompt": "from above", "negative_prompt": "blur", "duration": 10, "cfg_scale": 0.3,
            ]
            try folder.drop(upper, "_hotreel.json")
            try folder.drop(["prompt": "from the folder", "cfg_scale": 0.7] as JSONValue, "portraits/_hotreel.json")
            try folder.drop(["cfg_scale": 1] as JSONValue, "portraits/own.json")
            for name in ["portraits/own", "portraits/alone"] {
                try folder.drop(try await TestPictures.make(), "\(name).jpg")
            }
            try await folder.serving { _ in try await folder.waitForVideos("portraits/own", "portraits/alone") }

            for (name, scale) in [("portraits/own", JSONValue.integer(1)), ("portraits/alone", 0.7)] {
                try await folder.expectVideo(name, seconds: 10)
                var request = try folder.receipt(name)["request"]?.objectValue ?? [:]
                request["image_url"] = nil
                #expect(
                    request == [
                        "model": "kling-video/v1.6/pro/image-to-video", "prompt": "from the folder",
                        "negative_prompt": "blur", "duration": 10, "cfg_scale": scale,
                    ])
            }
            #expect(folder.root.files(in: "inbox") == ["_hotreel.json", "portraits/_hotreel.json"])
        }

        @Test(
            "A picture whose sidecar is still being written is not sent with the folder's defaults",
            .timeLimit(.minutes(1)))
        func sidecarUnderWay() async throws {
            try folder.drop(sidecar(["prompt": "default"]), "_hotreel.json")
            try await folder.serving { _ in
                try folder.drop(try await TestPictures.make(), "slow.jpg")
                try folder.drop(#"{"prompt": "my o"#.utf8, "slow.json")
                // Dropped later, so its grace ends later.
                try folder.drop(try await TestPictures.make(), "alone.jpg")
                try await folder.wait(for: "videos/alone.receipt.json")
                #expect(try await folder.jobs().map { $0["name"] } == ["alone"])
                try folder.drop(sidecar(["prompt": "my own"]), "slow.json")
                try await folder.waitForVideos("slow")
            }
            #expect(try folder.receipt("slow")["request"]?["prompt"] == "my own")
            #expect(try folder.receipt("alone")["request"]?["prompt"] == "default")
            #expect(try await folder.jobs().count == 2)
        }

        @Test("A sidecar that comes within the grace is not too late", .timeLimit(.minutes(1)))
        func lateSidecar() async throws {
            try folder.drop(sidecar(["prompt": "default"]), "_hotreel.json")
            try await folder.serving(settings: ["INTAKE_GRACE": "20s"]) { service in
                try folder.drop(try await TestPictures.make(), "late.jpg")
                _ = try await service.line("a sidecar of its own may still come")
                try folder.drop(sidecar(["prompt": "my own"]), "late.json")
                try await folder.waitForVideos("late")
            }
            #expect(try folder.receipt("late")["request"]?["prompt"] == "my own")
            #expect(try await folder.jobs().count == 1)
        }

        @Test("A picture alone in a folder without defaults waits, whatever the grace", .timeLimit(.minutes(1)))
        func noDefaults() async throws {
            try folder.drop(sidecar(), "with/_hotreel.json")
            try folder.drop(try await TestPictures.make(), "without/waits.jpg")
            try folder.drop(try await TestPictures.make(), "with/goes.jpg")
            try await folder.serving(settings: ["INTAKE_GRACE": "0"]) { _ in try await folder.waitForVideos("with/goes")
            }
            #expect(folder.root.files(in: "inbox") == ["with/_hotreel.json", "without/waits.jpg"])
            #expect(try await folder.jobs().count == 1)
        }

        @Test(
            "A mask that the folder's defaults name stays for the next drop and is never one itself, restart or not",
            .timeLimit(.minutes(1)))
        func maskInDefaults() async throws {
            let mask = try await TestPictures.make(
                .png, source: "color=c=black", filter: "drawbox=w=200:h=200:c=white:t=fill")
            try folder.drop(sidecar(["static_mask": "still.png"]), "_hotreel.json")
            try folder.drop(mask, "still.png")
            for name in ["one", "two"] {
                try await folder.serving(settings: ["INTAKE_GRACE": "300ms"]) { _ in
                    try folder.drop(try await TestPictures.make(), "\(name).jpg")
                    try await folder.waitForVideos(name)
                }
                #expect(folder.root.files(in: "inbox") == ["_hotreel.json", "still.png"])
                try await folder.expectVideo(name)
                #expect(try folder.receipt(name)["request"]?["static_mask"]?["file"] == "still.png")
            }
            #expect(try await folder.jobs().map { $0["name"] } == ["one", "two"])
        }
    }
}
