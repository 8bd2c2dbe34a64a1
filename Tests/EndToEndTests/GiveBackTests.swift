import Foundation
import Jobs
import TestKit
import Testing

extension EndToEnd {
    /// What people do with the files that come back.
    @Suite(.serialized) struct GiveBackTests {
        let folder: HotreelFolder

        init() throws { folder = try HotreelFolder() }

        private func drop(_ name: String, _ settings: JSONValue) async throws {
            try folder.drop(try await TestPictures.make(), "\(name).jpg")
            try folder.drop(settings, "\(name).json")
        }

        @Test("Dragging everything back, the reports too, leaves no report behind", .timeLimit(.minutes(1)))
        func reportsDraggedAlong() async throws {
            try await folder.serving(settings: ["INTAKE_ORPHAN_AFTER": "1s"]) { _ in
                try await drop("shot", ["duration": 7])
                try await folder.wait(for: "errors/shot.error.txt", "errors/shot.jpg", "errors/shot.json")
                try folder.root.write(sidecar().text, to: "outbox/errors/shot.json")
                for name in ["shot.error.json", "shot.error.txt", "shot.jpg", "shot.json"] {
                    try FileManager.default.moveItem(
                        atPath: folder.root["outbox/errors/\(name)"].string,
                        toPath: folder.root["inbox/\(name)"].string)
                }
                try await folder.waitForVideos("shot")
                // A stranger that is dropped later is reported, so by then the reports would have been as well.
                try folder.drop("lone".utf8, "stranger.txt")
                try await folder.wait(for: "errors/stranger.error.txt")
            }
            #expect(folder.outbox.filter { $0.contains("shot.error") } == [])
            #expect(folder.root.files(in: "inbox").isEmpty)
        }

        @Test(
            "A second faulty drop of one name is numbered, and its report names the files as they lie",
            .timeLimit(.minutes(1)))
        func numbered() async throws {
            try await folder.serving { _ in
                try await drop("shot", ["duration": 7])
                try await folder.wait(for: "errors/shot.error.txt", "errors/shot.json")
                try await drop("shot", ["duration": 8])
                try await folder.wait(for: "errors/shot (2).error.txt", "errors/shot (2).json", "errors/shot (2).jpg")
            }
            let text = try folder.root.text(of: "outbox/errors/shot (2).error.txt")
            #expect(text.contains("shot (2).json (dropped as shot.json)"))
            #expect(try folder.json("outbox/errors/shot (2).json") == ["duration": 8])
            #expect(try folder.json("outbox/errors/shot.json") == ["duration": 7])
        }

        @Test("A sidecar that an editor named .json.txt is told so at once", .timeLimit(.minutes(1)))
        func hiddenSuffix() async throws {
            try await folder.serving { _ in
                try folder.drop(sidecar().text.utf8, "shot.json.txt")
                try await folder.wait(for: "errors/shot.json.error.txt")
            }
            #expect(try folder.root.text(of: "outbox/errors/shot.json.error.txt").contains("Rename it to shot.json"))
        }

        @Test("A ledger with open jobs of the stand-in is not taken to the paid API", .timeLimit(.minutes(1)))
        func otherAPI() async throws {
            try await folder.serving { service in
                try await drop("held", ["hotreel": ["hold": true]])
                _ = try await service.line("held: claimed")
            }
            let answer = try await HotreelBinary.call(
                ["run"] + folder.options, environment: ["AIML_API_KEY": "any-key"])
            #expect(
                answer.status == 78 && answer.errors.contains("1 jobs of this ledger")
                    && answer.errors.contains("local"))
            let status = try await folder.call("status", "--json").json()
            #expect(status["preview"] == true && status["jobs"]?["held"] == 1)
        }

        @Test("A held drop waits until it is released, and a cancelled one is given back", .timeLimit(.minutes(2)))
        func heldDrops() async throws {
            try await folder.serving { service in
                for name in ["go", "stop"] {
                    try await drop(name, ["hotreel": ["hold": true]])
                    _ = try await service.line("\(name): claimed")
                }
                #expect(try await folder.call("release", "go").status == 0)
                #expect(try await folder.call("cancel", "stop").status == 0)
                #expect(try await folder.call("release", "stop").status == 75)
                try await folder.wait(for: "errors/stop.jpg", "errors/stop.json", within: .seconds(40))
                try await folder.waitForVideos("go", within: .seconds(60))
            }
            #expect(try await folder.call("retry", "stop").errors.contains("cancelled"))
        }
    }
}
