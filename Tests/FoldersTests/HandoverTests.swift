import Foundation
import Jobs
import SystemPackage
import TestKit
import Testing

@testable import Folders

/// An inbox in one file system and an outbox in another.
@Suite("Handing files over to another disk")
struct HandoverTests {
    private let folder: TemporaryFolder
    private let other: OtherFileSystem
    private let claims: Claims
    private let drop = DropID(rawValue: "drop1")

    init() throws {
        folder = try TemporaryFolder()
        other = try OtherFileSystem()
        claims = Claims(inbox: folder.path)
        try claims.prepare(drop)
        try #require(try other.isOther(than: folder.path), "one file system is all this machine has")
    }

    private var source: FilePath { claims.folder(of: drop).appending("sources/a.png").path }
    private var leaving: FilePath { claims.folder(of: drop).appending("leaving/sources/a.png").path }
    private var staged: FilePath { other.path.appending(NameRules.temporary(for: Array("drop1/sources/a.png".utf8))) }

    /// What lies under the claim folder.
    private var claimed: [String] { folder.files(in: ".hotreel/drop1") }

    private func handOver(sharing sha256: String? = nil) throws {
        try Handover("sources/a.png", of: drop, in: claims).run(
            to: { other.path.appending(OutputName.choice($0, of: FileName("a.png"))) }, from: 1, sharing: sha256)
    }

    @Test("ends with the whole file at its name, with its time, and nothing else")
    func whole() throws {
        let content = String(repeating: "0123456789", count: 300_000)
        try folder.write(content, to: source)
        let time = timespec(tv_sec: 1_000_000_000, tv_nsec: 123_456_789)
        #expect(utimensat(AT_FDCWD, source.string, [time, time], 0) == 0)
        for _ in 1...2 { try handOver() }
        #expect(other.names == ["a.png"] && claimed.isEmpty)
        #expect(try FileSystem.hash(other["a.png"]).sha256 == FileSystem.hash(of: Array(content.utf8)))
        #expect(try FileSystem.status(of: other["a.png"])?.identity.modified == 1_000_000_000_123_456_789)
    }

    @Test("replaces nothing: somebody else's file of the same content stays beside it")
    func taken() throws {
        for content in ["same", "another"] {
            try folder.write("same", to: source)
            try folder.write(content, to: other["a.png"])
            try handOver()
            #expect(other.names == ["a (2).png", "a.png"])
            #expect(try FileSystem.read(other["a.png"], limit: 99) == Array(content.utf8))
            try FileSystem.remove(other["a (2).png"])
        }
    }

    @Test("moves links, dangling ones too, and pipes as what they are", arguments: ["link", "pipe"])
    func special(kind: String) throws {
        if kind == "link" {
            #expect(symlink("/nowhere/at-all", source.string) == 0)
        } else {
            #expect(mkfifo(source.string, 0o600) == 0)
        }
        let before = try FileSystem.status(of: source)?.kind
        try handOver()
        #expect(try FileSystem.status(of: other["a.png"])?.kind == before)
        if kind == "link" {
            #expect(
                try FileManager.default.destinationOfSymbolicLink(atPath: other["a.png"].string) == "/nowhere/at-all")
        }
        #expect(other.names == ["a.png"] && claimed.isEmpty)
    }

    /// How far the hand-over of a file had come when the power went.
    enum Cut: CaseIterable {
        case beforeTheCopy, inTheCopy, afterTheCopy, afterLeaving, afterTheName, copyRemoved, linkedTwice
    }

    private func cut(_ cut: Cut) throws {
        try folder.write("picture", to: source)
        func leave() throws {
            try FileSystem.makeFolder(leaving.removingLastComponent())
            #expect(try FileSystem.rename(source, to: leaving))
        }
        switch cut {
        case .beforeTheCopy: break
        case .inTheCopy: try folder.write("pic", to: staged)
        case .afterTheCopy: try folder.write("picture", to: staged)
        case .afterLeaving:
            try folder.write("picture", to: staged)
            try leave()
        case .afterTheName:
            try folder.write("picture", to: other["a.png"])
            try leave()
        // Some tidy program takes away hidden files.
        case .copyRemoved: try leave()
        // The rename to `leaving/` by hard link, before the old name went.
        case .linkedTwice:
            try folder.write("picture", to: staged)
            try leave()
            #expect(link(leaving.string, source.string) == 0)
        }
    }

    @Test("cut short anywhere and done again ends with exactly one file", arguments: Cut.allCases)
    func again(cut: Cut) throws {
        try self.cut(cut)
        #expect(try claims.sourceFiles(in: drop) == ["a.png"])
        #expect(throws: FileError.self, "its file is not handed over") { try claims.remove(drop) }
        for _ in 1...2 { try handOver() }
        #expect(other.names == ["a.png"])
        #expect(try FileSystem.read(other["a.png"], limit: 99) == Array("picture".utf8))
        #expect(claimed.isEmpty)
        try claims.remove(drop)
    }

    @Test("cut short and done again finds its own file even if another has its first name", arguments: Cut.allCases)
    func againBesideAnother(cut: Cut) throws {
        try self.cut(cut)
        if cut == .afterTheName { #expect(try FileSystem.rename(other["a.png"], to: other["a (2).png"])) }
        try folder.write("another", to: other["a.png"])
        for _ in 1...2 { try handOver() }
        #expect(other.names == ["a (2).png", "a.png"] && claimed.isEmpty)
        #expect(try FileSystem.read(other["a (2).png"], limit: 99) == Array("picture".utf8))
    }

    @Test("cut short and done again leaves a shared file once", arguments: Cut.allCases)
    func againShared(cut: Cut) throws {
        try self.cut(cut)
        try folder.write("picture", to: other["a.png"])
        for _ in 1...2 { try handOver(sharing: FileSystem.hash(of: Array("picture".utf8))) }
        #expect(other.names == ["a.png"] && claimed.isEmpty)
    }
}

/// A folder in memory, which is another file system than the disk's.
final class OtherFileSystem: Sendable {
    let path: FilePath

    init() throws {
        path = FilePath("/dev/shm/hotreel-test-\(UInt64.random(in: 0...UInt64.max))")
        try FileSystem.makeFolder(path)
    }

    deinit { try? FileSystem.removeTree(path) }

    subscript(_ name: String) -> FilePath { path.appending(name) }
    var names: [String] { ((try? FileSystem.list(path)) ?? []).map(\.name.text).sorted() }

    func isOther(than folder: FilePath) throws -> Bool {
        try FileSystem.status(of: folder)?.identity.device != FileSystem.status(of: path)?.identity.device
    }
}
