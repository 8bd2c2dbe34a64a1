import Foundation
import Jobs
import SystemPackage

/// What `lstat` says about a directory entry.
package struct FileStatus: Hashable, Sendable {
    package enum Kind: String, Hashable, Sendable {
        case regular = "file"
        case folder
        case symbolicLink = "symbolic link"
        case namedPipe = "named pipe"
        case socket
        case device
    }

    package let kind: Kind
    package let identity: FileIdentity
    /// Mode bits for owner, group and others.
    package let permissions: UInt32

    package init(kind: Kind, identity: FileIdentity, permissions: UInt32 = 0o644) {
        self.kind = kind
        self.identity = identity
        self.permissions = permissions
    }

    init(_ status: stat) {
        kind =
            switch status.st_mode & S_IFMT {
            case S_IFREG: .regular
            case S_IFDIR: .folder
            case S_IFLNK: .symbolicLink
            case S_IFIFO: .namedPipe
            case S_IFSOCK: .socket
            default: .device
            }
        identity = FileIdentity(
            device: UInt64(status.st_dev), inode: UInt64(status.st_ino), size: Int64(status.st_size),
            modified: status.st_mtim.nanoseconds, changed: status.st_ctim.nanoseconds)
        permissions = status.st_mode & 0o7777
    }
}

extension timespec {
    fileprivate var nanoseconds: Int64 { Int64(tv_sec) &* 1_000_000_000 &+ Int64(tv_nsec) }
}
