import Folders
import Foundation
import Jobs
import SystemPackage
import TestKit
import Testing

@Suite("Every file of inbox and outbox")
struct FileWalkTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test("a claim folder's files are told by drop and part, litter apart")
    func claimed() throws {
        let drop = "in/.hotreel/drop1"
        for name in [
            "\(drop)/sources/a.png", "\(drop)/copies/masks/m.png", "\(drop)/copies/masks/.hotreel-0f.tmp",
            "\(drop)/fitted/1", "\(drop)/leaving/sources/b c.png", "\(drop)/twins/sources/a.png",
            "\(drop)/.twins/sources/a.png", "\(drop)/stray", "in/.hotreel/stray", "in/x.png",
        ] { try folder.write("", to: name) }
        try folder.folder("in/.hotreel/drop2/sources")
        var found: Set<String> = []
        try Claims(inbox: folder["in"]).files { file in
            let place = "\(file.drop?.rawValue ?? "-") \(file.part?.rawValue ?? "-") \(file.name)"
            found.insert(place + (file.isLitter ? " litter" : ""))
            #expect(file.status.kind == .regular)
        }
        #expect(
            found == [
                "drop1 sources a.png", "drop1 copies masks/m.png", "drop1 copies masks/.hotreel-0f.tmp litter",
                "drop1 fitted 1", "drop1 leaving sources/b c.png", "drop1 twins sources/a.png",
                "drop1 - .twins/sources/a.png litter", "drop1 - stray litter", "- - stray",
            ])
    }

    @Test("the outbox's files are told by part and kind; status.json is no litter")
    func delivered() throws {
        let outbox = Outbox(root: folder["out"])
        try outbox.prepare()
        try outbox.writeStatus(Array("{}".utf8))
        let kinds: [String: OutboxFile.Kind] = [
            "status.json": .status, "status.html": .status, "videos/p/a.mp4": .video,
            "videos/a (2).receipt.json": .receipt,
            "videos/p/.job1.mp4.part": .litter, "videos/notes.txt": .foreign, "videos/p/status.json": .foreign,
            "errors/p/a.error.txt": .report, "errors/a.error.json": .report, "errors/a.png": .source,
            "errors/.hotreel-00.tmp": .litter, "originals/q/masks/m.png": .source, "originals/.DS_Store": .litter,
            "originals/.x/a.png": .litter, "originals/a.mp4": .source, ".hotreel-00.tmp": .litter,
            "other.txt": .foreign,
        ]
        for name in kinds.keys where name != "status.json" { try folder.write("", to: "out/\(name)") }
        try folder.write("", to: "out/lost+found/x")
        var found: [String: OutboxFile.Kind] = [:]
        try outbox.files { file in
            found[(file.part.map { $0.rawValue + "/" } ?? "") + file.name.text] = file.kind
        }
        #expect(found == kinds.merging(["lost+found": .foreign]) { $1 })
    }

    @Test("a walk passes no link, misses nothing unreadable in silence, and stops where its visitor does")
    func walk() throws {
        try folder.write("", to: "elsewhere/secret")
        try folder.write("", to: "tree/a/b/c")
        #expect(symlink(folder["elsewhere"].string, folder["tree/link"].string) == 0)
        var found: [FileName] = []
        try FileSystem.walk(folder["tree"]) { found.append($0.name) }
        #expect(Set(found) == ["a/b/c", "link"])
        var visits = 0
        let stop = FileError("stop at", folder["tree"], .canceled)
        #expect(throws: stop) {
            try FileSystem.walk(folder["tree"]) { _ throws(FileError) in
                visits += 1
                throw stop
            }
        }
        #expect(visits == 1)
        #expect(throws: FileError.self) { try FileSystem.walk(folder["missing"]) { _ in } }
    }

    @Test("thousands of files in hundreds of folders are all seen, once")
    func many() throws {
        for number in 0..<400 { try folder.folder("out/originals/\(number)") }
        let originals = folder["out/originals"].string
        for number in 0..<2_000 {
            let file = creat("\(originals)/\(number % 400)/\(number).png", 0o600)
            try #require(file >= 0 && close(file) == 0)
        }
        var (seen, visits): (Set<FileName>, Int) = ([], 0)
        try Outbox(root: folder["out"]).files { file in
            seen.insert(file.name)
            visits += 1
        }
        #expect(visits == 2_000 && seen.count == 2_000)
    }
}
