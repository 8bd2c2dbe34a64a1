import CLinux
import Foundation
import Jobs
import SystemPackage

/// Where a folder really lies: on which file system, and where in it. Kept over restarts, so that an empty mount point is not
/// taken for the share that belongs there.
///
/// Device numbers and mount ids are not part of it: they are others after each boot. No file marks the place either, since the
/// outbox holds nothing but what people know of.
package struct FolderPlace: Hashable, Sendable, Codable {
    /// The path by which it was looked at.
    package let path: String
    /// As in mountinfo: `ext4`, `nfs4`, `cifs` …
    package let fileSystem: String
    /// As in mountinfo: `/dev/sda1`, `nas:/out`, `//nas/out` …
    package let source: String
    /// The UUID of a local disk, where the system tells it. Device names may change at a boot.
    package let volume: String?
    /// The folder's path within the file system.
    package let folder: String

    package init(path: String, fileSystem: String, source: String, volume: String? = nil, folder: String) {
        self.path = path
        self.fileSystem = fileSystem
        self.source = source
        self.volume = volume
        self.folder = folder
    }

    /// Looks where a folder lies; a share that is mounted on demand is mounted by that. On a share whose server does not answer
    /// this may block for as long as the mount's options say.
    ///
    /// `.noSuchFileOrDirectory` where the folder does not exist, `ENODEV` where a share should have been mounted and was not.
    package static func of(_ path: FilePath) throws(FileError) -> FolderPlace {
        // Not O_PATH, which would not start an automount.
        let descriptor = path.withPlatformString { open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        guard descriptor >= 0 else { throw FileError("open", path) }
        defer { close(descriptor) }
        let link = "/proc/self/fd/\(descriptor)"
        var target = [UInt8](repeating: 0, count: 4096)
        let length = readlink(link, &target, target.count)
        guard length > 0 else { throw FileError("look at the mount of", path) }
        let real = String(decoding: target.prefix(length), as: UTF8.self)
        let id = clinux_mount_id(link, 0x1000)
        guard let mount = try MountTable.current().mount(covering: real, id: id > 0 ? UInt64(id) : nil) else {
            throw FileError("find the mount of", path, .noSuchFileOrDirectory)
        }
        guard mount.type != "autofs" else { throw FileError("mount the share at", path, Errno(rawValue: ENODEV)) }
        return FolderPlace(
            path: path.string, fileSystem: mount.type, source: mount.source,
            volume: try volume(ofDevice: mount.source), folder: mount.inside(real))
    }

    /// The UUID by which udev knows a block device.
    private static func volume(ofDevice source: String) throws(FileError) -> String? {
        let names = FilePath("/dev/disk/by-uuid")
        guard source.hasPrefix("/dev/"), let device = device(source), try FileSystem.status(of: names) != nil else {
            return nil
        }
        return try FileSystem.list(names, skippingUnreadable: true).first {
            Self.device(names.appending($0.name).string) == device
        }?.name.text
    }

    private static func device(_ path: String) -> UInt64? {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFBLK ? UInt64(status.st_rdev) : nil
    }

    // MARK: Comparing

    /// Whether both are the same folder of the same file system, by whatever path and through whatever bind mount.
    package func isSame(as other: FolderPlace) -> Bool {
        guard kind == other.kind, folder == other.folder else { return false }
        if let volume, let there = other.volume { return volume == there }
        return comparableSource == other.comparableSource
    }

    /// NFS may be mounted with one version today and with another tomorrow.
    private var kind: String { Self.networkNames[fileSystem] ?? fileSystem }

    private var comparableSource: String {
        let trimmed = source.count > 1 && source.hasSuffix("/") ? String(source.dropLast()) : source
        return kind == "SMB" ? trimmed.lowercased() : trimmed
    }

    // MARK: Words for people

    private static let networkNames = [
        "nfs": "NFS", "nfs4": "NFS", "cifs": "SMB", "smb3": "SMB", "smbfs": "SMB", "fuse.sshfs": "SSHFS", "9p": "9P",
        "ceph": "Ceph", "fuse.ceph": "Ceph", "fuse.glusterfs": "GlusterFS", "glusterfs": "GlusterFS", "afs": "AFS",
        "lustre": "Lustre", "davfs": "WebDAV", "fuse.rclone": "rclone", "vboxsf": "VirtualBox", "virtiofs": "virtiofs",
    ]

    private var isNetwork: Bool { Self.networkNames[fileSystem] != nil || fileSystem.hasPrefix("fuse.") }

    /// `//nas/out (SMB)`, `the local disk /dev/sda1 (ext4)`.
    package var shown: String {
        if isNetwork { return "\(source) (\(Self.networkNames[fileSystem] ?? fileSystem))" }
        if source.hasPrefix("/dev/") { return "the local disk \(source) (\(fileSystem))" }
        if fileSystem == "tmpfs" || fileSystem == "ramfs" { return "memory (\(fileSystem))" }
        return source == fileSystem || source == "none"
            ? "a file system of type \(fileSystem)" : "\(source) (\(fileSystem))"
    }

    /// Why `now` is not the place this was, for people; nil where it is. `role` is what the folder is to them: `outbox`.
    package func difference(to now: FolderPlace, role: String) -> String? {
        guard !isSame(as: now) else { return nil }
        let was = shown == now.shown ? "\(shown) in \(folder)" : shown
        let becomes = shown == now.shown ? "on \(now.shown) in \(now.folder)" : "on \(now.shown)"
        let reason =
            isNetwork && !now.isNetwork
            ? ": the share is not mounted" : folder == "/" && now.folder != "/" ? ": the disk is not mounted" : ""
        if path != now.path {
            return "the \(role) was \(path) on \(was) and is now \(now.path) \(becomes)\(reason). \(Self.remedy)"
        }
        return "the \(role) \(path) was on \(was) and is now \(becomes)\(reason). \(Self.remedy)"
    }

    static let remedy =
        "Mount it again, or put the folder back; Hotreel goes on by itself. If it was moved on purpose, remove state/places.json and start again."
}
