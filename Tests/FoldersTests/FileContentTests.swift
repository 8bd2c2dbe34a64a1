import Folders
import Foundation
import Jobs
import SystemPackage
import TestKit
import Testing

@Suite("Looking at files")
struct FileContentTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test("hashes", arguments: [0, 1, 1 << 20, (1 << 20) + 1])
    func hash(size: Int) throws {
        let bytes = [UInt8](repeating: 0x61, count: size)
        try folder.write(bytes, to: "a")
        let hash = try FileSystem.hash(folder["a"])
        #expect(hash.bytes == size && hash.sha256 == FileSystem.hash(of: bytes))
        if size == 0 { #expect(hash.sha256 == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855") }
    }

    @Test("reads no more than it is asked for")
    func limit() throws {
        try folder.write("0123456789", to: "a")
        #expect(try FileSystem.read(folder["a"], limit: 4) == Array("0123".utf8))
        #expect(try FileSystem.read(folder["a"], limit: 99) == Array("0123456789".utf8))
    }

    @Test("refuses links, folders and pipes without following or waiting", .timeLimit(.minutes(1)))
    func special() async throws {
        try folder.write("secret", to: "a")
        try folder.folder("folder")
        #expect(symlink("a", folder["link"].string) == 0)
        #expect(mkfifo(folder["pipe"].string, 0o600) == 0)
        for name in ["link", "folder", "pipe", "missing"] {
            #expect(throws: FileError.self, "\(name)") { _ = try FileSystem.hash(folder[name]) }
            #expect(throws: FileError.self, "\(name)") { _ = try FileSystem.read(folder[name], limit: 9) }
            #expect(throws: FileError.self, "\(name)") { _ = try FileSystem.hasWriter(folder[name]) }
        }
    }

    @Test("knows of a writer as long as it has the file open, whatever it does with it")
    func writer() throws {
        try folder.write("one", to: "a")
        #expect(try !FileSystem.hasWriter(folder["a"]))
        let writer = try FileDescriptor.open(folder["a"], .writeOnly)
        #expect(try FileSystem.hasWriter(folder["a"]))
        try writer.close()
        #expect(try !FileSystem.hasWriter(folder["a"]))
        let reader = try FileDescriptor.open(folder["a"], .readOnly)
        defer { try? reader.close() }
        #expect(try !FileSystem.hasWriter(folder["a"]))
    }

    @Test("leaves no lease behind: who writes next is not held up")
    func lease() throws {
        try folder.write("one", to: "a")
        _ = try FileSystem.hasWriter(folder["a"])
        let writer = try FileDescriptor.open(folder["a"], .writeOnly, options: [.nonBlocking, .append])
        try writer.closeAfter { _ = try writer.writeAll("two".utf8) }
        #expect(try folder.text(of: "a") == "onetwo")
    }

    @Test("says what each thing in a folder is, by its own name")
    func listing() throws {
        let odd: [UInt8] = [0x66, 0xE9, 0xFF, 0x0A]
        try folder.write("abc", to: folder.file(bytes: odd))
        try folder.folder("sub")
        #expect(symlink("nowhere", folder["link"].string) == 0)
        #expect(mkfifo(folder["pipe"].string, 0o600) == 0)
        let kinds = Dictionary(uniqueKeysWithValues: try FileSystem.list(folder.path).map { ($0.name, $0.status.kind) })
        #expect(kinds == [FileName(bytes: odd): .regular, "sub": .folder, "link": .symbolicLink, "pipe": .namedPipe])
        #expect(try FileSystem.status(of: folder.file(bytes: odd))?.identity.size == 3)
        #expect(try FileSystem.status(of: folder["missing"]) == nil)
        #expect(try FileSystem.status(of: folder["link/below"]) == nil)
    }

    @Test("tells the same content at the same place from any other")
    func identity() throws {
        func identity(_ name: String) throws -> FileIdentity {
            try #require(try FileSystem.status(of: folder[name])).identity
        }
        try folder.write("one", to: "a")
        let first = try identity("a")
        #expect(try FileSystem.rename(folder["a"], to: folder["b"]))
        #expect(try identity("b").isSameContent(as: first))
        try folder.write("one", to: "a")
        #expect(try !identity("a").isSameContent(as: first))
    }

    @Test("walks an inbox without its litter folders, without links and without Hotreel's own")
    func walk() throws {
        for file in ["a.png", "sub/b.png", ".hotreel/1/sources/c.png", "__MACOSX/d.png", "@eaDir/e.png", ".git/f"] {
            try folder.write("", to: file)
        }
        #expect(symlink("sub", folder["link"].string) == 0)
        let listing = InboxListing(of: folder.path, below: "")
        #expect(Set(listing.folders.keys) == ["", "sub"] && listing.error == nil)
        #expect(InboxListing(of: folder.path, below: "missing").folders.isEmpty)
        #expect(InboxListing(of: folder.path, below: "missing").error == nil)
    }

    @Test("tells a local disk, and what is not there")
    func mount() throws {
        #expect(try MountKind.of(folder.path) == .local)
        #expect(throws: FileError.self) { try MountKind.of(folder["missing"]) }
    }
}
