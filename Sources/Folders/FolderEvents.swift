import CInotifyTools
import Foundation
import SystemPackage

/// Waits until something happens directly in one of a few folders. What lies below them is not watched.
///
/// An inotify instance of its own, for commands that wait for a name: the service's `FolderWatcher` watches whole trees, and
/// passes over the names that only Hotreel writes.
package final class FolderEvents: Sendable {
    private let descriptor: Int32

    package init() throws(WatchError) {
        descriptor = inotify_init1(Int32(IN_CLOEXEC) | Int32(IN_NONBLOCK))
        guard descriptor >= 0 else {
            throw WatchError(
                description: "inotify is not available (\(Errno.current)); raise fs.inotify.max_user_instances")
        }
    }

    deinit { close(descriptor) }

    /// Watches a folder, once however often it is named. False where there is none.
    package func watch(_ folder: FilePath) throws(WatchError) -> Bool {
        let mask =
            UInt32(IN_CREATE) | UInt32(IN_CLOSE_WRITE) | UInt32(IN_MOVED_TO) | UInt32(IN_MOVED_FROM) | UInt32(IN_DELETE)
            | UInt32(IN_DELETE_SELF) | UInt32(IN_MOVE_SELF) | UInt32(IN_ONLYDIR)
        guard folder.withPlatformString({ inotify_add_watch(descriptor, $0, mask) }) < 0 else { return true }
        switch Errno.current {
        case .noSuchFileOrDirectory, .notDirectory: return false
        case .noSpace:
            throw WatchError(
                description: "the kernel's limit of watched folders is reached at \(folder); "
                    + "raise it with: sysctl fs.inotify.max_user_watches=524288")
        case let other: throw WatchError(description: "cannot watch \(folder): \(other)")
        }
    }

    /// Blocks until something has happened since the last call, or the time is over. Whether it has.
    package func wait(atMost limit: Duration) -> Bool {
        let deadline = ContinuousClock.now + limit
        var readiness = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        while true {
            let left = ContinuousClock.now.duration(to: deadline) / .milliseconds(1)
            let count = poll(&readiness, 1, Int32(clamping: Int(max(0, min(left.rounded(.up), 1e9)))))
            if count > 0 { break }
            // A signal ends the wait early; a limit of days is waited for in parts.
            if ContinuousClock.now >= deadline { return false }
        }
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while read(descriptor, &buffer, buffer.count) > 0 {}
        return true
    }
}
