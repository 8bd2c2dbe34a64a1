import Foundation
import SystemPackage

/// What a file system can still take from this process; what is kept back for root does not count.
package struct FreeSpace: Hashable, Sendable {
    package let bytes: Int
    /// How many more files; nil where the file system has no such limit. A disk is as full without these as without bytes.
    package let files: Int?

    package init(bytes: Int, files: Int?) {
        self.bytes = bytes
        self.files = files
    }
}

extension FileSystem {
    package static func space(of path: FilePath) throws(FileError) -> FreeSpace {
        var status = statvfs()
        guard path.withPlatformString({ statvfs($0, &status) }) == 0 else {
            throw FileError("look at the free space of", path)
        }
        let bytes = UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize))
        return FreeSpace(
            bytes: bytes.overflow ? .max : Int(clamping: bytes.partialValue),
            files: status.f_files == 0 || isRclone(status) ? nil : Int(clamping: status.f_favail))
    }

    /// An rclone mount says that it has a thousand million files, and none of them free.
    private static func isRclone(_ status: statvfs) -> Bool { status.f_files == 1_000_000_000 && status.f_ffree == 0 }

    /// Bytes that this process may still write to the file system `path` lies on.
    package static func freeSpace(of path: FilePath) throws(FileError) -> Int { try space(of: path).bytes }
}
