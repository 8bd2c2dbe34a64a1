import Foundation
import Jobs
import SystemPackage
import TestKit
import Testing

@testable import Folders

@Suite("Claims across mounts", .serialized, .enabled(if: MountedFolder.isPossible, MountedFolder.reason))
struct CrossingTests {
    private let folder: TemporaryFolder
    private let share: MountedFolder
    private let claims: Claims
    private let id = DropID(rawValue: "drop1")

    init() throws {
        folder = try TemporaryFolder()
        claims = Claims(inbox: folder.path)
        share = try MountedFolder(memory: folder["nas"])
        try claims.prepare(id)
    }

    private func drop(_ name: FileName, kind: FileStatus.Kind = .regular) throws -> Drop {
        let path = folder["nas"].appending(name)
        let status = try #require(try FileSystem.status(of: path))
        return Drop(
            id: id, folder: "nas",
            sources: [
                Source(
                    role: .picture, file: name, identity: status.identity,
                    sha256: status.kind == .regular ? try FileSystem.hash(path).sha256 : "", claim: .move)
            ])
    }

    private func target(_ drop: Drop) -> RootedPath { claims.path(of: drop.sources[0], in: id) }

    @Test("take a file from a share below the inbox, and put it back")
    func takeAndPutBack() throws {
        try folder.write("one", to: "nas/a.png")
        let drop = try drop("a.png")
        for _ in 1...2 {
            #expect(try claims.take(drop.sources[0], of: drop) == .taken)
            #expect(folder.files() == [".hotreel/drop1/sources/a.png"])
        }
        for _ in 1...2 {
            #expect(try claims.putBack(drop.sources[0], of: drop))
            #expect(folder.files() == ["nas/a.png"])
        }
        #expect(try folder.text(of: "nas/a.png") == "one")
    }

    @Test("go on after a crash wherever it came", arguments: ["copied", "aside"])
    func crashed(after step: String) throws {
        try folder.write("one", to: "nas/a.png")
        let drop = try drop("a.png")
        try FileSystem.copy(folder["nas/a.png"], to: target(drop))
        if step == "aside" {
            let hidden = NameRules.temporary(for: Array(target(drop).path.string.utf8))
            #expect(try FileSystem.rename(folder["nas/a.png"], to: folder["nas"].appending(hidden)))
        }
        #expect(try claims.take(drop.sources[0], of: drop) == .taken)
        #expect(folder.files() == [".hotreel/drop1/sources/a.png"])
    }

    @Test("a file set aside before its copy was complete is taken all the same")
    func asideOnly() throws {
        try folder.write("one", to: "nas/a.png")
        let drop = try drop("a.png")
        let hidden = NameRules.temporary(for: Array(target(drop).path.string.utf8))
        #expect(try FileSystem.rename(folder["nas/a.png"], to: folder["nas"].appending(hidden)))
        #expect(
            try claims.cross(RootedPath(claims.inbox, "nas/a.png"), to: target(drop), as: drop.sources[0]) == .taken)
        #expect(folder.files() == [".hotreel/drop1/sources/a.png"])
    }

    @Test("leave a file that was written anew, before its copy and after")
    func changed() throws {
        try folder.write("one", to: "nas/a.png")
        let drop = try drop("a.png")
        try folder.write("another", to: "nas/a.png")
        #expect(try claims.take(drop.sources[0], of: drop) == .changed)
        #expect(folder.files() == ["nas/a.png"])
        // A crash after the copy, and a new version before the restart.
        try folder.write("one", to: target(drop).path)
        #expect(try claims.take(drop.sources[0], of: drop) == .taken)
        #expect(folder.files() == [".hotreel/drop1/sources/a.png", "nas/a.png"])
        #expect(try folder.text(of: "nas/a.png") == "another")
        #expect(try claims.putBack(drop.sources[0], of: drop) == false)
        #expect(folder.files() == [".hotreel/drop1/sources/a.png", "nas/a.png"])
    }

    @Test("a copy whose content is not what was examined is none")
    func otherContent() throws {
        try folder.write("one", to: "nas/a.png")
        let right = try drop("a.png").sources[0]
        let wrong = Source(
            role: .picture, file: right.file, identity: right.identity, sha256: String(repeating: "0", count: 64),
            claim: .move)
        #expect(try claims.take(wrong, of: Drop(id: id, folder: "nas", sources: [wrong])) == .changed)
        #expect(folder.files() == ["nas/a.png"])
    }

    @Test("links cross too, so that they can be given back with a report")
    func link() throws {
        #expect(symlink("/etc/passwd", folder["nas/a.png"].string) == 0)
        let drop = try drop("a.png")
        #expect(try claims.take(drop.sources[0], of: drop) == .taken)
        #expect(try FileSystem.status(of: target(drop))?.kind == .symbolicLink)
        #expect(try FileSystem.status(of: folder["nas/a.png"]) == nil)
    }

    @Test("a share that gives a file another number with each name is claimed from all the same")
    func otherNumbers() async throws {
        guard RemoteShare.isAvailable else { return }
        let (folder, far) = (try TemporaryFolder(), try RemoteShare())
        try await far.mount(at: folder.path)
        let claims = Claims(inbox: folder.path)
        try claims.prepare(id)
        try far.folder.write("one", to: "a.png")
        let status = try #require(try FileSystem.status(of: folder["a.png"]))
        let source = Source(
            role: .picture, file: "a.png", identity: status.identity,
            sha256: try FileSystem.hash(folder["a.png"]).sha256, claim: .move)
        let drop = Drop(id: id, folder: "", sources: [source])
        #expect(try claims.take(source, of: drop) == .taken)
        #expect(far.folder.files() == [".hotreel/drop1/sources/a.png"])
        // As a crash between link and removal leaves it.
        #expect(Foundation.link(far.folder[".hotreel/drop1/sources/a.png"].string, far.folder["a.png"].string) == 0)
        #expect(try claims.take(source, of: drop) == .taken)
        #expect(far.folder.files() == [".hotreel/drop1/sources/a.png"])
        #expect(try claims.putBack(source, of: drop))
        #expect(far.folder.files() == ["a.png"])
        try far.unmount(from: folder.path)
    }

    @Test("a file dropped anew under the name of one that is claimed is left alone")
    func droppedAnew() throws {
        try folder.write("one", to: "p/a.png")
        let status = try #require(try FileSystem.status(of: folder["p/a.png"]))
        let source = Source(
            role: .picture, file: "a.png", identity: status.identity,
            sha256: try FileSystem.hash(folder["p/a.png"]).sha256, claim: .move)
        let drop = Drop(id: id, folder: "p", sources: [source])
        #expect(try claims.take(source, of: drop) == .taken)
        try folder.write("one", to: "p/a.png")
        #expect(try claims.take(source, of: drop) == .taken)
        #expect(folder.files() == [".hotreel/drop1/sources/a.png", "p/a.png"])
    }

    @Test("tell a path on another mount from one on the inbox's own")
    func otherMount() throws {
        #expect(claims.isOnAnotherMount(folder["nas/p/a.png"]))
        #expect(!claims.isOnAnotherMount(folder["p/a.png"]))
        #expect(!claims.isOnAnotherMount("/proc/self"))
    }
}
