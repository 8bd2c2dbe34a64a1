import CLinux
import Foundation
import Jobs
import Synchronization
import SystemPackage

/// Whether a folder is still the place it was.
package enum Presence: Hashable, Sendable {
    case present
    /// Nothing may be read from it, written to it or concluded from what it does not hold. For people, with the remedy.
    case absent(reason: String)
}

/// Watches over one root, the inbox or the outbox, so that nobody works beneath the mount point of a share that is gone.
package final class SharePresence: Sendable {
    /// What the folder is to people: `inbox`, `outbox`.
    package let role: String
    package let root: FilePath
    /// Where it has to lie.
    package let place: FolderPlace
    /// As it was when it was last found in its place.
    private let verified = Mutex<Stamp?>(nil)

    package init(role: String, root: FilePath, place: FolderPlace) {
        self.role = role
        self.root = root
        self.place = place
    }

    /// Two calls to the kernel as long as nothing has changed; mountinfo is read only when something has. May block where a
    /// share's server does not answer.
    package func look() -> Presence {
        do throws(FileError) {
            let stamp = try Stamp.of(root)
            if verified.withLock({ $0 == stamp }) { return .present }
            if let difference = place.difference(to: try .of(root), role: role) { return .absent(reason: difference) }
            // Only what was the same before and after the long look is known to be what was looked at.
            let isSteady = try Stamp.of(root) == stamp
            verified.withLock { $0 = isSteady ? stamp : nil }
            return .present
        } catch {
            verified.withLock { $0 = nil }
            let found = error.code == .noSuchFileOrDirectory ? "is not there" : "cannot be reached: \(error.code)"
            return .absent(reason: "the \(role) \(root), which was on \(place.shown), \(found). \(FolderPlace.remedy)")
        }
    }

    /// Cheap to get, and another one as soon as something else is mounted at or above the folder.
    private struct Stamp: Hashable {
        let mount: Int64
        let device: UInt64
        let inode: UInt64

        static func of(_ path: FilePath) throws(FileError) -> Stamp {
            // First, since this starts an automount. A kernel that does not know the call leaves the device to tell.
            let mount = path.withPlatformString { clinux_mount_id($0, 0x5000) }
            var status = stat()
            guard path.withPlatformString({ stat($0, &status) }) == 0 else { throw FileError("look at", path) }
            guard status.st_mode & S_IFMT == S_IFDIR else { throw FileError("list", path, .notDirectory) }
            return Stamp(mount: mount, device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
        }
    }
}
