import CLinux
import Foundation
import SystemPackage

/// Whether changes on a file system made by other machines reach this one as events.
package enum MountKind: Hashable, Sendable {
    case local
    /// Named as people know it: `NFS`, `SMB`.
    case network(String)

    /// statfs(2) types of file systems that somebody else may write to unseen.
    private static let networkTypes: [UInt32: String] = [
        0x6969: "NFS", 0x517B: "SMB", 0xFF53_4D42: "CIFS", 0xFE53_4D42: "SMB", 0x6573_5546: "FUSE",
        0x0102_1997: "9P", 0x00C3_6400: "Ceph", 0x5346_414F: "AFS", 0x6B41_4653: "AFS", 0x7375_7245: "Coda",
        0x564C: "NCP", 0x7461_636F: "OCFS2", 0x0116_1970: "GFS2", 0x4750_4653: "GPFS", 0x0BD0_0BD0: "Lustre",
        0x786F_4256: "VirtualBox shared folder", 0xBACB_ACBC: "VMware shared folder",
        0x7C7C_6673: "Parallels shared folder",
    ]

    package static func of(_ path: FilePath) throws(FileError) -> MountKind {
        let type = path.withPlatformString { clinux_file_system_type($0) }
        guard type >= 0 else { throw FileError("look at the mount of", path) }
        return networkTypes[UInt32(truncatingIfNeeded: type)].map { .network($0) } ?? .local
    }
}
