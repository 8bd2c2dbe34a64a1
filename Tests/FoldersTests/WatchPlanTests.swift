import Folders
import Jobs
import Testing

@Suite("How a tree is watched")
struct WatchPlanTests {
    private let times = WatchTimes(settle: .seconds(1), rescan: .seconds(60), listing: .seconds(2))

    private func mount(_ type: String, _ options: String = "rw") throws -> MountTable.Mount {
        try #require(MountTable(parsing: "40 26 0:35 / /in rw,relatime - \(type) source \(options)").mounts.first)
    }

    @Test(
        "local file systems are watched by events, everything that others may write to unseen is listed",
        arguments: [
            ("ext4", false), ("xfs", false), ("btrfs", false), ("zfs", false), ("tmpfs", false), ("overlay", false),
            ("fuseblk", false), ("nfs", true), ("nfs4", true), ("cifs", true), ("smb3", true), ("9p", true),
            ("virtiofs", true), ("fuse.sshfs", true), ("fuse.rclone", true), ("fuse.anything", true), ("fuse", true),
            ("ceph", true), ("autofs", true),
        ])
    func method(type: String, isNetwork: Bool) throws {
        let mount = try mount(type)
        let auto = WatchPlan.choose(.auto, on: mount, times: times)
        #expect(auto.method == (isNetwork ? .listing : .events))
        #expect(auto.interval == (isNetwork ? times.listing : times.rescan))
        #expect(WatchPlan.choose(.poll, on: mount, times: times).method == .listing)
        #expect(WatchPlan.choose(.inotify, on: mount, times: times).method == .events)
    }

    @Test(
        "a file must be quiet for longer than its mount may show an old size",
        arguments: [
            ("ext4", "rw", 1), ("nfs4", "rw,vers=4.2", 61), ("nfs", "rw,acregmin=1,acregmax=10,acdirmax=30", 11),
            ("nfs4", "rw,noac", 1), ("cifs", "rw,actimeo=1", 2), ("cifs", "rw,acdirmax=60,acregmax=30", 31),
            ("smb3", "rw", 2), ("fuse.sshfs", "rw,user_id=0", 21), ("fuse.rclone", "rw", 301), ("ceph", "rw", 1),
            ("9p", "rw,cache=loose", 61), ("9p", "rw,trans=virtio", 1), ("fuse.unheard-of", "rw", 21),
        ])
    func quiet(type: String, options: String, seconds: Int) throws {
        let mount = try mount(type, options)
        for mode in WatchMode.allCases {
            #expect(WatchPlan.choose(mode, on: mount, times: times).quiet == .seconds(seconds))
        }
    }

    @Test("a longer settling time that is configured wins, and the admin's word on the cache wins over the mount's")
    func configured() throws {
        let patient = WatchTimes(settle: .seconds(90), rescan: .seconds(60), listing: .seconds(2))
        #expect(WatchPlan.choose(.auto, on: try mount("nfs4"), times: patient).quiet == .seconds(90))
        let knowing = WatchTimes(
            settle: .milliseconds(200), rescan: .seconds(60), listing: .seconds(2), mountCache: .zero)
        #expect(WatchPlan.choose(.auto, on: try mount("fuse.sshfs"), times: knowing).quiet == .milliseconds(200))
        #expect(WatchPlan.choose(.auto, on: try mount("ext4"), times: patient).quiet == .seconds(90))
    }

    @Test("says what it chose and why")
    func words() throws {
        let nfs = WatchPlan.choose(.auto, on: try mount("nfs4"), times: times)
        #expect(
            nfs.shown
                == "listed every 2 s; files must be quiet for 61 s. NFS does not tell of changes made elsewhere")
        let local = WatchPlan.choose(.auto, on: try mount("ext4"), times: times)
        #expect(
            local.shown
                == "watched by events and listed every 60 s; files must be quiet for 1 s. A local file system tells of changes"
        )
    }

    @Test("a mount whose listing takes long is listed less often")
    func pause() throws {
        let nfs = WatchPlan.choose(.auto, on: try mount("nfs4"), times: times)
        #expect(nfs.pause(afterListingOf: .milliseconds(20)) == .seconds(2))
        #expect(nfs.pause(afterListingOf: .seconds(3)) == .seconds(27))
        let local = WatchPlan.choose(.auto, on: try mount("ext4"), times: times)
        #expect(local.pause(afterListingOf: .seconds(30)) == .seconds(60))
    }

    @Test("a type's number tells where its name is not known, and a FUSE disk is local")
    func numbers() {
        #expect(MountKind(name: nil, number: 0x6969) == .network("NFS"))
        #expect(MountKind(name: "odd", number: 0x6573_5546) == .network("FUSE"))
        #expect(MountKind(name: "fuseblk", number: 0x6573_5546) == .local)
        #expect(MountKind(name: "overlay", number: 0x794C_7630) == .local)
    }

    @Test("each mount below the inbox is a tree of its own, unless it is hidden or passed over")
    func trees() {
        let table = MountTable(
            parsing: """
                26 1 8:1 / / rw - ext4 /dev/sda1 rw
                30 26 0:30 / /srv/in rw - xfs /dev/sdb1 rw
                31 30 0:31 / /srv/in/nas rw - nfs4 nas:/a rw
                32 31 0:32 / /srv/in/nas/deep/er rw - fuse.sshfs host:/b rw
                33 30 0:33 / /srv/in/cover/below rw - cifs //nas/hidden rw
                34 30 0:34 / /srv/in/cover rw - tmpfs above rw
                35 30 0:35 / /srv/in/twice rw - tmpfs first rw
                36 35 0:36 / /srv/in/twice rw - tmpfs second rw
                37 30 0:37 / /srv/in/.hotreel rw - tmpfs own rw
                38 30 0:38 / /srv/in/@eaDir/x rw - tmpfs litter rw
                39 26 0:39 / /srv/inner rw - tmpfs other rw
                """)
        let trees = table.trees(of: "/srv/in")
        #expect(trees.map(\.folder) == ["", "cover", "nas", "nas/deep/er", "twice"])
        #expect(trees.map(\.mount.source) == ["/dev/sdb1", "above", "nas:/a", "host:/b", "second"])
        #expect(table.trees(of: "/srv/in/nas").map(\.folder) == ["", "deep/er"])
        #expect(table.trees(of: "/").first?.mount.source == "/dev/sda1")
        #expect(MountTable(parsing: "").trees(of: "/srv/in").isEmpty)
    }
}
