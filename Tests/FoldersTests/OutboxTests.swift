import Folders
import Foundation
import Jobs
import SystemPackage
import TestKit
import Testing

@Suite("The outbox")
struct OutboxTests {
    private let folder: TemporaryFolder
    private let outbox: Outbox
    private let claims: Claims

    init() throws {
        folder = try TemporaryFolder()
        outbox = Outbox(root: folder["out"])
        claims = Claims(inbox: folder["in"])
        try outbox.prepare()
    }

    /// A drop whose sources lie in its claim folder.
    private func claimed(
        _ name: String, _ sources: [(Source.Role, FileName, String)], folder place: FileName = "p"
    ) throws -> Drop {
        let drop = Drop(
            id: DropID(rawValue: name), folder: place,
            sources: sources.map { role, file, content in
                Source(
                    role: role, file: file,
                    identity: FileIdentity(device: 1, inode: 1, size: 1, modified: 1, changed: 1),
                    sha256: FileSystem.hash(of: Array(content.utf8)), claim: .move)
            })
        for (source, content) in zip(drop.sources, sources.map(\.2)) {
            try folder.write(content, to: claims.path(of: source, in: drop.id))
        }
        return drop
    }

    private func pair(_ name: String) throws -> Drop {
        try claimed(name, [(.picture, "shot.png", "picture \(name)"), (.sidecar, "shot.json", "sidecar \(name)")])
    }

    // MARK: Videos

    @Test("gives the second video of a name a number, and a receipt alone keeps a name taken")
    func videoNames() throws {
        #expect(try outbox.freeVideoName("shot", folder: "p") == "shot")
        try folder.write("video", to: "out/videos/p/shot.mp4")
        #expect(try outbox.freeVideoName("shot", folder: "p") == "shot (2)")
        #expect(try outbox.freeVideoName("shot", folder: "q") == "shot")
        try folder.write("{}", to: "out/videos/p/shot (2).receipt.json")
        #expect(try outbox.freeVideoName("shot", folder: "p") == "shot (3)")
    }

    @Test("publishes a video without replacing one")
    func publish() throws {
        let part = try outbox.downloadPath(of: JobID(rawValue: "job1"), folder: "p")
        try folder.write("new", to: part)
        try folder.write("old", to: "out/videos/p/shot.mp4")
        #expect(try !outbox.publish(part, folder: "p", name: "shot"))
        #expect(try folder.text(of: "out/videos/p/shot.mp4") == "old")
        #expect(try outbox.publish(part, folder: "p", name: "shot (2)"))
        #expect(folder.files(in: "out") == ["videos/p/shot (2).mp4", "videos/p/shot.mp4"])
    }

    // MARK: Sources

    @Test("receives a drop under its own names, then the next one under a common number")
    func numbering() throws {
        for (name, number) in [("one", 1), ("two", 2), ("three", 3)] {
            let drop = try pair(name)
            #expect(try outbox.freeNumber(for: drop, in: .errors, from: claims) == number)
            try outbox.receive(drop, from: claims, in: .errors, number: number)
        }
        #expect(
            folder.files(in: "out/errors/p") == [
                "shot (2).json", "shot (2).png", "shot (3).json", "shot (3).png", "shot.json", "shot.png",
            ])
        #expect(try folder.text(of: "out/errors/p/shot (3).json") == "sidecar three")
        #expect(folder.files(in: "in").isEmpty)
    }

    @Test("one name taken is enough to number both, so that a pair stays a pair")
    func oneTaken() throws {
        try folder.write("somebody's", to: "out/originals/p/shot.json")
        #expect(try outbox.freeNumber(for: pair("one"), in: .originals, from: claims) == 2)
    }

    @Test("receives what is there, again after a crash in the middle")
    func again() throws {
        let drop = try pair("one")
        try FileSystem.makeFolder(outbox.folder(.originals, "p"))
        #expect(
            try FileSystem.rename(claims.path(of: drop.sources[0], in: drop.id), to: folder["out/originals/p/shot.png"])
        )
        for _ in 1...2 { try outbox.receive(drop, from: claims, in: .originals, number: 1) }
        #expect(folder.files(in: "out/originals/p") == ["shot.json", "shot.png"])
    }

    @Test("keeps a mask that two drops shared once, and another of its name beside it")
    func sharedMask() throws {
        for (name, content) in [("one", "mask"), ("two", "mask"), ("three", "another")] {
            let drop = try claimed(
                name, [(.picture, FileName("\(name).png"), name), (.mask, "masks/still.png", content)])
            try outbox.receive(drop, from: claims, in: .originals, number: 1)
        }
        #expect(
            folder.files(in: "out/originals/p")
                == ["masks/still (2).png", "masks/still.png", "one.png", "three.png", "two.png"])
        #expect(try folder.text(of: "out/originals/p/masks/still (2).png") == "another")
        #expect(folder.files(in: "in").isEmpty)
    }

    @Test("a picture of the same content as one that lies there is kept: it is somebody's drop")
    func samePicture() throws {
        for name in ["one", "two"] {
            let drop = try claimed(name, [(.picture, "shot.png", "same")])
            try outbox.receive(drop, from: claims, in: .originals, number: 1)
        }
        #expect(folder.files(in: "out/originals/p") == ["shot (2).png", "shot.png"])
    }

    @Test("copies for one part what then moves to another")
    func copies() throws {
        let drop = try pair("one")
        try outbox.receiveCopies(drop, from: claims, in: .originals, number: 1)
        try outbox.receive(drop, from: claims, in: .errors, number: 1)
        #expect(folder.files(in: "out/originals") == ["p/shot.json", "p/shot.png"])
        #expect(folder.files(in: "out/errors") == ["p/shot.json", "p/shot.png"])
        #expect(folder.files(in: "in").isEmpty)
    }

    @Test("takes names that are not UTF-8, and names as long as a file system allows, also when they are taken")
    func oddNames() throws {
        let latin = FileName(bytes: [0x66, 0xE9, 0xFF] + Array(".png".utf8))
        let long = FileName(String(repeating: "ä", count: 125) + "x.png")
        try #require(long.bytes.count == 255)
        for name in ["one", "two"] {
            let drop = try claimed(name, [(.picture, latin, name), (.sidecar, long, name)])
            try outbox.receive(
                drop, from: claims, in: .errors, number: outbox.freeNumber(for: drop, in: .errors, from: claims))
        }
        let names = try FileSystem.list(outbox.folder(.errors, "p")).map(\.name)
        let cut = FileName(String(repeating: "ä", count: 123) + " (2).png")
        #expect(Set(names) == [latin, long, FileName(bytes: [0x66, 0xE9, 0xFF] + Array(" (2).png".utf8)), cut])
    }

    // MARK: Reports

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
        let json = Array(#"{"job": "1", "stage": "intake", "problems": []}"#.utf8)
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
}
