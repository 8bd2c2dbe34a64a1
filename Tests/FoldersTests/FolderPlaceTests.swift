import Folders
import Foundation
import Testing

@Suite("A folder's place")
struct FolderPlaceTests {
    private func place(
        _ fileSystem: String, _ source: String, _ folder: String = "/", volume: String? = nil, path: String = "/srv/out"
    ) -> FolderPlace {
        FolderPlace(path: path, fileSystem: fileSystem, source: source, volume: volume, folder: folder)
    }

    @Test("says for people what was expected, what is there and what to do")
    func words() throws {
        let share = place("cifs", "//nas/out")
        let beneath = place("ext4", "/dev/sda1", "/srv/out")
        #expect(
            share.difference(to: beneath, role: "outbox")
                == "the outbox /srv/out was on //nas/out (SMB) and is now on the local disk /dev/sda1 (ext4): the share is not "
                + "mounted. Mount it again, or put the folder back; Hotreel goes on by itself. If it was moved on purpose, remove "
                + "state/places.json and start again.")
        let disk = try #require(place("xfs", "/dev/sdb1").difference(to: beneath, role: "inbox"))
        #expect(disk.contains("the local disk /dev/sdb1 (xfs)") && disk.contains(": the disk is not mounted."))
        let moved = try #require(
            beneath.difference(to: place("ext4", "/dev/sda1", "/data", path: "/data"), role: "outbox"))
        #expect(
            moved.hasPrefix(
                "the outbox was /srv/out on the local disk /dev/sda1 (ext4) in /srv/out and is now /data on the local disk "
                    + "/dev/sda1 (ext4) in /data. "))
        #expect(share.difference(to: share, role: "outbox") == nil)
    }

    @Test(
        "is the same through another path, another version of the protocol or another name of the disk",
        arguments: [
            (("nfs4", "nas:/out", nil), ("nfs", "nas:/out/", nil)),
            (("cifs", "//nas/out", nil), ("smb3", "//NAS/Out", nil)),
            (("ext4", "/dev/sda1", "4f2c"), ("ext4", "/dev/sdb1", "4f2c")),
            (("ext4", "/dev/sda1", nil), ("ext4", "/dev/sda1", "4f2c")),
        ] as [((String, String, String?), (String, String, String?))])
    func same(one: (String, String, String?), other: (String, String, String?)) {
        let was = place(one.0, one.1, volume: one.2)
        #expect(was.isSame(as: place(other.0, other.1, volume: other.2, path: "/mnt/out")))
    }

    @Test(
        "is another on another share, disk or folder",
        arguments: [
            (("nfs4", "nas:/out", nil, "/"), ("nfs4", "nas:/Out", nil, "/")),
            (("cifs", "//nas/out", nil, "/"), ("cifs", "//nas/old", nil, "/")),
            (("cifs", "//nas/out", nil, "/"), ("cifs", "//nas/out", nil, "/sub")),
            (("ext4", "/dev/sda1", "4f2c", "/"), ("ext4", "/dev/sda1", "99aa", "/")),
            (("ext4", "/dev/sda1", nil, "/srv/out"), ("xfs", "/dev/sda1", nil, "/srv/out")),
        ] as [((String, String, String?, String), (String, String, String?, String))])
    func other(one: (String, String, String?, String), other: (String, String, String?, String)) {
        let was = place(one.0, one.1, one.3, volume: one.2)
        let now = place(other.0, other.1, other.3, volume: other.2)
        #expect(!was.isSame(as: now))
        #expect(was.difference(to: now, role: "outbox") != nil)
    }

    @Test("is kept over restarts as JSON")
    func codable() throws {
        let places = ["outbox": place("cifs", "//nas/out"), "inbox": place("ext4", "/dev/sda1", "/in", volume: "4f2c")]
        #expect(try JSONDecoder().decode([String: FolderPlace].self, from: JSONEncoder().encode(places)) == places)
    }
}
