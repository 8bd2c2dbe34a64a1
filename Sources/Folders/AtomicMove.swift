import CLinux
import Foundation
import Jobs
import SystemPackage

extension FileSystem {
    /// Renames without ever replacing. False when another file has the target's name.
    ///
    /// A rename that was done although the far end's answer was lost counts as done; so does one by hard link that a crash left
    /// with both names. Making it survive a power cut is the caller's: `sync(renamed:to:)`.
    package static func rename(_ source: FilePath, to target: FilePath) throws(FileError) -> Bool {
        let before = try node(source)
        let code = source.withPlatformString { from in
            target.withPlatformString { clinux_rename_noreplace(from, $0) }
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
        _ source: FilePath, _ before: Node?, to target: FilePath
    ) throws(FileError) -> Bool {
        let linked = source.withPlatformString { from in target.withPlatformString { link(from, $0) } }
        if linked == 0 {
            try remove(source)
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
        let code = source.withPlatformString { from in target.withPlatformString { Foundation.rename(from, $0) } }
        return code == 0 ? true : try settle(.current, before, source, to: target)
    }

    private static func settle(
        _ failure: Errno, _ before: Node?, _ source: FilePath, to target: FilePath
    ) throws(FileError) -> Bool {
        if failure == .noSuchFileOrDirectory, try isRenamed(before, source, to: target) { return true }
        throw FileError("rename \(source.lastComponent?.string ?? "") to", target, failure)
    }

    /// Whether the target is the source as it was, and the source's name is gone or was just the second link to it.
    private static func isRenamed(_ before: Node?, _ source: FilePath, to target: FilePath) throws(FileError) -> Bool {
        guard let before, let there = try node(target), there.isSame(as: before) else { return false }
        guard let here = try node(source) else { return true }
        // With one link they are one name seen by two paths, and removing either would remove the file.
        guard here.isSame(as: before), here.links > 1, try !isOneName(source, target) else { return false }
        try remove(source)
        return true
    }

    /// Copies a regular file to a name that does not exist: complete and synced before it has the name.
    package static func copy(_ source: FilePath, to target: FilePath) throws(FileError) {
        try withTemporaryName(beside: target) { temporary throws(FileError) in
            try copyContent(of: source, into: temporary)
            guard try rename(temporary, to: target) else { throw FileError("write", target, .fileExists) }
        }
        try sync(folder: target.removingLastComponent())
    }

    /// Writes a copy of a regular file, synced, with the time of the original, to a name that nobody else looks at.
    static func copyContent(of source: FilePath, into temporary: FilePath) throws(FileError) {
        let file = try openRegular(source)
        defer { try? file.close() }
        try make(temporary, synced: true) { output throws(FileError) in
            var buffer = [UInt8](repeating: 0, count: 1 << 20)
            while true {
                let count = Foundation.read(file.rawValue, &buffer, buffer.count)
                if count < 0, Errno.current == .interrupted { continue }
                guard count >= 0 else { throw FileError("read", source) }
                if count == 0 { break }
                try writeAll(buffer[0..<count], to: output, path: temporary)
            }
            // A rename would have kept the time. Where it cannot be set, the copy is as good.
            var status = stat()
            if fstat(file.rawValue, &status) == 0 { futimens(output, [status.st_atim, status.st_mtim]) }
        }
    }

    /// Writes `bytes` so that the name holds either what it held before or all of them, and survives a power cut unless
    /// `synced` is false, which is for what will soon be written anew anyhow.
    package static func replace(_ target: FilePath, with bytes: [UInt8], synced: Bool = true) throws(FileError) {
        try withTemporaryName(beside: target) { temporary throws(FileError) in
            try make(temporary, synced: synced) { output throws(FileError) in
                try writeAll(bytes[...], to: output, path: target)
            }
            let before = try node(temporary)
            let code = temporary.withPlatformString { from in
                target.withPlatformString { Foundation.rename(from, $0) }
            }
            guard code != 0 else { return }
            let failure = FileError("write", target)
            guard failure.code == .noSuchFileOrDirectory, try isRenamed(before, temporary, to: target) else {
                throw failure
            }
        }
        if synced { try sync(folder: target.removingLastComponent()) }
    }

    private static func make(
        _ path: FilePath, synced: Bool, _ content: (Int32) throws(FileError) -> Void
    ) throws(FileError) {
        let output = path.withPlatformString { open($0, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o664) }
        guard output >= 0 else { throw FileError("write", path) }
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
    private static func isOneName(_ one: FilePath, _ other: FilePath) throws(FileError) -> Bool {
        guard one.lastComponent?.string.folded == other.lastComponent?.string.folded else { return false }
        return try isSameFile(one.removingLastComponent().appending("."), other.removingLastComponent().appending("."))
    }

    /// Whether two names are one file, as a rename by hard link leaves them when it is cut short.
    static func isSameFile(_ one: FilePath, _ other: FilePath) throws(FileError) -> Bool {
        guard let one = try node(one), let other = try node(other) else { return false }
        return one.isSame(as: other)
    }

    private struct Node {
        let device: UInt64
        let inode: UInt64
        let links: UInt64

        func isSame(as other: Node) -> Bool { device == other.device && inode == other.inode }
    }

    private static func node(_ path: FilePath) throws(FileError) -> Node? {
        var status = stat()
        if path.withPlatformString({ lstat($0, &status) }) == 0 {
            return Node(
                device: UInt64(status.st_dev), inode: UInt64(status.st_ino), links: UInt64(status.st_nlink))
        }
        switch Errno.current {
        case .noSuchFileOrDirectory, .notDirectory: return nil
        case let other: throw FileError("look at", path, other)
        }
    }
}
