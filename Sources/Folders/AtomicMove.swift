import CLinux
import Foundation
import Jobs
import SystemPackage

extension FileSystem {
    /// Renames without ever replacing. False when another file has the target's name.
    ///
    /// A rename that was done although the far end's answer was lost counts as done; so does one by hard link that a crash left
    /// with both names. Making it survive a power cut is the caller's: `sync(renamed:to:)`.
    package static func rename(
        _ source: some FileLocation, to target: some FileLocation
    ) throws(FileError) -> Bool {
        try source.withEntry { from throws(FileError) in
            try target.withEntry { to throws(FileError) in try rename(from, to: to) }
        }
    }

    private static func rename(_ source: FileEntry, to target: FileEntry) throws(FileError) -> Bool {
        let before = try node(source)
        let code = source.name.withPlatformString { from in
            target.name.withPlatformString { clinux_rename_noreplace(source.folder, from, target.folder, $0) }
        }
        if code == 0 { return true }
        switch Errno.current {
        case .fileExists: return try isRenamed(before, source, to: target)
        // Some network mounts refuse the flag. A hard link never replaces either.
        case .invalidArgument, .noFunction, .notSupported:
            return try renameByLink(source, before, to: target)
        case let failure: return try settle(failure, before, source, to: target)
        }
    }

    private static func renameByLink(
        _ source: FileEntry, _ before: Node?, to target: FileEntry
    ) throws(FileError) -> Bool {
        let linked = source.name.withPlatformString { from in
            target.name.withPlatformString { linkat(source.folder, from, target.folder, $0, 0) }
        }
        if linked == 0 {
            try source.remove()
            return true
        }
        switch Errno.current {
        case .fileExists: return try isRenamed(before, source, to: target)
        // No hard links either, or none to other people's files.
        // An rclone mount answers so to any link. Where the disk itself fails, what follows fails too.
        case .notPermitted, .notSupported, .noFunction, .invalidArgument, .tooManyLinks, .ioError: break
        case let failure: return try settle(failure, before, source, to: target)
        }
        // The best left is to look first.
        if try node(target) != nil { return try isRenamed(before, source, to: target) }
        return replace(target, by: source) ? true : try settle(.current, before, source, to: target)
    }

    /// rename(2); false leaves the reason in `errno`.
    private static func replace(_ target: FileEntry, by source: FileEntry) -> Bool {
        source.name.withPlatformString { from in
            target.name.withPlatformString { renameat(source.folder, from, target.folder, $0) }
        } == 0
    }

    private static func settle(
        _ failure: Errno, _ before: Node?, _ source: FileEntry, to target: FileEntry
    ) throws(FileError) -> Bool {
        if failure == .noSuchFileOrDirectory, try isRenamed(before, source, to: target) { return true }
        throw FileError("rename \(source.path.lastComponent?.string ?? "") to", target.path, failure)
    }

    /// Whether the target is the source as it was, and the source's name is gone or was just the second link to it.
    private static func isRenamed(_ before: Node?, _ source: FileEntry, to target: FileEntry) throws(FileError) -> Bool
    {
        guard let before, let there = try node(target), there.isSame(as: before) else { return false }
        guard let here = try node(source) else { return true }
        // With one link they are one name seen by two paths, and removing either would remove the file.
        guard here.isSame(as: before), here.links > 1, !isOneName(source, target) else { return false }
        try source.remove()
        return true
    }

    /// Copies a regular file to a name that does not exist: complete and synced before it has the name.
    package static func copy(_ source: some FileLocation, to target: some FileLocation) throws(FileError) {
        try copy(OpenFile(source), to: target)
    }

    /// Copies an open file to a name that does not exist: complete and synced before it has the name.
    package static func copy(_ source: OpenFile, to target: some FileLocation) throws(FileError) {
        try withTemporaryName(beside: target) { temporary throws(FileError) in
            try copyContent(of: source, into: temporary)
            guard try rename(temporary, to: target) else { throw FileError("write", target.path, .fileExists) }
        }
        try sync(folder: target.removingLastComponent())
    }

    /// Writes a copy of a regular file, synced, with the time of the original, to a name that nobody else looks at.
    static func copyContent(of source: OpenFile, into temporary: some FileLocation) throws(FileError) {
        try make(temporary, synced: true) { output throws(FileError) in
            try source.forEachPart(of: 1 << 20) { part throws(FileError) in
                try writeAll(part, to: output, path: temporary.path)
                return true
            }
            // A rename would have kept time and owner. Where they cannot be set, the copy is as good.
            var status = stat()
            guard fstat(source.descriptor.rawValue, &status) == 0 else { return }
            futimens(output, [status.st_atim, status.st_mtim])
            if status.st_uid != geteuid() { _ = clinux_change_owner(output, status.st_uid, .max) }
        }
    }

    /// Writes `bytes` so that the name holds either what it held before or all of them, and survives a power cut unless
    /// `synced` is false, which is for what will soon be written anew anyhow.
    ///
    /// - Parameter permissions: by default only the service may write to it.
    package static func replace(
        _ target: some FileLocation, with bytes: [UInt8], synced: Bool = true, permissions: SharePermissions? = nil
    ) throws(FileError) {
        try withTemporaryName(beside: target) { temporary throws(FileError) in
            try make(temporary, synced: synced, mode: permissions?.files ?? 0o644) { output throws(FileError) in
                try writeAll(bytes[...], to: output, path: target.path)
            }
            permissions?.apply(to: temporary, in: target.path.removingLastComponent())
            try temporary.withEntry { from throws(FileError) in
                try target.withEntry { to throws(FileError) in
                    let before = try node(from)
                    guard !replace(to, by: from) else { return }
                    let failure = FileError("write", target.path)
                    guard failure.code == .noSuchFileOrDirectory, try isRenamed(before, from, to: to) else {
                        throw failure
                    }
                }
            }
        }
        if synced { try sync(folder: target.removingLastComponent()) }
    }

    private static func make(
        _ place: some FileLocation, synced: Bool, mode: UInt32 = 0o644,
        _ content: (Int32) throws(FileError) -> Void
    ) throws(FileError) {
        let path = place.path
        let output = try place.withEntry { entry throws(FileError) in
            let output = entry.name.withPlatformString {
                openat(entry.folder, $0, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode)
            }
            guard output >= 0 else { throw FileError("write", path) }
            return output
        }
        do throws(FileError) {
            try content(output)
            guard !synced || fsync(output) == 0 else { throw FileError("sync", path) }
        } catch {
            close(output)
            throw error
        }
        // Network mounts may tell of a full disk only now.
        guard close(output) == 0 || Errno.current == .interrupted else { throw FileError("write", path) }
    }

    private static func writeAll(_ bytes: ArraySlice<UInt8>, to descriptor: Int32, path: FilePath) throws(FileError) {
        var rest = bytes
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, Errno.current == .interrupted { continue }
            guard count > 0 else { throw FileError("write", path) }
            rest = rest.dropFirst(count)
        }
    }

    // MARK: One file by several names

    /// Whether two paths are the same name in the same folder, also where case does not count.
    private static func isOneName(_ one: FileEntry, _ other: FileEntry) -> Bool {
        guard one.path.lastComponent?.string.folded == other.path.lastComponent?.string.folded,
            let one = one.folderStatus(), let other = other.folderStatus()
        else { return false }
        return Node(one).isSame(as: Node(other))
    }

    /// Whether two names are one file, as a rename by hard link leaves them when it is cut short.
    static func isSameFile(_ one: some FileLocation, _ other: some FileLocation) throws(FileError) -> Bool {
        guard let one = try status(of: one)?.identity, let other = try status(of: other)?.identity else { return false }
        return one.device == other.device && one.inode == other.inode
    }

    private struct Node {
        let device: UInt64
        let inode: UInt64
        let links: UInt64

        init(_ status: stat) {
            (device, inode, links) = (UInt64(status.st_dev), UInt64(status.st_ino), UInt64(status.st_nlink))
        }

        func isSame(as other: Node) -> Bool { device == other.device && inode == other.inode }
    }

    private static func node(_ entry: FileEntry) throws(FileError) -> Node? { try entry.status().map(Node.init) }
}
