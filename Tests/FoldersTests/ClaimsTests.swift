import Foundation
import Jobs
import SystemPackage
import TestKit
import Testing

@testable import Folders

@Suite("Claims")
struct ClaimsTests {
    private let folder: TemporaryFolder
    private let claims: Claims
    private let id = DropID(rawValue: "drop1")

    init() throws {
        folder = try TemporaryFolder()
        claims = Claims(inbox: folder.path)
        try claims.prepare(id)
    }

    /// A drop of files that lie in the inbox.
    private func drop(_ folderName: FileName = "", _ files: FileName..., copying copies: FileName...) throws -> Drop {
        func source(_ file: FileName, _ claim: Source.Claim) throws -> Source {
            let here = folder.path.appending(folderName).appending(file)
            let status = try FileSystem.status(of: here) ?? FileSystem.status(of: folder.path.appending(file))
            return Source(role: .picture, file: file, identity: try #require(status).identity, sha256: "", claim: claim)
        }
        return Drop(
            id: id, folder: folderName,
            sources: try files.map { try source($0, .move) } + copies.map { try source($0, .copy) })
    }

    private func take(_ drop: Drop) throws -> [Claims.Outcome] {
        try drop.sources.map { try claims.take($0, of: drop) }
    }

    @Test("move files, and copy those that others need, twice without harm")
    func take() throws {
        try folder.write("one", to: "p/a.png")
        try folder.write("two", to: "p/masks/m.png")
        let drop = try drop("p", "a.png", copying: "masks/m.png")
        for _ in 1...2 {
            #expect(try take(drop) == [.taken, .taken])
            #expect(
                folder.files() == [
                    ".hotreel/drop1/copies/masks/m.png", ".hotreel/drop1/sources/a.png", "p/masks/m.png",
                ])
        }
        #expect(try claims.drops() == [id])
        #expect(try claims.sourceFiles(in: id) == ["a.png"])
    }

    @Test("take the inbox's name away where a crash left a file with both, so that it is no second drop")
    func linked() throws {
        try folder.write("one", to: "p/a.png")
        let drop = try drop("p", "a.png")
        #expect(link(folder["p/a.png"].string, claims.path(of: drop.sources[0], in: id).path.string) == 0)
        #expect(try take(drop) == [.taken])
        #expect(folder.files() == [".hotreel/drop1/sources/a.png"])
    }

    @Test("leave a file that came to the inbox later under the name of one that was taken")
    func later() throws {
        try folder.write("one", to: "a.png")
        let drop = try drop("", "a.png")
        _ = try take(drop)
        try folder.write("two", to: "a.png")
        #expect(try take(drop) == [.taken])
        #expect(try folder.text(of: "a.png") == "two")
    }

    @Test("copy whole or not at all: what a crash left of a copy is not taken for it")
    func halfCopy() throws {
        try folder.write("the whole mask", to: "m.png")
        let drop = try drop("", copying: "m.png")
        let copy = claims.path(of: drop.sources[0], in: id).path
        let half = NameRules.temporary(for: Array(copy.string.utf8))
        try folder.write("the wh", to: copy.removingLastComponent().appending(half))
        #expect(try take(drop) == [.taken])
        #expect(folder.files() == [".hotreel/drop1/copies/m.png", "m.png"])
        #expect(try folder.text(of: ".hotreel/drop1/copies/m.png") == "the whole mask")
    }

    @Test("put files back into a folder that somebody has tidied away")
    func putBackFolder() throws {
        try folder.write("one", to: "p/q/a.png")
        let drop = try drop("p/q", "a.png")
        _ = try take(drop)
        try FileSystem.removeTree(folder["p"])
        #expect(try claims.putBack(drop.sources[0], of: drop))
        #expect(try folder.text(of: "p/q/a.png") == "one")
    }

    @Test("copy what folder defaults name outside the drop's folder")
    func outside() throws {
        try folder.write("one", to: "p/a.png")
        try folder.write("two", to: "masks/m.png")
        #expect(try take(drop("p", "a.png", copying: "masks/m.png")) == [.taken, .taken])
        #expect(folder.files(in: ".hotreel") == ["drop1/copies/masks/m.png", "drop1/sources/a.png"])
    }

    @Test("leave a file alone that is no longer what was looked at")
    func changed() throws {
        try folder.write("one", to: "a.png")
        let drop = try drop("", "a.png")
        try folder.write("other", to: "a.png")
        #expect(try take(drop) == [.changed])
        #expect(try folder.text(of: "a.png") == "other")
        #expect(try claims.sourceFiles(in: id).isEmpty)
    }

    @Test("tell what is gone")
    func missing() throws {
        try folder.write("one", to: "a.png")
        let drop = try drop("", "a.png")
        try FileSystem.remove(folder["a.png"])
        #expect(try take(drop) == [.missing])
    }

    @Test("put files back, but over nothing")
    func putBack() throws {
        try folder.write("one", to: "a.png")
        try folder.write("two", to: "b.png")
        try folder.write("three", to: "m.png")
        let drop = try drop("", "a.png", "b.png", copying: "m.png")
        _ = try take(drop)
        try folder.write("newer", to: "b.png")
        #expect(try drop.sources.map { try claims.putBack($0, of: drop) } == [true, false, true])
        #expect(folder.files() == [".hotreel/drop1/sources/b.png", "a.png", "b.png", "m.png"])
        #expect(try folder.text(of: "b.png") == "newer")
    }

    @Test("take links, pipes and names that are not UTF-8 as they are")
    func special() throws {
        let odd = FileName(bytes: [0xE9, 0xFF, 0x20])
        #expect(symlink("nowhere", folder["link"].string) == 0)
        #expect(mkfifo(folder["pipe"].string, 0o600) == 0)
        try folder.write("one", to: folder.file(bytes: odd.bytes))
        #expect(try take(drop("", "link", "pipe", odd)) == [.taken, .taken, .taken])
        #expect(try Set(claims.sourceFiles(in: id)) == ["link", "pipe", odd])
    }

    @Test("end with nothing left, and again without complaint")
    func removal() throws {
        try folder.write("one", to: "a.png")
        _ = try take(drop("", "a.png"))
        #expect(try !claims.isEmptied(id))
        #expect(throws: FileError.self, "a share that is not there is no sign that all was placed") {
            try Claims(inbox: folder["missing"]).isEmptied(id)
        }
        #expect(throws: FileError.self, "a source is still there") { try claims.remove(id) }
        #expect(try claims.sourceFiles(in: id) == ["a.png"])
        for _ in 1...2 { try claims.remove(id, discardingSources: true) }
        #expect(try claims.drops().isEmpty && folder.files().isEmpty)
        #expect(try Claims(inbox: folder["missing"]).drops().isEmpty)
    }
}
