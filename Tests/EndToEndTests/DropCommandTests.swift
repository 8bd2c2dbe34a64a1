import Foundation
import Jobs
import Subprocess
import SystemPackage
import TestKit
import Testing

extension EndToEnd {
    @Suite(.serialized) struct DropCommandTests {
        let folder: HotreelFolder

        init() throws { folder = try HotreelFolder() }

        /// Only the share: a pipeline knows of no state folder.
        private var share: [String] {
            ["--inbox", folder.root["inbox"].string, "--outbox", folder.root["outbox"].string]
        }

        private func drop(_ arguments: String...) async throws -> HotreelBinary.Answer {
            try await HotreelBinary.call(["drop"] + arguments + share, in: folder.root["source"])
        }

        private func write(_ name: String, _ settings: [String: JSONValue] = [:], color: String = "red") async throws {
            let picture = try await TestPictures.make(.png, source: "color=c=\(color)")
            try folder.root.write(picture, to: "source/\(name).png")
            try folder.root.write(sidecar(settings).text, to: "source/\(name).json")
        }

        @Test("A delivered drop ends with 0 and the path of the video, numbered or not", .timeLimit(.minutes(1)))
        func delivered() async throws {
            try await write("shot")
            try await folder.serving { _ in
                for name in ["day/shot", "day/shot (2)"] {
                    let answer = try await drop(
                        "shot.png", "shot.json", "--folder", "day", "--wait", "--timeout", "40s")
                    #expect(answer.status == 0, "\(answer)")
                    #expect(answer.output.contains(folder.root["outbox/videos/\(name).mp4"].string), "\(answer.output)")
                }
            }
            #expect(folder.root.files(in: "inbox") == [])
            #expect(folder.root.files(in: "source") == ["shot.json", "shot.png"])
        }

        @Test("What the sidecar names is taken along, and all of its videos are waited for", .timeLimit(.minutes(1)))
        func references() async throws {
            try await write(
                "shot", ["tail_image_url": "ends/last.png", "hotreel": ["variations": 2, "name": "sc01_sh010"]])
            try folder.root.write(try await TestPictures.make(.png, source: "color=c=blue"), to: "source/ends/last.png")
            try await folder.serving { _ in
                let answer = try await drop("shot.json", "shot.png", "--wait", "--timeout", "40s", "--json")
                #expect(answer.status == 0, "\(answer)")
                let result = try #require(try answer.json().arrayValue?.first)
                #expect(result["state"] == "delivered")
                #expect(
                    Set((result["videos"]?.arrayValue ?? []).compactMap { $0["video"]?.stringValue }) == [
                        folder.root["outbox/videos/sc01_sh010_v1.mp4"].string,
                        folder.root["outbox/videos/sc01_sh010_v2.mp4"].string,
                    ])
            }
        }

        @Test("What check finds wrong is said, and nothing appears in the inbox", .timeLimit(.minutes(1)))
        func refused() async throws {
            try await write("good")
            try await write("bad", ["duration": 7])
            let wrong = try await drop("good.png", "good.json", "bad.png", "bad.json", "--folder", "new/folder")
            #expect(wrong.status == 65 && wrong.output.contains("must be 5 or 10"), "\(wrong)")
            let alone = try await drop("good.png")
            #expect(alone.status == 65 && alone.output.contains("no sidecar came"), "\(alone)")
            let missing = try await drop("good.png", "gone.json")
            #expect(missing.status == 66 && missing.errors.contains("gone.json"), "\(missing)")
            let outside = try await drop("good.png", "good.json", "--folder", "../elsewhere")
            #expect(outside.status == 64, "\(outside)")
            try await write("tail", ["tail_image_url": "nowhere.png"])
            let tail = try await drop("tail.png", "tail.json")
            #expect(tail.status == 65 && tail.output.contains("nowhere.png"), "\(tail)")
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.root["inbox"].string) == [])
        }

        @Test("A folder's defaults count, and are not waited for", .timeLimit(.minutes(1)))
        func defaults() async throws {
            try await write("shot")
            try folder.drop(["duration": 10], "day/_hotreel.json")
            let answer = try await drop("shot.png", "--folder", "day")
            #expect(answer.status == 0, "\(answer)")
            try folder.drop(["duration": 7], "night/_hotreel.json")
            #expect(try await drop("shot.png", "--folder", "night").status == 65)
            #expect(folder.root.files(in: "inbox") == ["day/_hotreel.json", "day/shot.png", "night/_hotreel.json"])
        }

        @Test("A report ends it with 65 and the report's own words", .timeLimit(.minutes(1)))
        func reported() async throws {
            try await write("shot", ["prompt": "a storm"])
            let scenario: JSONValue = [
                "faults": [
                    ["operation": "poll", "fault": "failed", "message": "The content was flagged", "times": "always"]
                ]
            ]
            _ = try await HotreelStandIn.running(scenario: scenario) { standIn in
                try await folder.serving(api: standIn.url, key: "any") { _ in
                    let answer = try await drop("shot.png", "shot.json", "--wait", "--timeout", "40s")
                    #expect(answer.status == 65, "\(answer)")
                    #expect(answer.output.contains("The content was flagged"), "\(answer.output)")
                    #expect(answer.output.contains("outbox/errors/shot.error.txt"), "\(answer.output)")
                }
            }
        }

        @Test(
            "Without a service the drop lies in the inbox, and waiting ends with 75 and says so",
            .timeLimit(.minutes(1)))
        func nobodyThere() async throws {
            try await write("shot")
            let answer = try await drop("shot.png", "shot.json", "--wait", "--timeout", "300ms")
            #expect(answer.status == 75 && answer.output.contains("Is the service running?"), "\(answer)")
            #expect(folder.root.files(in: "inbox") == ["shot.json", "shot.png"])
            let again = try await drop("shot.png", "shot.json")
            #expect(again.status == 73 && again.errors.contains("already"), "\(again)")
            try folder.root.write(try await TestPictures.make(), to: "source/shot.jpg")
            #expect(try await drop("shot.jpg", "shot.json").status == 73)
            #expect(folder.root.files(in: "inbox") == ["shot.json", "shot.png"])
        }

        @Test("Of drops of one name at the same time each gets its own outcome or a refusal", .timeLimit(.minutes(2)))
        func atOnce() async throws {
            let colors = ["red", "green", "blue", "white"]
            for color in colors { try await write("\(color)/shot", color: color) }
            try await folder.serving { _ in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for color in colors {
                        group.addTask {
                            while true {
                                let answer = try await drop(
                                    "\(color)/shot.png", "\(color)/shot.json", "--wait", "--timeout", "60s", "--json")
                                if answer.status == 73 { continue }
                                #expect(answer.status == 0, "\(answer)")
                                let result = try answer.json().arrayValue?.first?["videos"]?.arrayValue?.first
                                let receipt = try #require(result?["receipt"]?.stringValue)
                                let document = try JSONDecoder().decode(
                                    JSONValue.self, from: Data(HotreelFolder.bytes(of: FilePath(receipt))))
                                let hash = try await sha256(
                                    of: HotreelFolder.bytes(of: folder.root["source/\(color)/shot.png"]))
                                #expect(
                                    document["sources"]?.arrayValue?.contains { $0["sha256"] == .string(hash) } == true)
                                break
                            }
                        }
                    }
                    try await group.waitForAll()
                }
            }
            #expect(folder.root.files(in: "outbox/videos").count { $0.hasSuffix(".mp4") } == colors.count)
            #expect(folder.root.files(in: "inbox") == [])
        }

        @Test("The same content under the same name twice: each waits for its own video", .timeLimit(.minutes(1)))
        func sameContent() async throws {
            try await write("shot", ["hotreel": ["again": true]])
            try await folder.serving(settings: ["SIMULATOR_RENDER_TIME": "3s", "INTAKE_DUPLICATES": "reuse"]) {
                service in
                async let first = drop("shot.png", "shot.json", "--wait", "--timeout", "40s", "--json")
                _ = try await service.line("accepted by the API")
                let second = try await drop("shot.png", "shot.json", "--wait", "--timeout", "40s", "--json")
                let jobs = try await [first, second].map { answer in
                    try #require(answer.json().arrayValue?.first?["videos"]?.arrayValue?.first?["job"]?.stringValue)
                }
                #expect(try await folder.jobs().compactMap { $0["id"]?.stringValue } == jobs)
            }
        }

        @Test(
            "Whoever may only write to the share, and not see the ledger, gets the outcome", .timeLimit(.minutes(1)),
            .enabled(if: DoctorCommandTests.canRunAsAnybody))
        func onlyTheShare() async throws {
            try await write("shot")
            _ = chmod(folder.root.path.string, 0o755)
            _ = chmod(folder.root["inbox"].string, 0o1777)
            _ = chmod(folder.root["state"].string, 0o700)
            var platform = PlatformOptions()
            platform.userID = 65_534
            platform.groupID = 65_534
            let sources = ["shot.png", "shot.json"].map { folder.root["source/\($0)"].string }
            let options = platform
            try await folder.serving { _ in
                let result = try await Subprocess.run(
                    .path(HotreelBinary.path),
                    arguments: Arguments(["drop", "--wait", "--timeout", "40s"] + share + sources),
                    platformOptions: options, output: .string(limit: 1 << 16), error: .string(limit: 1 << 16))
                #expect(result.terminationStatus.isSuccess, "\(result.standardError)")
                #expect(result.standardOutput.contains("videos/shot.mp4"))
            }
        }

        @Test(
            "An outbox without events is listed", .timeLimit(.minutes(1)),
            .enabled(if: MountedShare.isPossible, "takes rclone and FUSE"))
        func networkOutbox() async throws {
            try await write("shot")
            let share = try await MountedShare(of: folder.root["outbox"], at: try folder.root.folder("seen"))
            try await folder.serving { _ in
                let answer = try await HotreelBinary.call(
                    [
                        "drop", "shot.png", "shot.json", "--wait", "--timeout", "40s", "--inbox",
                        folder.root["inbox"].string,
                        "--outbox", folder.root["seen"].string,
                    ], in: folder.root["source"])
                #expect(answer.status == 0 && answer.output.contains("seen/videos/shot.mp4"), "\(answer)")
            }
            share.unmount()
        }
    }
}
