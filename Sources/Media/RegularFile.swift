import Glibc
import SystemPackage

/// A regular file open for reading, never mapped: another program may cut it short at any moment, and a mapping
/// would then end the process with SIGBUS.
final class RegularFile: Sendable {
    let descriptor: FileDescriptor
    /// Bytes, as of opening.
    let size: Int

    /// Symbolic links, folders, FIFOs and devices are refused; none of them can block the caller.
    init(_ path: FilePath) throws(Errno) {
        let number = path.withPlatformString { open($0, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC) }
        guard number >= 0 else { throw Errno(rawValue: errno) }
        descriptor = FileDescriptor(rawValue: number)
        do {
            size = try Self.regularSize(of: descriptor)
        } catch {
            close(number)
            throw error
        }
    }

    /// Another descriptor of a file that somebody else has open, and keeps open as long as he likes.
    convenience init(sharing descriptor: FileDescriptor) throws(Errno) {
        let number = fcntl(descriptor.rawValue, F_DUPFD_CLOEXEC, 0)
        guard number >= 0 else { throw Errno(rawValue: errno) }
        do {
            try self.init(adopting: FileDescriptor(rawValue: number))
        } catch {
            close(number)
            throw error
        }
    }

    /// Takes over an open descriptor, unless it throws.
    init(adopting descriptor: FileDescriptor) throws(Errno) {
        self.descriptor = descriptor
        size = try Self.regularSize(of: descriptor)
    }

    deinit { close(descriptor.rawValue) }

    private static func regularSize(of descriptor: FileDescriptor) throws(Errno) -> Int {
        var information = stat()
        guard fstat(descriptor.rawValue, &information) == 0 else { throw Errno(rawValue: errno) }
        switch information.st_mode & S_IFMT {
        case S_IFREG: return Int(information.st_size)
        case S_IFDIR: throw .isDirectory
        default: throw .notSupported
        }
    }

    /// Up to `count` bytes; fewer only where the file ends.
    func bytes(at offset: Int, count: Int) throws(Errno) -> [UInt8] {
        guard offset < size, count > 0 else { return [] }
        var failure: Errno?
        let bytes = [UInt8](unsafeUninitializedCapacity: min(count, size - offset)) { buffer, filled in
            while filled < buffer.count {
                let rest = UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[filled...])
                let got = pread(descriptor.rawValue, rest.baseAddress, rest.count, off_t(offset + filled))
                if got == 0 { break }
                if got > 0 {
                    filled += got
                } else if errno != EINTR {
                    failure = Errno(rawValue: errno)
                    break
                }
            }
        }
        if let failure { throw failure }
        return bytes
    }

    /// The first byte that was never written, where the file system can tell; `size` where there is none.
    func firstHole() -> Int {
        let seekHole: Int32 = 4  // SEEK_HOLE, which Glibc's module leaves out
        let hole = lseek(descriptor.rawValue, 0, seekHole)
        return hole < 0 ? size : min(Int(hole), size)
    }

    /// A descriptor of the same file with a position of its own, to be closed by the caller.
    func duplicateWithOwnPosition() throws(Errno) -> FileDescriptor {
        let number = open("/proc/self/fd/\(descriptor.rawValue)", O_RDONLY | O_CLOEXEC)
        guard number >= 0 else { throw Errno(rawValue: errno) }
        return FileDescriptor(rawValue: number)
    }
}
