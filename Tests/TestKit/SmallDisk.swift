import Foundation
import Glibc
import Synchronization
import SystemPackage

/// A disk of a few megabytes in memory, mounted below a temporary folder and gone with the value: to see what happens when
/// it is full or read-only.
///
///     @Test(.enabled(if: SmallDisk.isAvailable, "\(SmallDisk.remedy)"))
package final class SmallDisk: Sendable {
    package static let remedy = "mounting a disk takes root, and the right to mount"

    /// Whether this process may mount one.
    package static let isAvailable = (try? SmallDisk(bytes: 1 << 20)) != nil

    private let folder: TemporaryFolder
    package let path: FilePath
    private let bytes: Int
    /// Where else it has been mounted; taken away with it, whatever a test has left.
    private let others = Mutex<Set<FilePath>>([])

    package init(bytes: Int) throws {
        folder = try TemporaryFolder()
        path = try folder.folder("disk")
        self.bytes = bytes
        try Self.mount(at: path, flags: MS.nosuid | MS.nodev, bytes: bytes)
    }

    deinit {
        for place in others.withLock({ $0 }) { try? unmount(from: place) }
        _ = path.withPlatformString { umount2($0, MS.detach) }
    }

    /// Mounts it at a folder too, as a share is at its mount point.
    package func mount(at place: FilePath) throws {
        let result = path.withPlatformString { source in
            place.withPlatformString { Glibc.mount(source, $0, nil, MS.bind, nil) }
        }
        guard result == 0 else { throw Errno(rawValue: errno) }
        _ = others.withLock { $0.insert(place) }
    }

    /// Takes it away from there, even while it is in use; what lies on it stays.
    package func unmount(from place: FilePath) throws {
        guard place.withPlatformString({ umount2($0, MS.detach) }) == 0 else { throw Errno(rawValue: errno) }
        _ = others.withLock { $0.remove(place) }
    }

    package subscript(_ name: String) -> FilePath { path.appending(name) }

    /// Fills the disk to the last byte, or nearly.
    package func fill(leaving bytesLeft: Int = 0) throws {
        let ballast = try FileDescriptor.open(
            self["ballast"], .writeOnly, options: [.create, .append, .closeOnExec], permissions: .ownerReadWrite)
        try ballast.closeAfter {
            for size in [65_536, 4_096, 1] {
                let zeros = [UInt8](repeating: 0, count: size)
                do {
                    while true { _ = try ballast.writeAll(zeros) }
                } catch Errno.noSpace {
                    continue
                }
            }
            try ballast.resize(to: ballast.seek(offset: 0, from: .end) - Int64(bytesLeft))
        }
    }

    /// Takes away what `fill` wrote.
    package func makeRoom() throws { try FileManager.default.removeItem(atPath: self["ballast"].string) }

    /// Fails with `EBUSY` while a file on it is open for writing.
    package func setReadOnly(_ isReadOnly: Bool) throws {
        let flags = MS.remount | MS.nosuid | MS.nodev | (isReadOnly ? MS.readOnly : 0)
        try Self.mount(at: path, flags: flags, bytes: bytes)
    }

    private static func mount(at path: FilePath, flags: UInt, bytes: Int) throws {
        let result = path.withPlatformString { Glibc.mount("tmpfs", $0, "tmpfs", flags, "size=\(bytes),mode=755") }
        guard result == 0 else { throw Errno(rawValue: errno) }
    }

    /// Of mount(2) and umount2(2).
    private enum MS {
        static let readOnly: UInt = 1
        static let nosuid: UInt = 2
        static let nodev: UInt = 4
        static let remount: UInt = 32
        static let bind: UInt = 4096
        static let detach: CInt = 2
    }
}
