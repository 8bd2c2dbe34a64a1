import Folders
import Foundation
import Jobs
import SystemPackage
import TestKit
import Testing

@Suite("Reports in the outbox")
struct OutboxReportTests {
    private let folder: TemporaryFolder
    private let outbox: Outbox

    init() throws {
        folder = try TemporaryFolder()
        outbox = Outbox(root: folder["out"])
        try outbox.prepare()
    }

    private let json = Array(#"{"job": "1", "stage": "intake", "problems": []}"#.utf8)

    @Test("writes reports over older ones of the stem")
    func reports() throws {
        for text in ["first", "second"] {
            try outbox.report(text: text, json: Array("{}".utf8), folder: "p", stem: "shot")
        }
        #expect(folder.files(in: "out/errors/p") == ["shot.error.json", "shot.error.txt"])
        #expect(try folder.text(of: "out/errors/p/shot.error.txt") == "second")
    }

    @Test("withdraws reports once the files they speak of have been taken away, not before")
    func withdrawal() throws {
        for stem in ["shot", "shot2"] { try outbox.report(text: "why", json: json, folder: "p", stem: stem) }
        try folder.write("still here", to: "out/errors/p/SHOT.json")
        try outbox.withdrawReports(folder: "p", stem: "shot")
        #expect(folder.files(in: "out/errors/p").count == 5)
        try FileSystem.remove(folder["out/errors/p/SHOT.json"])
        try outbox.withdrawReports(folder: "p", stem: "shot")
        #expect(folder.files(in: "out/errors/p") == ["shot2.error.json", "shot2.error.txt"])
        try outbox.withdrawReports(folder: "elsewhere", stem: "shot")
    }

    @Test("leaves files that merely have a report's name to whoever wrote them")
    func foreignReport() throws {
        try folder.write("{}", to: "out/errors/p/shot.error.json")
        try folder.write("mine", to: "out/errors/p/shot.error.txt")
        try outbox.withdrawReports(folder: "p", stem: "shot")
        #expect(folder.files(in: "out/errors/p") == ["shot.error.json", "shot.error.txt"])
    }

    @Test(
        "withdraws the reports of variations too, by whatever number they were given back",
        arguments: [
            ("shot", ["shot_v1", "shot_v3", "shot_v16"]), ("shot (2)", ["shot (2)", "shot_v2 (2)"]),
            (
                String(repeating: "long", count: 60),
                ["\(String(OutputName.fitting(String(repeating: "long", count: 60))))_v2"]
            ),
        ])
    func variations(stem: String, reports: [String]) throws {
        let others = ["shot_v17", "shot_v2 (3)", "shots", "shot_v"]
        for report in reports + others { try outbox.report(text: "why", json: json, folder: "p", stem: report) }
        try folder.write("still here", to: "out/errors/p/\(stem).png")
        try outbox.withdrawReports(folder: "p", stem: stem)
        #expect(folder.files(in: "out/errors/p").count == 2 * (reports + others).count + 1)
        try FileSystem.remove(folder["out/errors/p/\(stem).png"])
        try outbox.withdrawReports(folder: "p", stem: stem)
        #expect(
            folder.files(in: "out/errors/p")
                == others.flatMap { ["\($0).error.json", "\($0).error.txt"] }.sorted())
    }

    @Test("leaves the report of a drop that is merely named like a variation, while its files lie there")
    func namedLikeVariation() throws {
        for stem in ["shot_v1", "shot_v2"] { try outbox.report(text: "why", json: json, folder: "p", stem: stem) }
        try folder.write("another drop", to: "out/errors/p/shot_v2.png")
        try outbox.withdrawReports(folder: "p", stem: "shot")
        #expect(
            folder.files(in: "out/errors/p") == ["shot_v2.error.json", "shot_v2.error.txt", "shot_v2.png"])
    }

    @Test("withdraws what a crash left of a withdrawal")
    func half() throws {
        try outbox.report(text: "why", json: json, folder: "p", stem: "shot")
        try FileSystem.remove(folder["out/errors/p/shot.error.txt"])
        try outbox.withdrawReports(folder: "p", stem: "shot")
        #expect(folder.files(in: "out/errors/p").isEmpty)
    }

    @Test("many at once on one name leave one, whole, and nothing else")
    func together() async throws {
        let outbox = outbox
        let texts = (0..<8).map { String(repeating: "\($0)", count: 100_000) }
        try await withThrowingTaskGroup { group in
            for text in texts {
                group.addTask {
                    for _ in 1...20 { try outbox.report(text: text, json: [], folder: "p", stem: "shot") }
                }
            }
            try await group.waitForAll()
        }
        #expect(folder.files(in: "out/errors/p") == ["shot.error.json", "shot.error.txt"])
        #expect(try texts.contains(folder.text(of: "out/errors/p/shot.error.txt")))
    }
}
