import Foundation
import Jobs
import SystemPackage

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

    /// The absolute path without links.
    package static func realPath(of path: FilePath) throws(FileError) -> String {
        guard let real = path.withPlatformString({ realpath($0, nil) }) else { throw FileError("find", path) }
        defer { free(real) }
        return String(cString: real)
    }

    package static func exists(_ path: FilePath) -> Bool { (try? status(of: path)) != nil }

    /// The entries of a folder, without `.` and `..`; entries that vanish while it is read are left out. So are those that cannot
    /// be looked at, where the caller says that missing them does no harm, and `names`, which are not even looked at: looking at a
    /// mount point asks its server.
    package static func list(
        _ folder: FilePath, skippingUnreadable: Bool = false, skipping names: Set<FileName> = []
    ) throws(FileError) -> [(name: FileName, status: FileStatus)] {
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
            if bytes != [0x2E], bytes != [0x2E, 0x2E], names.isEmpty || !names.contains(FileName(bytes: bytes)) {
                var result = stat()
                let code = withUnsafePointer(to: &entry.pointee.d_name) { name in
                    name.withMemoryRebound(to: CChar.self, capacity: 256) {
                        fstatat(descriptor, $0, &result, AT_SYMLINK_NOFOLLOW)
                    }
                }
                let name = FileName(bytes: bytes)
                if code == 0 {
                    entries.append((name, FileStatus(result)))
                } else if Errno.current != .noSuchFileOrDirectory, !skippingUnreadable {
                    throw FileError("look at", folder.appending(name))
                }
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

    /// Makes a folder and those above it, each synced into the one that holds it, unless the caller does that itself.
    package static func makeFolder(_ path: FilePath, synced: Bool = true) throws(FileError) {
        if try makeLast(path, synced: synced) { return }
        try makeFolder(path.removingLastComponent(), synced: synced)
        guard try makeLast(path, synced: synced) else {
            throw FileError("make the folder", path, .noSuchFileOrDirectory)
        }
    }

    /// Makes a folder below one that must be there: where a share is gone, its path is not built anew on the disk beneath.
    package static func makeFolder(_ path: FilePath, below root: FilePath) throws(FileError) {
        guard try status(of: root) != nil else { throw FileError("find", root, .noSuchFileOrDirectory) }
        try makeFolder(path)
    }

    /// False where the folder above is missing.
    private static func makeLast(_ path: FilePath, synced: Bool) throws(FileError) -> Bool {
        if path.withPlatformString({ mkdir($0, 0o2775) }) == 0 {
            if synced { try sync(folder: path.removingLastComponent()) }
            return true
        }
        switch Errno.current {
        case .fileExists:
            guard try status(of: path.appending("."))?.kind == .folder else {
                throw FileError("make the folder", path, .notDirectory)
            }
            return true
        case .noSuchFileOrDirectory where path.components.count > 1: return false
        case let other: throw FileError("make the folder", path, other)
        }
    }

    /// Makes names in `folder` survive a power cut.
    package static func sync(folder: FilePath) throws(FileError) {
        // The current folder, where a relative path has nothing above its last part.
        let descriptor = (folder.isEmpty ? "." : folder).withPlatformString {
            open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        }
        guard descriptor >= 0 else { throw FileError("open", folder) }
        defer { close(descriptor) }
        // EINVAL: the file system has no notion of it (some network mounts); there is nothing better to do.
        guard fsync(descriptor) == 0 || Errno.current == .invalidArgument else { throw FileError("sync", folder) }
    }

    /// Makes a rename survive a power cut: the new name first, so that at no moment there is none.
    package static func sync(renamed source: FilePath, to target: FilePath) throws(FileError) {
        let (old, new) = (source.removingLastComponent(), target.removingLastComponent())
        try sync(folder: new)
        if old != new { try sync(folder: old) }
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
