import Foundation
import SystemPackage

/// A call to the file system that failed, with the path it was about.
package struct FileError: Error, Hashable, CustomStringConvertible {
    package let operation: String
    package let path: FilePath
    package let code: Errno

    package init(_ operation: String, _ path: FilePath, _ code: Errno = .current) {
        self.operation = operation
        self.path = path
        self.code = code
    }

    package var description: String {
        "cannot \(operation) \(path): \(code == .tooManySymbolicLinkLevels ? "a symbolic link is in the way" : "\(code)")"
    }

    /// Whether nothing can be there: a folder on the way is missing, or something else has its place.
    package var isNoWay: Bool {
        code == .noSuchFileOrDirectory || code == .notDirectory || code == .tooManySymbolicLinkLevels
    }
}

extension Errno {
    /// The calling thread's `errno`.
    package static var current: Errno { Errno(rawValue: errno) }
}

extension FileError {
    /// What a failed call says about the world, so that it is not taken for the fault of the file it was about.
    package enum Meaning: String, Hashable, Sendable, CaseIterable {
        /// No room, no more files, or the quota is used up: the same call succeeds once there is space.
        case diskFull = "disk full"
        /// The share or disk does not answer: whatever was asked about may well be there.
        case shareGone = "share gone"
        case readOnly = "read-only"
        case denied
        /// It is about this file, or nobody can tell.
        case other
    }

    package var meaning: Meaning {
        switch code.rawValue {
        case ENOSPC, EDQUOT: .diskFull
        // What NFS, SMB and FUSE answer when the far end is away, and disks when they were pulled out or fail.
        case ESTALE, ENOTCONN, EHOSTDOWN, EHOSTUNREACH, ETIMEDOUT, EIO, ENODEV, ENXIO, ENOMEDIUM, EREMOTEIO, ENETDOWN,
            ENETUNREACH, ECONNREFUSED, ECONNRESET, ECONNABORTED, EPIPE, ESHUTDOWN, ENOLINK:
            .shareGone
        case EROFS: .readOnly
        // A network share's ticket that has run out counts as a right that is missing.
        case EACCES, EPERM, ENOKEY, EKEYEXPIRED, EKEYREVOKED, EKEYREJECTED: .denied
        default: .other
        }
    }
}
