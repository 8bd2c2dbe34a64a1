import CLinux
import Crypto
import Foundation
import Jobs
import SystemPackage

/// A regular file opened once for all that is to be known of it: whatever its name means later, this is the file that was looked at.
package final class OpenFile: Sendable {
    /// Closed with the last use of this object. Its position means nothing.
    package let descriptor: FileDescriptor
    /// As people know it.
    private let path: FilePath
    /// As it was when it was opened.
    package let status: FileStatus

    /// Never through a symbolic link, never waiting for a pipe's writer or made a terminal's own. `EINVAL` where it is no regular file.
    package init(_ place: some FileLocation) throws(FileError) {
        let opened = try place.descriptor(O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY)
        path = place.path
        descriptor = FileDescriptor(rawValue: opened)
        var found = stat()
        guard fstat(opened, &found) == 0, found.st_mode & S_IFMT == S_IFREG else {
            close(opened)
            throw FileError("read as a file", place.path, .invalidArgument)
        }
        status = FileStatus(found)
    }

    deinit { close(descriptor.rawValue) }

    /// As it is now, whether or not it still has its name.
    package func statusNow() throws(FileError) -> FileStatus {
        var found = stat()
        guard fstat(descriptor.rawValue, &found) == 0 else { throw FileError("look at", path) }
        return FileStatus(found)
    }

    /// At most `limit` bytes from the start.
    package func read(limit: Int) throws(FileError) -> [UInt8] {
        var content: [UInt8] = []
        try forEachPart(of: min(limit, 1 << 16)) { part throws(FileError) in
            content += part.prefix(limit - content.count)
            return content.count < limit
        }
        return content
    }

    /// SHA-256 of the content as hex digits, and its size.
    package func hash() throws(FileError) -> (sha256: String, bytes: Int) {
        var hash = SHA256()
        var bytes = 0
        try forEachPart(of: 1 << 20) { part throws(FileError) in
            part.withUnsafeBytes { hash.update(bufferPointer: $0) }
            bytes += part.count
            return true
        }
        return (hash.finalize().hexDigits, bytes)
    }

    /// Whether a program on this machine has the file open for writing. A read lease is refused exactly then.
    ///
    /// On a network file system the lease says nothing, and somebody else's file cannot be leased: both count as
    /// “no writer known”, and the quiet time decides.
    package var hasWriter: Bool {
        if clinux_take_read_lease(descriptor.rawValue) == 0 {
            _ = clinux_drop_lease(descriptor.rawValue)
            return false
        }
        return Errno.current == .resourceTemporarilyUnavailable
    }

    /// Calls `visit` with one part after the other, until it says false.
    func forEachPart(
        of size: Int, _ visit: (ArraySlice<UInt8>) throws(FileError) -> Bool
    ) throws(FileError) {
        var buffer = [UInt8](repeating: 0, count: size)
        var offset = 0
        while true {
            let count = pread(descriptor.rawValue, &buffer, buffer.count, off_t(offset))
            if count < 0, Errno.current == .interrupted { continue }
            guard count >= 0 else { throw FileError("read", path) }
            guard count > 0, try visit(buffer[0..<count]) else { return }
            offset += count
        }
    }
}

extension Digest {
    var hexDigits: String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
