import Folders
import Testing

/// Lines as kernels write them.
@Suite("The mount table")
struct MountTableTests {
    private let table = MountTable(
        parsing: """
            21 26 0:20 / /sys rw,nosuid,nodev,noexec,relatime shared:7 - sysfs sysfs rw
            26 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw,errors=remount-ro
            40 26 0:35 / /srv/out rw,relatime shared:20 - cifs //nas/out rw,vers=3.1.1,sec=ntlmssp,cache=strict
            41 26 0:36 /projects /srv/in rw,relatime shared:21 master:3 propagate_from:2 - nfs4 nas.lan:/export rw,vers=4.2
            42 26 0:37 / /srv/My\\040Share\\134x rw - nfs nas:/my\\040share rw
            43 26 8:17 / /srv/disk rw,relatime - xfs /dev/sdb1 rw
            44 26 8:1 /data/hot /srv/bind rw,relatime shared:1 - ext4 /dev/sda1 rw
            45 26 0:40 /@shots /srv/volume rw,relatime - btrfs /dev/sdc1 rw,subvolid=257,subvol=/@shots
            46 26 0:41 / /srv/auto rw,relatime - autofs systemd-1 rw,fd=50,pgrp=1,timeout=60,direct
            47 46 0:42 / /srv/auto rw,relatime - nfs4 nas:/auto rw
            48 26 0:43 / /srv/twice rw,relatime - tmpfs first rw
            49 48 0:44 / /srv/twice rw,relatime - tmpfs second rw
            50 26 0:45 / /mnt/a/out rw,relatime - nfs4 nas:/hidden rw
            51 26 0:46 / /mnt/a rw,relatime - tmpfs above rw
            52 26 0:47 / /var/lib/docker/overlay2/0a1b/merged rw,relatime - overlay overlay rw,lowerdir=/l/A:/l/B,upperdir=/u,workdir=/w
            53 26 0:48 / /srv/bare rw - tmpfs  rw
            not a line
            54 26 0:49 / /srv/cut

            """)

    @Test(
        "finds the mount that a path leads to",
        arguments: [
            ("/etc/hosts", "/dev/sda1", "/etc/hosts"), ("/srv/out", "//nas/out", "/"),
            ("/srv/out/videos/p", "//nas/out", "/videos/p"), ("/srv/output", "/dev/sda1", "/srv/output"),
            ("/srv/in", "nas.lan:/export", "/projects"), ("/srv/in/day 1", "nas.lan:/export", "/projects/day 1"),
            ("/srv/My Share\\x/in", "nas:/my share", "/in"), ("/srv/bind/in", "/dev/sda1", "/data/hot/in"),
            ("/srv/volume", "/dev/sdc1", "/@shots"), ("/srv/cut", "/dev/sda1", "/srv/cut"), ("/", "/dev/sda1", "/"),
            ("/var/lib/docker/overlay2/0a1b/merged/out", "overlay", "/out"), ("/srv/bare/x", "", "/x"),
        ])
    func covering(path: String, source: String, inside: String) throws {
        let mount = try #require(table.mount(covering: path))
        #expect(mount.source == source)
        #expect(mount.inside(path) == inside)
    }

    @Test("takes the last of several mounts on one point, such as what an automount put over its trigger")
    func stacked() {
        #expect(table.mount(covering: "/srv/twice/x")?.source == "second")
        #expect(table.mount(covering: "/srv/auto")?.type == "nfs4")
    }

    @Test("does not find a mount that a later one above it hides")
    func hidden() {
        #expect(table.mount(covering: "/mnt/a/out")?.source == "above")
    }

    @Test("believes the kernel's own id, unless it cannot be the path's")
    func byID() {
        #expect(table.mount(covering: "/srv/twice/x", id: 48)?.source == "first")
        #expect(table.mount(covering: "/srv/out", id: 43)?.source == "//nas/out")
        #expect(table.mount(covering: "/srv/out", id: 999)?.source == "//nas/out")
    }

    @Test("knows a root whose parent it does not see, as in a container, and no mount where there is none")
    func container() {
        let container = MountTable(
            parsing: """
                620 480 0:121 / / rw,relatime master:250 - overlay overlay rw,lowerdir=/l,upperdir=/u,workdir=/w
                625 620 8:1 /var/lib/docker/volumes/out/_data /out rw,relatime master:1 - ext4 /dev/sda1 rw
                """)
        #expect(
            container.mount(covering: "/out/videos")?.inside("/out/videos")
                == "/var/lib/docker/volumes/out/_data/videos")
        #expect(container.mount(covering: "/elsewhere")?.type == "overlay")
        #expect(MountTable(parsing: "").mount(covering: "/out") == nil)
    }

    @Test("reads this machine's own")
    func own() throws {
        #expect(try MountTable.current().mount(covering: "/proc/self")?.type == "proc")
    }
}
