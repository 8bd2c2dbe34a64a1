import Folders
import Foundation
import Jobs
import SystemPackage
import TestKit
import Testing

@Suite("The outbox")
struct OutboxTests {
    private let drops: ClaimedDrop

    init() throws { drops = try ClaimedDrop() }

    private var folder: TemporaryFolder { drops.folder }
    private var outbox: Outbox { drops.outbox }
    private var claims: Claims { drops.claims }

    private func claimed(_ name: String, _ sources: [(Source.Role, FileName, String)]) throws -> Drop {
        try drops.claimed(name, sources)
    }

    private func pair(_ name: String) throws -> Drop { try drops.pair(name) }

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
        let cut = FileName(String(repeating: "ä", count: 119) + " (2).png")
        #expect(Set(names) == [latin, long, FileName(bytes: [0x66, 0xE9, 0xFF] + Array(" (2).png".utf8)), cut])
    }
}
