import Jobs
import TestKit
import Testing

extension EndToEnd {
    @Suite(.serialized) struct CheckCommandTests {
        let folder: HotreelFolder

        init() throws { folder = try HotreelFolder() }

        @Test("check says what run will say, to the last word, and moves nothing", .timeLimit(.minutes(1)))
        func agrees() async throws {
            let picture = try await TestPictures.make()
            let bad = BadSidecar.definite + BadSidecar.unparsable
            for drop in bad {
                try folder.drop(picture, "\(drop.name).jpg")
                try folder.drop(drop.bytes, "\(drop.name).json")
            }
            try folder.drop(try await TestPictures.make(size: "299x400"), "small.jpg")
            try folder.drop(sidecar(), "small.json")
            try folder.drop(picture[..<(picture.count / 2)], "half.jpg")
            try folder.drop(sidecar(), "half.json")
            try folder.drop(picture, "good.jpg")
            try folder.drop(sidecar(["camera_control": ["type": "forward_up"]]), "good.json")
            let before = folder.root.files()

            let answer = try await folder.call("check", folder.root["inbox"].string, "--json")
            #expect(answer.status == 65)
            #expect(folder.root.files() == before)
            let checks = try #require(try answer.json().arrayValue)
            let names = bad.map(\.name) + ["small", "half"]
            #expect(Set(checks.compactMap { $0["name"]?.stringValue }) == Set(names + ["good"]))
            #expect(checks.filter { $0["ok"] == true }.map { $0["name"] } == ["good"])

            try await folder.serving(settings: ["INTAKE_ORPHAN_AFTER": "300ms"]) { _ in
                try await folder.waitForVideos("good")
                try await folder.wait("all reports") {
                    names.allSatisfy { folder.root.exists("outbox/errors/\($0).json") }
                        && folder.root.files(in: "inbox").isEmpty
                }
            }
            for name in names {
                let told = try folder.json("outbox/errors/\(name).error.json")["problems"]
                #expect(checks.first { $0["name"] == .string(name) }?["problems"] == told, "\(name)")
            }
            let good = try #require(checks.first { $0["name"] == "good" })
            let receipt = try folder.receipt("good")
            #expect(good["warnings"] == receipt["warnings"] && good["warnings"] != [])
            #expect(good["request"]?["camera_control"] == receipt["request"]?["camera_control"])
        }

        @Test("check of a good pair ends with 0 and a tick, whichever of its files is given", .timeLimit(.minutes(1)))
        func good() async throws {
            try folder.drop(try await TestPictures.make(), "day/shot.jpg")
            try folder.drop(sidecar(), "day/shot.json")
            for file in ["day/shot.jpg", "day/shot.json", "day"] {
                let answer = try await folder.call("check", folder.root["inbox/\(file)"].string)
                #expect(
                    answer.status == 0 && answer.output.contains("✓") && answer.output.contains("shot.jpg"), "\(answer)"
                )
            }
            #expect(folder.root.files() == ["inbox/day/shot.jpg", "inbox/day/shot.json"])
        }
    }
}
