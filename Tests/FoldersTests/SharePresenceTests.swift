import Folders
import Foundation
import Jobs
import SystemPackage
import TestKit
import Testing

@Suite("The presence of a share")
struct SharePresenceTests {
    private let folder: TemporaryFolder
    private var out: FilePath { folder["out"] }

    init() throws {
        folder = try TemporaryFolder()
        try folder.folder("out")
    }

    private func watch(_ path: FilePath? = nil) throws -> SharePresence {
        SharePresence(role: "outbox", root: path ?? out, place: try .of(path ?? out))
    }

    private func reason(_ presence: Presence) throws -> String {
        guard case .absent(let reason) = presence else { throw Absence() }
        return reason
    }

    private struct Absence: Error {}

    @Test("a local folder is present, also when it was removed and made anew, and through a link")
    func local() throws {
        #expect(symlink(out.string, folder["link"].string) == 0)
        for path in [out, folder["link"]] {
            let share = try watch(path)
            #expect(share.look() == .present)
            #expect(share.look() == .present)
            try FileSystem.removeTree(out)
            #expect(try reason(share.look()).contains("is not there"))
            try folder.write("not a folder", to: "out")
            #expect(try reason(share.look()).contains("cannot be reached: Not a directory"))
            try FileSystem.remove(out)
            try folder.folder("out")
            #expect(share.look() == .present)
        }
        #expect(throws: FileError.self) { try FolderPlace.of(folder["missing"]) }
    }

    @Test("a link that leads elsewhere now is another place")
    func relinked() throws {
        try folder.folder("other")
        #expect(symlink("out", folder["link"].string) == 0)
        let share = try watch(folder["link"])
        #expect(share.look() == .present)
        try FileSystem.remove(folder["link"])
        #expect(symlink("other", folder["link"].string) == 0)
        #expect(try reason(share.look()).contains("\(folder.path)/out and is now"))
    }

    @Test(
        "an unmounted share is absent although its folder is there, and back when it is mounted again",
        .enabled(if: MountedFolder.isPossible, MountedFolder.reason))
    func unmounted() throws {
        var mount: MountedFolder? = try MountedFolder(memory: out)
        let share = try watch()
        #expect(share.look() == .present)
        mount = nil
        for _ in 1...2 {
            let reason = try reason(share.look())
            #expect(reason.hasPrefix("the outbox \(out) was on memory (tmpfs) and is now on "))
            #expect(
                reason.contains(
                    "the disk is not mounted. Mount it again, or put the folder back; Hotreel goes on by itself."))
        }
        mount = try MountedFolder(memory: out)
        #expect(share.look() == .present)
        withExtendedLifetime(mount) {}
    }

    @Test(
        "something else mounted over a folder, or above it, is noticed, and again when it is taken away",
        .enabled(if: MountedFolder.isPossible, MountedFolder.reason), arguments: ["out", ""])
    func covered(point: String) throws {
        let share = try watch()
        #expect(share.look() == .present)
        do {
            let mount = try MountedFolder(memory: point.isEmpty ? folder.path : folder[point])
            if point.isEmpty {
                #expect(try reason(share.look()).contains("is not there"))
                try FileSystem.makeFolder(out)
            }
            #expect(try reason(share.look()).contains("is now on memory (tmpfs)"))
            withExtendedLifetime(mount) {}
        }
        #expect(share.look() == .present)
    }

    @Test(
        "a bind mount is the folder it shows, with blanks in its name too",
        .enabled(if: MountedFolder.isPossible, MountedFolder.reason))
    func bound() throws {
        try folder.folder("real folder/out")
        let direct = try FolderPlace.of(folder["real folder/out"])
        let mount = try MountedFolder(of: folder["real folder"], at: folder["bound folder"])
        let bound = try FolderPlace.of(folder["bound folder/out"])
        #expect(bound.isSame(as: direct) && bound.path != direct.path)
        #expect(bound.folder.hasSuffix("/real folder/out"))
        withExtendedLifetime(mount) {}
    }

    @Test(
        "the last of two mounts on one folder counts",
        .enabled(if: MountedFolder.isPossible, MountedFolder.reason))
    func stacked() throws {
        try folder.folder("below/here")
        let first = try MountedFolder(memory: out)
        let share = try watch()
        let second = try MountedFolder(of: folder["below"], at: out)
        #expect(try reason(share.look()).contains("was on memory (tmpfs) and is now on "))
        #expect(try FolderPlace.of(out).isSame(as: FolderPlace.of(folder["below"])))
        withExtendedLifetime((first, second)) {}
    }

    @Test(
        "names the error of a share that does not answer",
        .enabled(
            if: FileManager.default.fileExists(atPath: "/dev/fuse") && MountedFolder.isPossible, "there is no FUSE"))
    func dead() throws {
        let share = try watch()
        try folder.write("video", to: "out/videos/a.mp4")
        let mount = try MountedFolder(deadAt: out)
        #expect(try reason(share.look()).contains("cannot be reached: Transport endpoint is not connected. Mount it"))
        // None of it is taken for “not there”.
        let (outbox, drop) = (Outbox(root: out), DropID(rawValue: "drop"))
        let names: [() throws -> Void] = [
            { _ = try FileSystem.status(of: out.appending("videos")) }, { _ = try FolderPlace.of(out) },
            { _ = try outbox.freeVideoName("a", folder: "") }, { try outbox.prepare() },
            { try outbox.withdrawReports(folder: "", stem: "a") }, { try outbox.files { _ in } },
            { _ = try outbox.downloadPath(of: JobID(rawValue: "job"), folder: "") }, { try outbox.writeStatus([]) },
            { _ = try Claims(inbox: out).drops() }, { _ = try Claims(inbox: out).isEmptied(drop) },
            { try Claims(inbox: out).remove(drop) }, { try Claims(inbox: out).remove(drop, discardingSources: true) },
        ]
        for (number, name) in names.enumerated() {
            let error = #expect(throws: FileError.self, "\(number)") { try name() }
            #expect(error?.meaning == .shareGone, "\(number)")
        }
        #expect(InboxListing(of: out, below: "p").error?.meaning == .shareGone)
        withExtendedLifetime(mount) {}
        #expect(share.look() != .present)
    }
}
