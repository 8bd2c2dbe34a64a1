import CLinux
import Foundation
import Jobs
import SystemPackage

package enum FileSystem {
    /// nil where there is nothing of that name, which is so too where a link has taken the place of a folder on a way that follows
    /// none.
    package static func status(of place: some FileLocation) throws(FileError) -> FileStatus? {
        do throws(FileError) {
            return try place.withEntry { entry throws(FileError) in try entry.status().map(FileStatus.init) }
        } catch {
            if error.isNoWay { return nil }
            throw error
        }
    }

    /// The absolute path without links.
    package static func realPath(of path: FilePath) throws(FileError) -> String {
        guard let real = path.withPlatformString({ realpath($0, nil) }) else { throw FileError("find", path) }
        defer { free(real) }
        return String(cString: real)
    }

    package static func exists(_ place: some FileLocation) -> Bool { (try? status(of: place)) != nil }

    /// The entries of a folder, without `.` and `..`; entries that vanish while it is read are left out. So are those that cannot
    /// be looked at, where the caller says that missing them does no harm, and `names`, which are not even looked at: looking at a
    /// mount point asks its server.
    package static func list(
        _ folder: some FileLocation, skippingUnreadable: Bool = false, skipping names: Set<FileName> = []
    ) throws(FileError) -> [(name: FileName, status: FileStatus)] {
        let descriptor: Int32
        do throws(FileError) {
            descriptor = try folder.descriptor(O_RDONLY | O_DIRECTORY | O_NONBLOCK)
        } catch {
            throw FileError("list", folder.path, error.code)
        }
        guard let stream = fdopendir(descriptor) else {
            let failure = FileError("list", folder.path)
            close(descriptor)
            throw failure
        }
        defer { closedir(stream) }
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
                    throw FileError("look at", folder.path.appending(name))
                }
            }
            errno = 0
        }
        guard errno == 0 else { throw FileError("list", folder.path) }
        return entries
    }

    /// Whether this process may rename files into and out of a folder.
    package static func mayChange(folder: some FileLocation) -> Bool {
        may(W_OK | X_OK, folder.appending("."))
    }

    /// Whether this process may read a file.
    package static func mayRead(_ place: some FileLocation) -> Bool { may(R_OK, place) }

    private static func may(_ access: Int32, _ place: some FileLocation) -> Bool {
        let allowed = try? place.withEntry { entry throws(FileError) in
            entry.name.withPlatformString { faccessat(entry.folder, $0, access, AT_EACCESS) } == 0
        }
        return allowed ?? false
    }

    /// Makes a folder and those above it, each synced into the one that holds it, unless the caller does that itself.
    ///
    /// - Parameters:
    ///   - mode: of those that are made, less the umask.
    ///   - permissions: of those that are made, whatever the umask.
    package static func makeFolder(
        _ place: some FileLocation, synced: Bool = true, mode: UInt32 = 0o775, permissions: SharePermissions? = nil
    ) throws(FileError) {
        if try makeLast(place, synced: synced, mode, permissions) { return }
        guard let parent = place.parent else {
            throw FileError("make the folder", place.path, .noSuchFileOrDirectory)
        }
        try makeFolder(parent, synced: synced, mode: mode, permissions: permissions)
        guard try makeLast(place, synced: synced, mode, permissions) else {
            throw FileError("make the folder", place.path, .noSuchFileOrDirectory)
        }
    }

    /// Makes a folder below one that must be there: where a share is gone, its path is not built anew on the disk beneath.
    package static func makeFolder<Place: FileLocation>(
        _ place: Place, below root: Place, synced: Bool = true, mode: UInt32 = 0o775,
        permissions: SharePermissions? = nil
    ) throws(FileError) {
        guard try status(of: root) != nil else { throw FileError("find", root.path, .noSuchFileOrDirectory) }
        try makeFolder(place, synced: synced, mode: mode, permissions: permissions)
    }

    /// False where the folder above is missing.
    private static func makeLast(
        _ place: some FileLocation, synced: Bool, _ mode: UInt32, _ permissions: SharePermissions?
    ) throws(FileError) -> Bool {
        let failure: Errno?
        do throws(FileError) {
            failure = try place.withEntry { entry throws(FileError) in
                entry.name.withPlatformString { mkdirat(entry.folder, $0, permissions?.folders ?? mode) } == 0
                    ? nil : Errno.current
            }
        } catch {
            failure = error.code
        }
        switch failure {
        case nil:
            permissions?.apply(toFolder: place.path)
            if synced { try sync(folder: place.removingLastComponent()) }
            return true
        case .fileExists:
            // A path that is believed may lead through a link.
            let found = try? place.descriptor(clinux_o_path | O_DIRECTORY)
            guard let found else { throw FileError("make the folder", place.path, .notDirectory) }
            close(found)
            return true
        case .noSuchFileOrDirectory where place.parent != nil: return false
        case let other?: throw FileError("make the folder", place.path, other)
        }
    }

    /// Makes names in `folder` survive a power cut.
    package static func sync(folder: some FileLocation) throws(FileError) {
        let descriptor = try folder.descriptor(O_RDONLY | O_DIRECTORY)
        defer { close(descriptor) }
        // EINVAL: the file system has no notion of it (some network mounts); there is nothing better to do.
        guard fsync(descriptor) == 0 || Errno.current == .invalidArgument else { throw FileError("sync", folder.path) }
    }

    /// Makes a rename survive a power cut: the new name first, so that at no moment there is none.
    package static func sync(renamed source: some FileLocation, to target: some FileLocation) throws(FileError) {
        let (old, new) = (source.removingLastComponent(), target.removingLastComponent())
        try sync(folder: new)
        if old.path != new.path { try sync(folder: old) }
    }

    package static func remove(_ place: some FileLocation) throws(FileError) {
        do throws(FileError) {
            try place.withEntry { entry throws(FileError) in try entry.remove() }
        } catch {
            guard error.code == .noSuchFileOrDirectory else { throw error }
        }
    }

    /// Removes a folder and all below it; whatever is not there is no error.
    package static func removeTree(_ place: some FileLocation) throws(FileError) {
        guard let status = try status(of: place) else { return }
        guard status.kind == .folder else { return try remove(place) }
        for entry in try list(place) { try removeTree(place.appending(entry.name)) }
        try place.withEntry { entry throws(FileError) in
            let code = entry.name.withPlatformString { unlinkat(entry.folder, $0, AT_REMOVEDIR) }
            guard code == 0 || Errno.current == .noSuchFileOrDirectory else { throw FileError("remove", place.path) }
        }
    }
}
