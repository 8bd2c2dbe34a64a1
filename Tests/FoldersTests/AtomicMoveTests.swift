import Foundation
import Jobs
import SystemPackage
import TestKit
import Testing

@testable import Folders

@Suite("Moving files")
struct AtomicMoveTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test("renames, and never replaces")
    func rename() throws {
        try folder.write("one", to: "a")
        try folder.write("two", to: "b")
        #expect(try !FileSystem.rename(folder["a"], to: folder["b"]))
        #expect(try folder.text(of: "a") == "one" && folder.text(of: "b") == "two")
        #expect(try FileSystem.rename(folder["a"], to: folder["c"]))
        #expect(folder.files() == ["b", "c"])
    }

    @Test("says which file could not be renamed, and why")
    func renameFailure() throws {
        let error = #expect(throws: FileError.self) { _ = try FileSystem.rename(folder["missing"], to: folder["b"]) }
        #expect(error?.code == .noSuchFileOrDirectory && error?.path == folder["b"])
        #expect(error?.description.contains("missing") == true)
    }

    @Test("moves to another file system: whole, without replacing, with nothing left on the way")
    func moveAcross() throws {
        let other = try OtherFileSystem()
        try #require(try other.isOther(than: folder.path), "one file system is all this machine has")
        let content = String(repeating: "0123456789", count: 300_000)
        try folder.write(content, to: "a")
        #expect(try FileSystem.move(folder["a"], to: other["a"]))
        #expect(folder.files().isEmpty)
        #expect(try FileSystem.hash(other["a"]).sha256 == FileSystem.hash(of: Array(content.utf8)))

        try folder.write("two", to: "a")
        #expect(try !FileSystem.move(folder["a"], to: other["a"]))
        #expect(try folder.text(of: "a") == "two")
        #expect(other.names == ["a"])
    }

    @Test("moves links, dangling ones too, and pipes to another file system as what they are")
    func moveSpecial() throws {
        let other = try OtherFileSystem()
        #expect(symlink("/nowhere/at-all", folder["link"].string) == 0)
        #expect(mkfifo(folder["pipe"].string, 0o600) == 0)
        for name in ["link", "pipe"] { #expect(try FileSystem.move(folder[name], to: other[name])) }
        #expect(try FileSystem.status(of: other["link"])?.kind == .symbolicLink)
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: other["link"].string) == "/nowhere/at-all")
        #expect(try FileSystem.status(of: other["pipe"])?.kind == .namedPipe)
        #expect(folder.files().isEmpty)
    }

    @Test("copies only what is a file, never through a link, never over another, and leaves nothing half")
    func copy() throws {
        try folder.write("one", to: "a")
        try folder.write("two", to: "b")
        #expect(symlink("a", folder["link"].string) == 0)
        #expect(mkfifo(folder["pipe"].string, 0o600) == 0)
        try FileSystem.copy(folder["a"], to: folder["c"])
        #expect(try folder.text(of: "c") == "one" && folder.text(of: "a") == "one")
        #expect(throws: FileError.self) { try FileSystem.copy(folder["a"], to: folder["b"]) }
        #expect(try folder.text(of: "b") == "two")
        for special in ["link", "pipe", "missing"] {
            #expect(throws: FileError.self, "\(special)") { try FileSystem.copy(folder[special], to: folder["new"]) }
        }
        #expect(folder.files() == ["a", "b", "c", "link", "pipe"])
    }

    @Test("replaces a file at once: who reads meanwhile has the old one or the new one, whole")
    func replace() throws {
        let texts = ["a", "b"].map { String(repeating: $0, count: 200_000) }
        try folder.write(texts[0], to: "status.json")
        let reader = try FileDescriptor.open(folder["status.json"], .readOnly)
        defer { try? reader.close() }
        try FileSystem.replace(folder["status.json"], with: Array(texts[1].utf8))
        #expect(try folder.text(of: "status.json") == texts[1])
        #expect(folder.files() == ["status.json"])
        var old = [UInt8](repeating: 0, count: 300_000)
        let count = try old.withUnsafeMutableBytes { try reader.read(into: $0) }
        #expect(String(decoding: old.prefix(count), as: UTF8.self) == texts[0])
    }

    @Test("a folder that cannot be written to is said to be it, and nothing is left")
    func replaceFailure() throws {
        try folder.folder("taken/inside")
        #expect(throws: FileError.self) { try FileSystem.replace(folder["taken"], with: [1]) }
        #expect(throws: FileError.self) { try FileSystem.replace(folder["missing/a"], with: [1]) }
        #expect(folder.files().isEmpty)
    }

    @Test("makes folders with those above them, again without complaint, and removes trees without following links")
    func folders() throws {
        try FileSystem.makeFolder(folder["a/b/c"])
        try FileSystem.makeFolder(folder["a/b/c"])
        try folder.write("one", to: "a/b/c/file")
        try folder.write("precious", to: "elsewhere/file")
        #expect(symlink(folder["elsewhere"].string, folder["a/link"].string) == 0)
        try FileSystem.removeTree(folder["a"])
        try FileSystem.removeTree(folder["a"])
        #expect(folder.files() == ["elsewhere/file"])
    }
}

/// A folder in memory, which is another file system than the disk's.
private final class OtherFileSystem {
    private let path: FilePath

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
