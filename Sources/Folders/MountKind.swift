import CLinux
import Foundation
import SystemPackage

/// Whether changes on a file system made by other machines reach this one as events.
package enum MountKind: Hashable, Sendable {
    case local
    /// Named as people know it: `NFS`, `SMB`.
    case network(String)

    /// statfs(2) types of file systems that somebody else may write to unseen. An overlay is not among them: what is written
    /// through it is told, and what changes in the layer below is seen by the regular listing.
    private static let networkTypes: [UInt32: String] = [
        0x6969: "NFS", 0x517B: "SMB", 0xFF53_4D42: "CIFS", 0xFE53_4D42: "SMB", 0x6573_5546: "FUSE",
        0x0102_1997: "9P", 0x00C3_6400: "Ceph", 0x5346_414F: "AFS", 0x6B41_4653: "AFS", 0x7375_7245: "Coda",
        0x564C: "NCP", 0x7461_636F: "OCFS2", 0x0116_1970: "GFS2", 0x4750_4653: "GPFS", 0x0BD0_0BD0: "Lustre",
        0x786F_4256: "VirtualBox shared folder", 0xBACB_ACBC: "VMware shared folder",
        0x7C7C_6673: "Parallels shared folder",
    ]

    /// The same by the names they have in mountinfo, where they can be had without asking a server that may not answer.
    private static let networkNames: [String: String] = [
        "nfs": "NFS", "nfs4": "NFS", "cifs": "SMB", "smb3": "SMB", "smbfs": "SMB", "9p": "9P", "virtiofs": "virtiofs",
        "ceph": "Ceph", "afs": "AFS", "coda": "Coda", "ncpfs": "NCP", "ocfs2": "OCFS2", "gfs2": "GFS2", "gpfs": "GPFS",
        "lustre": "Lustre", "glusterfs": "GlusterFS", "davfs": "WebDAV", "vboxsf": "VirtualBox shared folder",
        "vmhgfs": "VMware shared folder", "prl_fs": "Parallels shared folder", "fuse": "FUSE", "autofs": "automount",
        "fuse.sshfs": "SSHFS", "fuse.rclone": "rclone", "fuse.glusterfs": "GlusterFS", "fuse.ceph": "Ceph",
        "fuse.ceph-fuse": "Ceph", "fuse.vmhgfs-fuse": "VMware shared folder", "fuse.s3fs": "s3fs",
        "fuse.davfs": "WebDAV",
    ]

    /// - Parameters:
    ///   - name: the file system's type as in mountinfo; nil where it is not known.
    ///   - number: its type as statfs(2) gives it; nil where it was not asked.
    package init(name: String?, number: UInt32? = nil) {
        if let name, let known = Self.networkNames[name] {
            self = .network(known)
        } else if let name, name.hasPrefix("fuse.") {
            self = .network(String(name.dropFirst(5)))
        } else if let name, name != "fuseblk", let number, let known = Self.networkTypes[number] {
            self = .network(known)
        } else if name == nil, let number, let known = Self.networkTypes[number] {
            self = .network(known)
        } else {
            self = .local
        }
    }

    /// Asks the file system itself, which may block where its server does not answer.
    package static func of(_ path: FilePath) throws(FileError) -> MountKind {
        let type = path.withPlatformString { clinux_file_system_type($0) }
        guard type >= 0 else { throw FileError("look at the mount of", path) }
        return MountKind(name: nil, number: UInt32(truncatingIfNeeded: type))
    }
}

extension MountTable.Mount {
    package var kind: MountKind { MountKind(name: type) }

    /// How long this machine may go on showing a file's old size and time after somebody else has written to it.
    ///
    /// From the mount's options where the kernel shows them (nfs(5), mount.cifs(8): `noac`, `actimeo`, `acregmax`), else what the
    /// program that serves the mount does unless it is told otherwise; its own options are not to be seen in mountinfo.
    package var attributeCache: Duration {
        func seconds(_ name: String) -> Duration? {
            options.lazy.filter { $0.hasPrefix(name + "=") }.compactMap { Int($0.dropFirst(name.count + 1)) }.first.map
            {
                .seconds($0)
            }
        }
        switch type {
        case "nfs", "nfs4":
            return options.contains("noac") ? .zero : seconds("acregmax") ?? seconds("actimeo") ?? .seconds(60)
        case "cifs", "smb3", "smbfs": return seconds("acregmax") ?? seconds("actimeo") ?? .seconds(1)
        case "9p": return options.contains { $0 == "cache=loose" || $0 == "cache=fscache" } ? .seconds(60) : .zero
        case "virtiofs", "glusterfs", "fuse.glusterfs", "vboxsf": return .seconds(1)
        // These tell their clients when what they have kept no longer holds.
        case "ceph", "fuse.ceph", "fuse.ceph-fuse", "afs", "coda", "ocfs2", "gfs2", "gpfs", "lustre": return .zero
        // sshfs(1), dcache_timeout.
        case "fuse.sshfs": return .seconds(20)
        // rclone mount, --dir-cache-time.
        case "fuse.rclone": return .seconds(300)
        case "davfs", "fuse.davfs": return .seconds(60)
        default:
            if case .network = kind { return .seconds(20) }
            return .zero
        }
    }
}
