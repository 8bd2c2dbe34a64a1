import Foundation
import Jobs
import SystemPackage
import TestKit
import Testing

@testable import Folders

// One after the other: all watchers of a process share one queue, and one test makes it overflow.
@Suite("Watching folders", .serialized, .timeLimit(.minutes(1)))
struct FolderWatcherTests {
    @Test("tells of files written, linked, renamed in and out, overwritten, touched and removed")
    func files() async throws {
        let watched = try await WatchedFolder { folder in
            for name in ["over.png", "touch.png", "gone.png", "out.png"] { try folder.write("old", to: "in/" + name) }
            for name in ["in.png", "link.png"] { try folder.write("new", to: "aside/" + name) }
        }
        try watched.write("new.png")
        try watched.rename("aside/in.png", "in/in.png")
        try watched.rename("in/out.png", "aside/out.png")
        #expect(link(watched.folder["aside/link.png"].string, watched.path("link.png").string) == 0)
        try watched.write("over.png", "other")
        #expect(utimes(watched.path("touch.png").string, nil) == 0)
        try FileSystem.remove(watched.path("gone.png"))
        let told = try await watched.toldByNow()
        #expect(
            told.files == ["new.png", "in.png", "out.png", "link.png", "over.png", "touch.png", "gone.png"])
        #expect(told.folders.isEmpty && !told.everything && told.blindness == nil)
        await watched.stop()
    }

    @Test("tells of nothing that only reads, and of no litter")
    func quiet() async throws {
        let watched = try await WatchedFolder { try $0.write("old", to: "in/a.png") }
        _ = try FileSystem.hash(watched.path("a.png"))
        _ = try FileSystem.hasWriter(watched.path("a.png"))
        for name in [
            ".DS_Store", "._a.png", "a.png.part", "~$a.json", "Thumbs.db", ".hotreel/1/sources/x.png", "__MACOSX/b.png",
        ] {
            try watched.write(name)
        }
        #expect(try await watched.toldByNow().isEmpty)
        await watched.stop()
    }

    @Test("watches what lies below from the start, with names that are not UTF-8")
    func below() async throws {
        let odd = FileName(bytes: [0x66, 0xE9, 0xFF])
        let watched = try await WatchedFolder { folder in
            try folder.folder("in/a/b c")
            try FileSystem.makeFolder(folder["in"].appending(odd))
        }
        try watched.write("a/b c/shot.png")
        await watched.waitFor("a/b c/shot.png")
        try watched.folder.write("x", to: watched.path("").appending(odd).appending("é.png"))
        let path = InboxPath(folder: odd, name: "é.png")
        await watched.waitUntil { $0.files.contains(path) }
        #expect(watched.told.folders.isEmpty)
        await watched.stop()
    }

    @Test("a new folder is told, and watched with all that was made in it at once")
    func newFolder() async throws {
        let watched = try await WatchedFolder()
        try watched.write("a/b/c/shot.png")
        await watched.waitFor("a/b/c/shot.png")
        #expect(watched.told.folders.contains("a"))
        try await watched.turnPage()
        try watched.write("a/b/c/later.png")
        await watched.waitUntil { $0.files.contains("a/b/c/later.png") }
        try watched.write("a/b/d/deeper.png")
        await watched.waitFor("a/b/d/deeper.png")
        await watched.stop()
    }

    @Test("many nested folders made as fast as can be are all watched in the end")
    func manyNew() async throws {
        let watched = try await WatchedFolder()
        let folders = (0..<60).map { "f\($0)/g\($0)/h\($0)" }
        for folder in folders { try FileSystem.makeFolder(watched.path(folder)) }
        for folder in folders { await watched.waitFor(InboxPath(folder: FileName(folder), name: "x.png")) }
        try await watched.turnPage()
        for folder in folders { try watched.write(folder + "/x.png") }
        for folder in folders {
            let file = InboxPath(folder: FileName(folder), name: "x.png")
            await watched.waitUntil { $0.files.contains(file) }
        }
        await watched.stop()
    }

    @Test("a folder moved in ready-filled is told, and watched")
    func movedIn() async throws {
        let watched = try await WatchedFolder { try $0.write("x", to: "aside/set/deep/shot.png") }
        try watched.rename("aside/set", "in/set")
        await watched.waitFor("set/deep/shot.png")
        #expect(watched.told.folders == ["set"])
        try await watched.turnPage()
        try watched.write("set/deep/more.png")
        await watched.waitUntil { $0.files.contains("set/deep/more.png") }
        await watched.stop()
    }

    @Test("a folder moved out gives nothing any more, whatever happens to it")
    func movedOut() async throws {
        let watched = try await WatchedFolder { try $0.write("x", to: "in/set/deep/shot.png") }
        try watched.rename("in/set", "aside/set")
        await watched.waitUntil { $0.folders.contains("set") }
        try await watched.turnPage()
        try watched.folder.write("x", to: "aside/set/deep/more.png")
        try watched.folder.write("x", to: "aside/set/more.png")
        #expect(try await watched.toldByNow().isEmpty)
        await watched.stop()
    }

    @Test("a folder renamed within tells of its files under the new name only")
    func renamed() async throws {
        let watched = try await WatchedFolder { try $0.write("x", to: "in/old/deep/shot.png") }
        try watched.rename("in/old", "in/new")
        await watched.waitUntil { $0.folders.isSuperset(of: ["old", "new"]) }
        try await watched.turnPage()
        try watched.write("new/deep/more.png")
        let told = try await watched.toldByNow()
        #expect(told.files == ["new/deep/more.png"])
        await watched.stop()
    }

    @Test("a folder deleted and made again under its name is watched each time")
    func madeAgain() async throws {
        let watched = try await WatchedFolder()
        for round in 1...5 {
            try FileSystem.makeFolder(watched.path("again/deep"))
            await watched.waitFor("again/deep/x")
            try await watched.turnPage()
            try watched.write("again/deep/shot\(round).png")
            let file = InboxPath(folder: "again/deep", name: FileName("shot\(round).png"))
            await watched.waitUntil { $0.files.contains(file) }
            try FileSystem.removeTree(watched.path("again"))
            await watched.waitUntil { $0.folders.contains("again") }
            try await watched.turnPage()
        }
        await watched.stop()
    }

    @Test("a folder that takes another's place by two renames is watched under its own name")
    func swapped() async throws {
        let watched = try await WatchedFolder { folder in
            try folder.folder("in/set")
            try folder.folder("aside/set2")
        }
        for round in 1...3 {
            try watched.rename("in/set", "aside/set")
            try watched.rename("aside/set2", "in/set")
            try watched.rename("aside/set", "aside/set2")
            try await watched.turnPage()
            try watched.write("set/\(round).png")
            let file = InboxPath(folder: "set", name: FileName("\(round).png"))
            await watched.waitUntil { $0.files.contains(file) }
        }
        await watched.stop()
    }

    @Test("when the root itself is moved away, everything is in doubt")
    func rootMoved() async throws {
        let watched = try await WatchedFolder()
        try watched.rename("in", "aside/in")
        await watched.waitUntil(\.everything)
        await watched.stop()
    }

    @Test("a queue that overflows means: list everything; and watching goes on")
    func overflow() async throws {
        let watched = try await WatchedFolder { folder in
            for name in ["a", "b", "old/x"] { try folder.write("x", to: "in/" + name) }
        }
        let files = try ["a", "b"].map { try FileDescriptor.open(watched.path($0), .readOnly) }
        // Far more than the queue holds (16,384), and alternating, since equal neighbours are told as one.
        for turn in 0..<400_000 {
            fchmod(files[turn % 2].rawValue, 0o644)
            if turn == 200_000 {
                try watched.rename("in/old", "in/renamed")
                try FileSystem.makeFolder(watched.path("new/deep"))
            }
        }
        for file in files { try file.close() }
        await watched.waitUntil(\.everything)
        try await watched.calmDown()
        for name in ["after.png", "renamed/after.png", "new/deep/after.png"] { try watched.write(name) }
        await watched.waitUntil { $0.files.isSuperset(of: ["after.png", "renamed/after.png", "new/deep/after.png"]) }
        await watched.stop()
    }

    @Test("more changed files than are worth keeping become: list everything")
    func bounded() {
        let watcher = FolderWatcher()
        for number in 0...20_000 {
            watcher.note { $0.files.insert(InboxPath(folder: "", name: FileName("\(number)"))) }
        }
        let changes = watcher.drain()
        #expect(changes.everything && changes.files.isEmpty)
        #expect(watcher.drain().isEmpty)
    }

    @Test("more changed folders than are worth keeping become: list everything")
    func boundedFolders() {
        let watcher = FolderWatcher()
        for number in 0...20_000 { watcher.note { $0.folders.insert(FileName("\(number)")) } }
        let changes = watcher.drain()
        #expect(changes.everything && changes.folders.isEmpty)
    }

    @Test("mount points that are left out are neither watched nor looked at")
    func excluded() async throws {
        let folder = try TemporaryFolder()
        for name in ["in/nas/deep", "in/local", "in/a/nas"] { try folder.folder(name) }
        let watcher = FolderWatcher()
        try await watcher.start(root: folder["in"], excluding: ["nas", "a/nas"])
        for name in ["in/nas/x.png", "in/nas/deep/x.png", "in/a/nas/x.png", "in/local/x.png"] {
            try folder.write("x", to: name)
        }
        var told = FolderChanges()
        for await _ in watcher.signals {
            let news = watcher.drain()
            told.files.formUnion(news.files)
            told.folders.formUnion(news.folders)
            if told.files.contains("local/x.png") { break }
        }
        #expect(told.files == ["local/x.png"] && told.folders.isEmpty)
        await watcher.stop()
    }

    @Test("mounts that come and go are told")
    func mounts() async throws {
        guard MountedFolder.isPossible else { return }
        let folder = try TemporaryFolder()
        let changes = MountChanges()
        var signals = changes.signals.makeAsyncIterator()
        var mounted: MountedFolder? = try MountedFolder(memory: folder["share"])
        #expect(await signals.next() != nil)
        #expect(try MountTable.current().trees(of: folder.path.string).map(\.folder) == ["", "share"])
        _ = mounted
        mounted = nil
        #expect(await signals.next() != nil)
        changes.stop()
        while await signals.next() != nil {}
    }

    @Test("a root that is not there, or is a file, is said to be no folder")
    func noRoot() async throws {
        let folder = try TemporaryFolder()
        try folder.write("x", to: "file")
        for name in ["missing", "file"] {
            let watcher = FolderWatcher()
            let error = await #expect(throws: WatchError.self) { try await watcher.start(root: folder[name]) }
            #expect(error?.description.contains("is not a folder") == true)
        }
    }

    @Test("stopped, it tells no more, and its listener comes to an end")
    func stopped() async throws {
        let watched = try await WatchedFolder()
        await watched.stop()
        try watched.write("late.png")
        await watched.waitUntil { _ in false }
        #expect(watched.told.isEmpty)
    }
}
