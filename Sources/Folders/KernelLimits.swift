import Foundation
import Jobs
import SystemPackage

/// What the kernel allows, from `/proc/sys/fs`; nil where it does not say.
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

    /// - Parameter folder: `/proc/sys/fs`.
    package static func current(in folder: FilePath = "/proc/sys/fs") -> KernelLimits {
        func number(_ name: FileName) -> Int? {
            guard let bytes = try? FileSystem.read(folder.appending(name), limit: 64) else { return nil }
            return Int(String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines))
        }
        return KernelLimits(
            watches: number("inotify/max_user_watches"), instances: number("inotify/max_user_instances"),
            queuedEvents: number("inotify/max_queued_events"),
            protectsHardLinks: number("protected_hardlinks").map { $0 != 0 })
    }
}

extension FileSystem {
    /// Folders in a tree that a watch is needed for, the first included; those that cannot be read count as one.
    package static func folderCount(below folder: FilePath) throws(FileError) -> Int {
        var count = 0
        var waiting = [folder]
        while let next = waiting.popLast() {
            count += 1
            guard let entries = try? list(next, skippingUnreadable: true) else {
                // Only of the first is it a trouble worth telling.
                if count == 1 { throw FileError("list", next) }
                continue
            }
            for entry in entries where entry.status.kind == .folder && !NameRules.isLitterFolder(entry.name) {
                waiting.append(next.appending(entry.name))
            }
        }
        return count
    }

    /// The process that holds a lock by flock(2) on a file, by the kernel's own list; nil where nobody does. Takes no lock itself,
    /// which could keep somebody else from starting.
    package static func lockHolder(of path: FilePath) throws(FileError) -> Int? {
        guard let status = try status(of: path) else { return nil }
        let list = String(decoding: try read("/proc/locks", limit: 1 << 22), as: UTF8.self)
        let inode = String(status.identity.inode)
        for line in list.split(separator: "\n") {
            // 1: FLOCK ADVISORY WRITE 1234 08:01:131 0 EOF
            let fields = line.split(separator: " ")
            guard fields.count > 5, fields[1] == "FLOCK" else { continue }
            let file = fields[5].split(separator: ":")
            if file.count == 3, file[2] == inode, let process = Int(fields[4]) { return process }
        }
        return nil
    }
}
