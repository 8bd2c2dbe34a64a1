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

    package var description: String { "cannot \(operation) \(path): \(code)" }
}

extension Errno {
    /// The calling thread's `errno`.
    package static var current: Errno { Errno(rawValue: errno) }
}

package enum FileSystem {
    /// nil where there is nothing of that name.
    package static func status(of path: FilePath) throws(FileError) -> FileStatus? {
        var result = stat()
        let code = path.withPlatformString { lstat($0, &result) }
        if code == 0 { return FileStatus(result) }
        switch Errno.current {
        case .noSuchFileOrDirectory, .notDirectory: return nil
        case let other: throw FileError("look at", path, other)
        }
    }

    package static func exists(_ path: FilePath) -> Bool { (try? status(of: path)) != nil }

    /// The entries of a folder, without `.` and `..`; entries that vanish while it is read are left out.
    package static func list(_ folder: FilePath) throws(FileError) -> [(name: FileName, status: FileStatus)] {
        guard let stream = folder.withPlatformString({ opendir($0) }) else { throw FileError("list", folder) }
        defer { closedir(stream) }
        let descriptor = dirfd(stream)
        var entries: [(FileName, FileStatus)] = []
        errno = 0
        while let entry = readdir(stream) {
            let bytes = withUnsafePointer(to: &entry.pointee.d_name) { name in
                name.withMemoryRebound(to: UInt8.self, capacity: 256) { start in
                    Array(
                        UnsafeBufferPointer(
                            start: start, count: strlen(UnsafeRawPointer(start).assumingMemoryBound(to: CChar.self))))
                }
            }
            if bytes != [0x2E], bytes != [0x2E, 0x2E] {
                var result = stat()
                let code = withUnsafePointer(to: &entry.pointee.d_name) { name in
                    name.withMemoryRebound(to: CChar.self, capacity: 256) {
                        fstatat(descriptor, $0, &result, AT_SYMLINK_NOFOLLOW)
                    }
                }
                if code == 0 { entries.append((FileName(bytes: bytes), FileStatus(result))) }
            }
            errno = 0
        }
        guard errno == 0 else { throw FileError("list", folder) }
        return entries
    }

    /// Whether this process may rename files into and out of a folder.
    package static func mayChange(folder: FilePath) -> Bool {
        folder.withPlatformString { faccessat(AT_FDCWD, $0, W_OK | X_OK, AT_EACCESS) } == 0
    }

    /// Whether this process may read a file.
    package static func mayRead(_ path: FilePath) -> Bool {
        path.withPlatformString { faccessat(AT_FDCWD, $0, R_OK, AT_EACCESS) } == 0
    }

    package static func makeFolder(_ path: FilePath) throws(FileError) {
        if path.withPlatformString({ mkdir($0, 0o2775) }) == 0 || Errno.current == .fileExists { return }
        guard Errno.current == .noSuchFileOrDirectory, path.components.count > 1 else {
            throw FileError("make the folder", path)
        }
        try makeFolder(path.removingLastComponent())
        guard path.withPlatformString({ mkdir($0, 0o2775) }) == 0 || Errno.current == .fileExists else {
            throw FileError("make the folder", path)
        }
    }

    /// Makes names in `folder` survive a power cut.
    package static func sync(folder: FilePath) throws(FileError) {
        let descriptor = folder.withPlatformString { open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        guard descriptor >= 0 else { throw FileError("open", folder) }
        defer { close(descriptor) }
        // EINVAL: the file system has no notion of it (some network mounts); there is nothing better to do.
        guard fsync(descriptor) == 0 || Errno.current == .invalidArgument else { throw FileError("sync", folder) }
    }

    package static func remove(_ path: FilePath) throws(FileError) {
        guard path.withPlatformString({ unlink($0) }) == 0 || Errno.current == .noSuchFileOrDirectory else {
            throw FileError("remove", path)
        }
    }

    /// Removes a folder and all below it; whatever is not there is no error.
    package static func removeTree(_ path: FilePath) throws(FileError) {
        guard let status = try status(of: path) else { return }
        guard status.kind == .folder else { return try remove(path) }
        for entry in try list(path) { try removeTree(path.appending(entry.name)) }
        guard path.withPlatformString({ rmdir($0) }) == 0 || Errno.current == .noSuchFileOrDirectory else {
            throw FileError("remove", path)
        }
    }
}
