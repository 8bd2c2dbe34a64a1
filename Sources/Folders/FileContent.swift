import CLinux
import Crypto
import Foundation
import Jobs
import SystemPackage

extension FileSystem {
    /// Opens a regular file for reading, never through a symbolic link, never waiting for a pipe's writer.
    package static func openRegular(_ path: FilePath) throws(FileError) -> FileDescriptor {
        let descriptor = path.withPlatformString { open($0, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC) }
        guard descriptor >= 0 else { throw FileError("open", path) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw FileError("read as a file", path, .invalidArgument)
        }
        return FileDescriptor(rawValue: descriptor)
    }

    /// At most `limit` bytes from the start of a file.
    package static func read(_ path: FilePath, limit: Int) throws(FileError) -> [UInt8] {
        let file = try openRegular(path)
        defer { try? file.close() }
        var content: [UInt8] = []
        do {
            var buffer = [UInt8](repeating: 0, count: min(limit, 1 << 16))
            while content.count < limit {
                let count = try buffer.withUnsafeMutableBytes { try file.read(into: $0) }
                if count == 0 { break }
                content += buffer[0..<min(count, limit - content.count)]
            }
        } catch {
            throw FileError("read", path, (error as? Errno) ?? .ioError)
        }
        return content
    }

    /// SHA-256 of a file's content as hex digits, and its size.
    package static func hash(_ path: FilePath) throws(FileError) -> (sha256: String, bytes: Int) {
        let file = try openRegular(path)
        defer { try? file.close() }
        var hash = SHA256()
        var bytes = 0
        do {
            var buffer = [UInt8](repeating: 0, count: 1 << 20)
            while true {
                let count = try buffer.withUnsafeMutableBytes { try file.read(into: $0) }
                if count == 0 { break }
                buffer.withUnsafeBytes { hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: $0[0..<count])) }
                bytes += count
            }
        } catch {
            throw FileError("read", path, (error as? Errno) ?? .ioError)
        }
        return (hash.finalize().hexDigits, bytes)
    }

    package static func hash(of bytes: [UInt8]) -> String { SHA256.hash(data: bytes).hexDigits }

    /// Whether a program on this machine has the file open for writing. A read lease is refused exactly then.
    ///
    /// On a network file system the lease says nothing, and somebody else's file cannot be leased: both count as
    /// “no writer known”, and the quiet time decides.
    package static func hasWriter(_ path: FilePath) throws(FileError) -> Bool {
        let file = try openRegular(path)
        defer { try? file.close() }
        if clinux_take_read_lease(file.rawValue) == 0 {
            _ = clinux_drop_lease(file.rawValue)
            return false
        }
        return Errno.current == .resourceTemporarilyUnavailable
    }
}

extension Digest {
    fileprivate var hexDigits: String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
