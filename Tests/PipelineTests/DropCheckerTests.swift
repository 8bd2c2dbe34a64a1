import Catalog
import Folders
import Jobs
import TestKit
import Testing

@testable import Pipeline

@Suite("Checking drops beforehand", .timeLimit(.minutes(1)))
struct DropCheckerTests {
    private let folder: TemporaryFolder
    private let checker: DropChecker

    init() throws {
        folder = try TemporaryFolder()
        checker = DropChecker(catalog: try .bundled(), inbox: folder.path)
    }

    @Test func `A good drop shows what would be sent, pictures by name, and is not touched`() async throws {
        try folder.write("{\"cfg_scale\": 0.3}", to: "_hotreel.json")
        try folder.write(try await TestPictures.make(.png), to: "a/shot.png")
        try folder.write(try await TestPictures.make(.png), to: "a/end.png")
        try folder.write("{\"prompt\": \"push in\", \"tail_image_url\": \"end.png\"}", to: "a/shot.json")
        let files = folder.files()
        let checks = try checker.check(folder["a/shot.png"])
        #expect(checks.count == 1)
        #expect(checks[0].problems.isEmpty)
        #expect(checks[0].name == "shot")
        #expect(checks[0].folder == "a")
        #expect(Set(checks[0].files) == ["shot.png", "shot.json", "end.png"])
        let request = checks[0].request
        #expect(request?["prompt"] == "push in")
        #expect(request?["cfg_scale"] == 0.3)
        #expect(request?["image_url"] == ["file": "shot.png"])
        #expect(request?["tail_image_url"] == ["file": "end.png"])
        #expect(folder.files() == files)
    }

    @Test func `What the videos will be called is told where it differs from what was dropped, or is taken`()
        async throws
    {
        let outbox = Outbox(root: folder["out"])
        let checker = DropChecker(catalog: try .bundled(), inbox: folder["in"], outbox: outbox)
        for name in ["what?", "shot"] {
            try folder.write(try await TestPictures.make(.png), to: "in/day: 1/\(name).png")
            try folder.write("{\"prompt\": \"push in\"}", to: "in/day: 1/\(name).json")
        }
        try folder.write("there", to: "out/videos/day_ 1/SHOT.mp4")
        let odd = try checker.check(folder["in/day: 1/what?.json"])
        #expect(odd.map(\.outputs) == [["day_ 1/what_.mp4"]])
        #expect(odd[0].warnings.count == 2 && odd[0].warnings[0].contains("it is called \"what_\""))
        let taken = try checker.check(folder["in/day: 1/shot.png"])
        #expect(taken.map(\.outputs) == [["day_ 1/shot (2).mp4"]])
        #expect(taken[0].warnings.contains { $0.contains("this one will be shot (2).mp4") })
    }

    @Test func `A folder is checked with all below it, in order`() async throws {
        for place in ["b", "a/deep", "a"] {
            try folder.write(try await TestPictures.make(.png), to: "\(place)/shot.png")
            try folder.write("{\"prompt\": \"x\"}", to: "\(place)/shot.json")
        }
        #expect(try checker.check(folder["a"]).map(\.folder) == ["a", "a/deep"])
        #expect(try checker.check(folder.path).map(\.folder) == ["a", "a/deep", "b"])
    }

    @Test func `A lone file is told what it lacks`() async throws {
        try folder.write(try await TestPictures.make(.png), to: "shot.png")
        try folder.write("{\"prompt\": \"x\"}", to: "other.json")
        for name in ["shot.png", "other.json"] {
            let checks = try checker.check(folder[name])
            #expect(checks.count == 1)
            #expect(checks.first?.problems.isEmpty == false)
            #expect(checks.first?.request == nil)
        }
    }

    @Test func `A name that does not exist is an error`() throws {
        #expect(throws: (any Error).self) { try checker.check(folder["nothing.png"]) }
    }
}
