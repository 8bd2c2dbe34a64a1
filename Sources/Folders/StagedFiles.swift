import Foundation
import Jobs
import SystemPackage

/// Files on their way into a folder of the inbox: written whole and synced in a hidden folder there, which every Hotreel passes
/// over, then given their names by one rename each. Nothing is ever replaced.
package struct StagedFiles: Sendable {
    /// The folder that the files are meant for.
    package let destination: FilePath
    /// The hidden folder, in which they lie as they are to lie in `destination`.
    package let folder: FilePath
    /// Folders that were made for it, the innermost last; taken away again where nothing was dropped.
    private let made: [FilePath]

    /// Makes `folder` below the inbox where it is missing; the inbox itself must be there.
    package init(inbox: FilePath, folder name: FileName) throws(FileError) {
        guard try FileSystem.status(of: inbox.appending("."))?.kind == .folder else {
            throw FileError("find the inbox", inbox, .noSuchFileOrDirectory)
        }
        var made: [FilePath] = []
        for way in name.wayDown where !way.isEmpty && !FileSystem.exists(inbox.appending(way)) {
            made.append(inbox.appending(way))
        }
        destination = inbox.appending(name)
        self.made = made
        try Self.removeStale(in: destination)
        let chance = String(UInt64.random(in: 0 ... .max), radix: 36)
        folder = destination.appending(FileName(Self.prefix + chance))
        do throws(FileError) {
            try FileSystem.makeFolder(folder)
        } catch {
            removeMade()
            throw error
        }
    }

    /// Takes away what drops that were killed have left for a day.
    private static func removeStale(in folder: FilePath) throws(FileError) {
        guard try FileSystem.status(of: folder) != nil else { return }
        for entry in try FileSystem.list(folder, skippingUnreadable: true)
        where entry.status.kind == .folder && entry.name.text.hasPrefix(prefix) {
            let age = Date().timeIntervalSince1970 - Double(entry.status.identity.modified) / 1e9
            // Another user's, perhaps, and none of our concern.
            if age > 86_400 { try? FileSystem.removeTree(folder.appending(entry.name)) }
        }
    }

    private static let prefix = ".hotreel-drop-"

    /// Copies a regular file to its place in the hidden folder. `modified` becomes its time, where the share lets us set it.
    package func add(_ source: FilePath, as name: FileName, modified: Int64) throws(FileError) {
        let target = folder.appending(name)
        try FileSystem.makeFolder(target.removingLastComponent(), synced: false)
        try FileSystem.copyContent(of: OpenFile(source), into: target)
        let time = timespec(tv_sec: Int(modified / 1_000_000_000), tv_nsec: Int(modified % 1_000_000_000))
        // A share may give files to another user, whose times only that user may set. The server's time is as good.
        _ = target.withPlatformString { utimensat(AT_FDCWD, $0, [time, time], AT_SYMLINK_NOFOLLOW) }
    }

    /// Gives the files their names, in this order. The one whose name is taken, or nil when all have theirs; then those that came
    /// before it are taken back, as far as nobody has them yet.
    package func publish(_ names: [FileName]) throws(FileError) -> FileName? {
        var published: [FileName] = []
        do throws(FileError) {
            for name in names {
                let target = destination.appending(name)
                try FileSystem.makeFolder(target.removingLastComponent(), below: destination)
                guard try FileSystem.rename(folder.appending(name), to: target) else {
                    try withdraw(published)
                    return name
                }
                published.append(name)
            }
            for place in Set(names.map { destination.appending($0).removingLastComponent() }) {
                try FileSystem.sync(folder: place)
            }
        } catch {
            // What has failed here may keep this from succeeding too; the caller is told of the first.
            if published.count < names.count { try? withdraw(published) }
            throw error
        }
        return nil
    }

    private func withdraw(_ names: [FileName]) throws(FileError) {
        for name in names.reversed() {
            do throws(FileError) {
                _ = try FileSystem.rename(destination.appending(name), to: folder.appending(name))
            } catch {
                // Taken by the service in the meantime: it is no longer ours.
                guard error.code == .noSuchFileOrDirectory else { throw error }
            }
        }
    }

    /// Removes the hidden folder with what is still in it, and folders made for it in which nothing lies.
    package func remove() throws(FileError) {
        try FileSystem.removeTree(folder)
        removeMade()
    }

    /// Only empty folders go, and that one stays does no harm.
    private func removeMade() {
        for path in made.reversed() { _ = path.withPlatformString { rmdir($0) } }
    }
}
