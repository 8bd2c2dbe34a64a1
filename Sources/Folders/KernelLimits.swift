import Foundation
import Jobs
import SystemPackage

/// What the kernel allows, from `/proc/sys`; nil where it does not say.
package struct KernelLimits: Hashable, Sendable {
    /// Folders that one user's programs may watch.
    package let watches: Int?
    /// inotify instances of one user.
    package let instances: Int?
    /// Events that wait to be read before some are lost.
    package let queuedEvents: Int?
    /// Whether hard links can be made to one's own files only (proc_sys_fs(5)).
    package let protectsHardLinks: Bool?

    package init(watches: Int?, instances: Int?, queuedEvents: Int?, protectsHardLinks: Bool?) {
        (self.watches, self.instances, self.queuedEvents) = (watches, instances, queuedEvents)
        self.protectsHardLinks = protectsHardLinks
    }

    /// Of a user namespace's limits and the system's the smaller counts.
    package static func current() -> KernelLimits {
        KernelLimits(
            watches: least("fs/inotify/max_user_watches", "user/max_inotify_watches"),
            instances: least("fs/inotify/max_user_instances", "user/max_inotify_instances"),
            queuedEvents: least("fs/inotify/max_queued_events"),
            protectsHardLinks: least("fs/protected_hardlinks").map { $0 != 0 })
    }

    private static func least(_ names: FileName...) -> Int? {
        names.compactMap { name in
            guard let bytes = try? FileSystem.read(FilePath("/proc/sys").appending(name), limit: 64) else { return nil }
            return Int(String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines))
        }.min()
    }
}

extension FileSystem {
    /// Folders in a tree that a watch is needed for, the first included; those that cannot be read count as one.
    package static func folderCount(below folder: FilePath) throws(FileError) -> Int {
        var count = 0
        var waiting = [folder]
        while let next = waiting.popLast() {
            count += 1
            let entries: [(name: FileName, status: FileStatus)]
            do throws(FileError) {
                entries = try list(next, skippingUnreadable: true)
            } catch {
                // Only of the first is it a trouble worth telling.
                if count == 1 { throw error }
                continue
            }
            for entry in entries where entry.status.kind == .folder && !NameRules.isLitterFolder(entry.name) {
                waiting.append(next.appending(entry.name))
            }
        }
        return count
    }
}
