import Foundation
import Jobs
import SystemPackage
import TestKit
import Testing

@testable import Folders

@Suite("Rights in the outbox")
struct SharePermissionsTests {
    private let drops: ClaimedDrop
    private var folder: TemporaryFolder { drops.folder }
    private let outbox: Outbox
    private static let artists: UInt32 = 4711

    init() throws {
        drops = try ClaimedDrop()
        outbox = drops.outbox
    }

    private func mode(_ name: String) -> UInt32 { status(name).st_mode & 0o7777 }
    private func group(_ name: String) -> UInt32 { status(name).st_gid }

    private func status(_ name: String) -> stat {
        var status = stat()
        #expect(lstat(folder[name].string, &status) == 0, "\(name)")
        return status
    }

    private func fill(_ outbox: Outbox) throws {
        let part = try outbox.downloadPath(of: JobID(rawValue: "job1"), folder: "p/q")
        try folder.write("video", to: part)
        _ = chmod(part.string, 0o600)
        #expect(try outbox.publish(part, folder: "p/q", name: "shot"))
        try outbox.writeReceipt(Array("{}".utf8), folder: "p/q", name: "shot")
        try outbox.report(text: "why", json: [], folder: "p", stem: "bad")
        try outbox.writeStatus([])
        let drop = try drops.pair("bad")
        _ = chmod(drops.claims.path(of: drop.sources[0], in: drop.id).path.string, 0o640)
        try outbox.receive(drop, from: drops.claims, in: .errors, number: 1)
    }

    private static let files = [
        "out/videos/p/q/shot.mp4", "out/videos/p/q/shot.receipt.json", "out/errors/p/bad.error.txt",
        "out/errors/p/bad.error.json", "out/errors/p/shot.png", "out/errors/p/shot.json", "out/status.json",
    ]
    private static let folders = ["out/videos", "out/videos/p", "out/videos/p/q", "out/errors/p"]

    @Test("What appears can be read, moved and deleted by the group of its folder")
    func byDefault() throws {
        try fill(outbox)
        for name in Self.files { #expect(mode(name) == 0o664, "\(name)") }
        for name in Self.folders { #expect(mode(name) == 0o775, "\(name)") }
    }

    @Test("What an admin says holds for all of it", .enabled(if: geteuid() == 0))
    func configured() throws {
        try fill(Outbox(root: folder["out"], permissions: SharePermissions(files: 0o640, group: Self.artists)))
        for name in Self.files { #expect(mode(name) == 0o640 && group(name) == Self.artists, "\(name)") }
        // `out/videos` was there before.
        for name in Self.folders.dropFirst() {
            #expect(mode(name) == 0o2750 && group(name) == Self.artists, "\(name)")
        }
        #expect(mode("out/videos") == 0o775)
    }

    @Test("A folder's setgid bit hands its group on, also to what is renamed into it", .enabled(if: geteuid() == 0))
    func setgid() throws {
        for part in ["videos", "errors"] {
            #expect(chown(folder["out/\(part)"].string, .max, Self.artists) == 0)
            #expect(chmod(folder["out/\(part)"].string, 0o2770) == 0)
        }
        try fill(outbox)
        for name in Self.files where name != "out/status.json" {
            #expect(mode(name) == 0o664 && group(name) == Self.artists, "\(name)")
        }
        for name in Self.folders.dropFirst() {
            #expect(mode(name) == 0o2775 && group(name) == Self.artists, "\(name)")
        }
        #expect(mode("out/videos") == 0o2770, "an admin's folder stays as it is")
    }

    @Test("A file that has another name elsewhere keeps its rights, for they are those of that one too")
    func hardLink() throws {
        let drop = try drops.pair("shot")
        let claimed = drops.claims.path(of: drop.sources[0], in: drop.id).path
        #expect(chmod(claimed.string, 0o600) == 0)
        #expect(link(claimed.string, folder["elsewhere.png"].string) == 0)
        try outbox.receive(drop, from: drops.claims, in: .originals, number: 1)
        #expect(mode("elsewhere.png") == 0o600)
        #expect(mode("out/originals/p/shot.json") == 0o664)
    }

    @Test("A link that is given back is no way to what it points to")
    func symbolicLink() throws {
        try folder.write("secret", to: "secret")
        _ = chmod(folder["secret"].string, 0o600)
        let drop = try drops.pair("shot")
        let claimed = drops.claims.path(of: drop.sources[0], in: drop.id)
        try FileSystem.remove(claimed)
        #expect(symlink(folder["secret"].string, claimed.path.string) == 0)
        try outbox.receive(drop, from: drops.claims, in: .errors, number: 1)
        #expect(mode("secret") == 0o600)
        #expect(try FileSystem.status(of: folder["out/errors/p/shot.png"])?.kind == .symbolicLink)
    }

    @Test("A copy to another disk stays its owner's", .enabled(if: geteuid() == 0))
    func owner() throws {
        try folder.write("mine", to: "a.png")
        #expect(chown(folder["a.png"].string, 4712, .max) == 0)
        try FileSystem.copy(folder["a.png"], to: folder["b.png"])
        #expect(status("b.png").st_uid == 4712)
    }

    @Test("Whoever shares the inbox may not change what is in keeping")
    func keeping() throws {
        let drop = DropID(rawValue: "drop2")
        try drops.claims.prepare(drop)
        for name in ["in/.hotreel/drop2", "in/.hotreel/drop2/sources", "in/.hotreel/drop2/copies"] {
            #expect(mode(name) & 0o022 == 0, "\(name)")
        }
    }

    @Test("Groups are known by name and by number")
    func groups() {
        #expect(SharePermissions.group(named: "root") == 0)
        #expect(SharePermissions.group(named: "4711") == 4711)
        #expect(SharePermissions.group(named: "nobody-has-this-group") == nil)
        #expect(SharePermissions.group(named: "4294967295") == nil, "it means no group")
        #expect(SharePermissions.mayGive(to: getegid()))
    }
}
