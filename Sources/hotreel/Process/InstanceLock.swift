import Folders
import Foundation
import SystemPackage

/// One Hotreel per state folder. The kernel drops the lock with the process, however it ends.
struct InstanceLock {
    private let descriptor: FileDescriptor

    /// Throws `Taken` with the holder's process id when another Hotreel runs.
    init(state: FilePath) throws {
        let path = state.appending("lock")
        do {
            descriptor = try FileDescriptor.open(
                path, .readWrite, options: [.create, .closeOnExec],
                permissions: [.ownerReadWrite, .groupRead, .otherRead])
        } catch {
            throw FileError("open", path, error as? Errno ?? .ioError)
        }
        guard flock(descriptor.rawValue, LOCK_EX | LOCK_NB) == 0 else {
            var buffer = [UInt8](repeating: 0, count: 32)
            let count = (try? buffer.withUnsafeMutableBytes { try descriptor.read(into: $0) }) ?? 0
            try descriptor.close()
            throw Taken(
                state: state,
                holder: String(decoding: buffer.prefix(count), as: UTF8.self).trimmingCharacters(in: .newlines))
        }
        _ = ftruncate(descriptor.rawValue, 0)
        try descriptor.writeAll("\(getpid())\n".utf8)
    }

    struct Taken: Error, CustomStringConvertible {
        let state: FilePath
        let holder: String
        var description: String {
            "another Hotreel (process \(holder)) already works with \(state). Stop it first, or give this one its own --state."
        }
    }
}
