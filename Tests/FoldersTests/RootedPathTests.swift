import Foundation
import Jobs
import SystemPackage
import TestKit
import Testing

@testable import Folders

@Suite("Paths below the inbox")
struct RootedPathTests {
    let folder: TemporaryFolder
    let inbox: FilePath

    init() throws {
        folder = try TemporaryFolder()
        inbox = try folder.folder("inbox")
        try folder.write("secret", to: "outside/shot.png")
    }

    private func place(_ name: FileName) -> RootedPath { RootedPath(inbox, name) }

    private func code(_ name: FileName, by resolution: RootedPath.Resolution) -> Errno? {
        do throws(FileError) {
            close(try place(name).descriptor(O_RDONLY, by: resolution))
            return nil
        } catch {
            return error.code
        }
    }

    @Test("lead to what lies there, by either way", arguments: RootedPath.Resolution.allCases)
    func inside(resolution: RootedPath.Resolution) throws {
        try folder.write("a", to: "inbox/a.png")
        try folder.write("b", to: "inbox/deep/er/b.png")
        for name in ["", "a.png", "deep", "deep/er", "deep/er/b.png"] {
            #expect(code(FileName(name), by: resolution) == nil, "\(name)")
        }
        #expect(code("none", by: resolution) == .noSuchFileOrDirectory)
        #expect(code("none/a.png", by: resolution) == .noSuchFileOrDirectory)
        #expect(code("a.png/b", by: resolution) == .notDirectory)
    }

    @Test("never lead out of it, by either way", arguments: RootedPath.Resolution.allCases)
    func outside(resolution: RootedPath.Resolution) throws {
        try folder.folder("inbox/deep")
        for (link, target) in [
            ("file.png", "../outside/shot.png"), ("folder", "../outside"), ("deep/absolute", folder["outside"].string),
            ("self", "."), ("deep/proc", "/proc/self/cwd"),
        ] {
            #expect(symlink(target, folder["inbox/\(link)"].string) == 0)
        }
        for name in [
            "../outside/shot.png", "..", "deep/../deep", "deep//x", "/etc/passwd", "deep/.", "file.png",
            "folder/shot.png", "deep/absolute/shot.png", "self/deep", "deep/proc/x",
        ] {
            let failure = code(FileName(name), by: resolution)
            let found = try #require(failure, "\(name) was opened")
            #expect([.invalidArgument, .tooManySymbolicLinkLevels, .notDirectory].contains(found), "\(name): \(found)")
        }
    }

    @Test("are believed above the root, where an admin may have put a link")
    func rootByLink() throws {
        try folder.write("a", to: "inbox/a.png")
        #expect(symlink("inbox", folder["drop-here"].string) == 0)
        #expect(try FileSystem.read(RootedPath(folder["drop-here"], "a.png"), limit: 9) == Array("a".utf8))
    }

    @Test("lead into what is mounted below", .enabled(if: MountedFolder.isPossible, MountedFolder.reason))
    func mountBelow() throws {
        let mount = try MountedFolder(memory: try folder.folder("inbox/disk"))
        defer { withExtendedLifetime(mount) {} }
        try folder.write("there", to: "inbox/disk/a.png")
        for resolution in RootedPath.Resolution.allCases { #expect(code("disk/a.png", by: resolution) == nil) }
    }

    @Test("say that nothing is there where a link has a folder's place, and do nothing through it")
    func nothingThroughLinks() throws {
        #expect(symlink("../outside", folder["inbox/p"].string) == 0)
        let shot = place("p/shot.png")
        try folder.write("mine", to: "inbox/mine.png")
        #expect(try FileSystem.status(of: shot) == nil)
        #expect(!FileSystem.mayRead(shot) && !FileSystem.mayChange(folder: place("p")))
        for call: () throws -> Void in [
            { _ = try FileSystem.read(shot, limit: 9) }, { _ = try FileSystem.list(place("p")) },
            { try FileSystem.remove(shot) }, { try FileSystem.makeFolder(place("p/new")) },
            { try FileSystem.makeFolder(place("p")) }, { try FileSystem.replace(shot, with: [1]) },
            { _ = try FileSystem.rename(shot, to: place("taken.png")) },
            { _ = try FileSystem.rename(place("mine.png"), to: place("p/given.png")) },
            { try FileSystem.copy(shot, to: place("copy.png")) }, { try FileSystem.sync(folder: place("p")) },
            { _ = try OpenFolder(place("p")) },
        ] {
            let error = #expect(throws: FileError.self) { try call() }
            #expect(error?.isNoWay == true, "\(String(describing: error))")
        }
        try FileSystem.removeTree(place("p"))
        #expect(folder.files() == ["inbox/mine.png", "outside/shot.png"])
        #expect(try folder.text(of: "outside/shot.png") == "secret")
    }

    @Test("A pipe, a socket and a device are no files, and none of them holds the caller up", .timeLimit(.minutes(1)))
    func noFiles() throws {
        #expect(mkfifo(folder["inbox/pipe"].string, 0o600) == 0)
        let listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(listener) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        // Short enough for a socket's address, and below the folder all the same.
        let open = try OpenFolder(place(""))
        let name = open.path.appending("socket").string
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name.utf8) }
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        #expect(bound == 0)
        if geteuid() == 0 { #expect(mknod(folder["inbox/device"].string, S_IFCHR | 0o600, 0x103) == 0) }
        for name in ["pipe", "socket", "device"] where folder.exists("inbox/\(name)") {
            #expect(throws: FileError.self, "\(name)") { try OpenFile(place(FileName(name))) }
        }
    }

    @Test("An open file is the one that was opened, whatever takes its name")
    func openFile() throws {
        try folder.write("first", to: "inbox/a.png")
        let file = try OpenFile(place("a.png"))
        #expect(rename(folder["outside/shot.png"].string, folder["inbox/a.png"].string) == 0)
        #expect(try file.read(limit: 99) == Array("first".utf8))
        #expect(try file.read(limit: 2) == Array("fi".utf8))
        #expect(try file.hash().sha256 == FileSystem.hash(of: Array("first".utf8)))
        #expect(try file.statusNow().identity.inode == file.status.identity.inode)
    }

    @Test("An open folder is the one that was opened, whatever takes its name")
    func openFolder() throws {
        try folder.folder("inbox/p")
        let open = try OpenFolder(place("p"))
        #expect(rename(folder["inbox/p"].string, folder["inbox/moved"].string) == 0)
        #expect(symlink("../outside", folder["inbox/p"].string) == 0)
        try FileSystem.replace(open.path.appending("made"), with: [])
        #expect(folder.files() == ["inbox/moved/made", "inbox/p", "outside/shot.png"])
    }
}
