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

    @Test("completes a rename by hard link that was cut short, and removes no name that is the file's only one there")
    func linked() throws {
        try folder.write("one", to: "in/a")
        try folder.folder("out")
        #expect(link(folder["in/a"].string, folder["out/a"].string) == 0)
        #expect(try !FileSystem.rename(folder["in/a"], to: folder["in/../in/a"]))
        #expect(folder.files() == ["in/a", "out/a"])
        #expect(try FileSystem.rename(folder["in/a"], to: folder["out/a"]))
        #expect(folder.files() == ["out/a"])
        #expect(symlink("out", folder["alias"].string) == 0)
        #expect(try !FileSystem.rename(folder["out/a"], to: folder["alias/a"]))
        #expect(folder.files() == ["alias", "out/a"])
    }

    @Test("says which file could not be renamed, and why")
    func renameFailure() throws {
        let error = #expect(throws: FileError.self) { _ = try FileSystem.rename(folder["missing"], to: folder["b"]) }
        #expect(error?.code == .noSuchFileOrDirectory && error?.path == folder["b"])
        #expect(error?.description.contains("missing") == true)
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
