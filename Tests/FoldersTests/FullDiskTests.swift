import Foundation
import Jobs
import SystemPackage
import TestKit
import Testing

@testable import Folders

/// Small file systems in memory, full at each step in turn.
@Suite("Full and read-only disks", .enabled(if: MountedFolder.isPossible, MountedFolder.reason))
struct FullDiskTests {
    private let folder: TemporaryFolder
    private let picture = String(repeating: "0123456789abcdef", count: 640)

    init() throws { folder = try TemporaryFolder() }

    private func pair(_ drops: ClaimedDrop) throws -> Drop {
        try drops.claimed(
            "one",
            [
                (.picture, "shot.png", picture), (.sidecar, "shot.json", "sidecar"),
                (.mask, "masks/m.png", picture + "mask"),
            ])
    }

    /// Whether every source is there whole, in its claim folder or under its own name, and nothing half is.
    private func check(_ drops: ClaimedDrop, _ drop: Drop, _ parts: [Outbox.Part]) throws {
        for part in parts {
            for source in drop.sources {
                let given = drops.outbox.folder(part, "p").appending(source.file)
                if try FileSystem.status(of: given) != nil {
                    #expect(try FileSystem.hash(given).sha256 == source.sha256)
                }
            }
        }
        for source in drop.sources {
            let places = [
                drops.claims.path(of: source, in: drop.id).path,
                drops.claims.folder(of: drop.id).appending("leaving").appending(Claims.place(of: source)).path,
                drops.outbox.folder(parts[parts.count - 1], "p").appending(source.file),
            ]
            #expect(try places.contains { try Handover.holds($0, source.sha256) }, "\(source.file) is lost")
        }
        try drops.outbox.files { file in
            #expect(file.kind == .source || file.name.text.hasPrefix("filling"), "\(file.name)")
        }
    }

    private func giveBack(_ drop: Drop, _ drops: ClaimedDrop, copying: Bool) throws {
        let (outbox, claims) = (drops.outbox, drops.claims)
        if copying {
            let number = try outbox.freeNumber(for: drop, in: .originals, from: claims)
            try outbox.receiveCopies(drop, from: claims, in: .originals, number: number)
        }
        let number = try outbox.freeNumber(for: drop, in: .errors, from: claims)
        try outbox.receive(drop, from: claims, in: .errors, number: number)
        try claims.remove(drop.id)
    }

    /// A little more room at each try, until it succeeds.
    private func squeeze(
        _ mount: MountedFolder, _ drops: ClaimedDrop, _ drop: Drop, copying: Bool, byFiles: Bool
    ) throws {
        var failures = 0
        for step in 0... {
            if byFiles { try mount.fill(leavingFiles: step) } else { try mount.fill(leaving: step * 2048) }
            do {
                defer { try? mount.empty() }
                try giveBack(drop, drops, copying: copying)
                break
            } catch let error as FileError {
                failures += 1
                #expect(error.meaning == .diskFull, "\(error)")
                try check(drops, drop, copying ? [.originals, .errors] : [.errors])
            }
            try #require(step < 100, "it never succeeds")
        }
        let names = ["masks/m.png", "shot.json", "shot.png"]
        #expect(
            try drops.delivered()
                == names.map { "errors/p/\($0)" } + (copying ? names.map { "originals/p/\($0)" } : []))
        #expect(try drops.claimed().isEmpty)
        #expect(failures > 0, "it was never full")
    }

    @Test(
        "an outbox of its own that is full at any step loses nothing and keeps no half file", arguments: [false, true],
        [false, true])
    func outbox(copying: Bool, byFiles: Bool) throws {
        let mount = try MountedFolder(memory: folder["out"])
        let drops = try ClaimedDrop(outbox: folder["out"])
        try squeeze(mount, drops, pair(drops), copying: copying, byFiles: byFiles)
    }

    @Test("an inbox that is full at any step can still be emptied", arguments: [false, true], [false, true])
    func inbox(copying: Bool, byFiles: Bool) throws {
        let drops = try ClaimedDrop(outbox: folder["out"])
        let mount = try MountedFolder(memory: drops.claims.inbox)
        defer { withExtendedLifetime((mount, drops)) {} }
        try FileSystem.makeFolder(drops.claims.root)
        // Giving back without copies needs only a folder or two, so room for bytes is never short.
        guard copying || byFiles else { return }
        try squeeze(mount, drops, pair(drops), copying: copying, byFiles: byFiles)
    }

    @Test("one disk for both, full at any step", arguments: [false, true])
    func both(byFiles: Bool) throws {
        let mount = try MountedFolder(memory: folder["all"])
        let drops = try ClaimedDrop(in: folder["all"])
        try squeeze(mount, drops, pair(drops), copying: true, byFiles: byFiles)
    }

    @Test("copying a shared mask into a full inbox leaves no part of it that would pass for all of it")
    func sharedMask() throws {
        let mount = try MountedFolder(memory: folder["in"])
        defer { withExtendedLifetime(mount) {} }
        let claims = Claims(inbox: folder["in"])
        try folder.write(picture, to: "in/m.png")
        let identity = try #require(try FileSystem.status(of: folder["in/m.png"])).identity
        let source = Source(role: .mask, file: "m.png", identity: identity, sha256: "", claim: .copy)
        let drop = Drop(id: DropID(rawValue: "one"), folder: "", sources: [source])
        try claims.prepare(drop.id)
        try mount.fill(leaving: 4096)
        let error = #expect(throws: FileError.self) { try claims.take(source, of: drop) }
        #expect(error?.meaning == .diskFull)
        #expect(folder.files(in: "in") == ["filling", "m.png"])
        try mount.empty()
        #expect(try claims.take(source, of: drop) == .taken)
        #expect(try folder.text(of: "in/.hotreel/one/copies/m.png") == picture)
    }

    @Test("a read-only outbox takes nothing, says so, and takes everything once it may be written again")
    func readOnly() throws {
        let mount = try MountedFolder(memory: folder["out"])
        defer { withExtendedLifetime(mount) {} }
        let drops = try ClaimedDrop(outbox: folder["out"])
        let drop = try pair(drops)
        try mount.makeReadOnly()
        for step in [
            { try giveBack(drop, drops, copying: false) }, { try giveBack(drop, drops, copying: true) },
            { try drops.outbox.report(text: "", json: [], folder: "", stem: "shot") },
            { _ = try drops.outbox.downloadPath(of: JobID(rawValue: "job"), folder: "p") },
            { try drops.outbox.writeStatus([]) },
        ] {
            let error = #expect(throws: FileError.self) { try step() }
            #expect(error?.meaning == .readOnly)
        }
        try check(drops, drop, [.errors])
        try mount.makeReadOnly(false)
        try giveBack(drop, drops, copying: true)
        #expect(try drops.delivered().count == 6)
    }

    @Test("a full disk leaves the old status and the old report as they were")
    func replacing() throws {
        let mount = try MountedFolder(memory: folder["out"])
        defer { withExtendedLifetime(mount) {} }
        let outbox = Outbox(root: folder["out"])
        try outbox.prepare()
        try outbox.writeStatus(Array("old".utf8))
        try outbox.report(text: "old", json: Array("{}".utf8), folder: "p", stem: "shot")
        try mount.fill(leaving: 4096)
        let long = [UInt8](repeating: 0x20, count: 10_000)
        let tries: [() throws -> Void] = [
            { try outbox.writeStatus(long) },
            { try outbox.report(text: picture, json: long, folder: "p", stem: "shot") },
        ]
        for write in tries {
            let error = #expect(throws: FileError.self) { try write() }
            #expect(error?.meaning == .diskFull)
        }
        #expect(try folder.text(of: "out/status.json") == "old")
        #expect(try folder.text(of: "out/errors/p/shot.error.txt") == "old")
        #expect(
            folder.files(in: "out") == [
                "errors/p/shot.error.json", "errors/p/shot.error.txt", "filling", "status.json",
            ])
    }
}
