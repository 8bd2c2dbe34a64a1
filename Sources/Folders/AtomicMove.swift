import CLinux
import Foundation
import Jobs
import SystemPackage

extension FileSystem {
    /// Renames without ever replacing. False when the target exists.
    package static func rename(_ source: FilePath, to target: FilePath) throws(FileError) -> Bool {
        let code = source.withPlatformString { from in
            target.withPlatformString { clinux_rename_noreplace(from, $0) }
        }
        if code == 0 { return true }
        switch Errno.current {
        case .fileExists: return false
        // Some network mounts refuse the flag. A hard link never replaces either.
        case .invalidArgument, .noFunction, .notSupported: return try renameByLink(source, to: target)
        case let other: throw FileError("rename \(source.lastComponent?.string ?? "") to", target, other)
        }
    }

    private static func renameByLink(_ source: FilePath, to target: FilePath) throws(FileError) -> Bool {
        let linked = source.withPlatformString { from in target.withPlatformString { link(from, $0) } }
        if linked == 0 {
            try remove(source)
            return true
        }
        if Errno.current == .fileExists { return false }
        // No hard links either: the best left is to look first.
        if try status(of: target) != nil { return false }
        guard source.withPlatformString({ from in target.withPlatformString { Foundation.rename(from, $0) } }) == 0
        else {
            throw FileError("rename to", target)
        }
        return true
    }

    /// Moves a file of any kind without replacing, also to another file system. False when the target exists.
    ///
    /// Across file systems the copy is complete and synced beside the target before it takes the name, and the source goes last.
    package static func move(_ source: FilePath, to target: FilePath) throws(FileError) -> Bool {
        do {
            return try rename(source, to: target)
        } catch  where error.code == .improperLink {
            guard let status = try status(of: source) else { throw FileError("find", source, .noSuchFileOrDirectory) }
            guard status.kind == .regular else { return try recreate(source, status: status, at: target) }
            let temporary = temporary(beside: target)
            try remove(temporary)
            try copy(source, to: temporary)
            guard try rename(temporary, to: target) else {
                try remove(temporary)
                return false
            }
            try sync(folder: target.removingLastComponent())
            try remove(source)
            return true
        }
    }

    /// A link or a pipe cannot be copied; another of the same kind takes its place.
    private static func recreate(_ source: FilePath, status: FileStatus, at target: FilePath) throws(FileError) -> Bool
    {
        let code: Int32
        switch status.kind {
        case .symbolicLink:
            var content = [CChar](repeating: 0, count: 4097)
            let length = source.withPlatformString { readlink($0, &content, 4096) }
            guard length >= 0 else { throw FileError("read the link", source) }
            code = target.withPlatformString { symlink(content, $0) }
        case .namedPipe:
            code = target.withPlatformString { mkfifo($0, 0o660) }
        case .regular, .folder, .socket, .device:
            throw FileError("move to another disk", source, .notSupported)
        }
        guard code == 0 else {
            if Errno.current == .fileExists { return false }
            throw FileError("make", target)
        }
        try remove(source)
        return true
    }

    /// Copies a regular file to a name that does not exist, synced. Nothing is left behind on failure.
    package static func copy(_ source: FilePath, to target: FilePath) throws(FileError) {
        let file = try openRegular(source)
        defer { try? file.close() }
        let output = target.withPlatformString { open($0, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o664) }
        guard output >= 0 else { throw FileError("write", target) }
        defer { close(output) }
        do throws(FileError) {
            var buffer = [UInt8](repeating: 0, count: 1 << 20)
            while true {
                let count = Foundation.read(file.rawValue, &buffer, buffer.count)
                guard count >= 0 else { throw FileError("read", source) }
                if count == 0 { break }
                try writeAll(buffer[0..<count], to: output, path: target)
            }
            guard fsync(output) == 0 else { throw FileError("sync", target) }
        } catch {
            try? remove(target)
            throw error
        }
    }

    /// Writes `bytes` so that the name holds either what it held before or all of them, and survives a power cut.
    package static func replace(_ target: FilePath, with bytes: [UInt8]) throws(FileError) {
        let folder = target.removingLastComponent()
        let temporary = temporary(beside: target)
        try remove(temporary)
        let output = temporary.withPlatformString {
            open($0, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o664)
        }
        guard output >= 0 else { throw FileError("write", temporary) }
        do throws(FileError) {
            defer { close(output) }
            try writeAll(bytes[...], to: output, path: target)
            guard fsync(output) == 0 else { throw FileError("sync", target) }
        } catch {
            try? remove(temporary)
            throw error
        }
        guard temporary.withPlatformString({ from in target.withPlatformString { Foundation.rename(from, $0) } }) == 0
        else {
            let failure = FileError("write", target)
            try? remove(temporary)
            throw failure
        }
        try sync(folder: folder)
    }

    /// Always the same for a name, so that doing it again after a crash takes away what the crash left.
    private static func temporary(beside target: FilePath) -> FilePath {
        let name = hash(of: target.withPlatformString { Array(String(cString: $0).utf8) }).prefix(16)
        return target.removingLastComponent().appending(FileName(".hotreel-\(name).tmp"))
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
}
