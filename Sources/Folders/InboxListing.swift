import Jobs
import Synchronization
import SystemPackage

/// A folder of the inbox with all below it, as one walk saw it. Symbolic links are not followed.
package struct InboxListing: Sendable {
    /// Each folder's entries, by its path below the inbox.
    package private(set) var folders: [FileName: [(name: FileName, status: FileStatus)]] = [:]
    /// Why the folder itself could not be listed; a subfolder that vanishes during the walk is just not there.
    package private(set) var error: FileError?

    /// Blocks while it walks.
    ///
    /// - Parameters:
    ///   - excluded: folders below the inbox that are neither listed nor looked at, such as mount points.
    ///   - heartbeat: beaten at each folder, so that somebody else can tell a long walk from one that hangs.
    package init(
        of inbox: FilePath, below folder: FileName, excluding excluded: Set<FileName> = [],
        heartbeat: Heartbeat? = nil
    ) {
        do throws(FileError) {
            let place = RootedPath(inbox, folder)
            if !folder.isEmpty, try FileSystem.status(of: place) == nil { return }
            let excluded = Dictionary(grouping: excluded.filter { !$0.isEmpty }) { $0.parent ?? "" }.mapValues {
                Set($0.map(\.lastComponent))
            }
            try walk(place, excluded, heartbeat)
        } catch {
            self.error = error
        }
    }

    private mutating func walk(
        _ place: RootedPath, _ excluded: [FileName: Set<FileName>], _ heartbeat: Heartbeat?
    ) throws(FileError) {
        heartbeat?.beat()
        // A file that cannot even be looked at is as good as not there yet, and keeps no other from being seen.
        let entries = try FileSystem.list(place, skippingUnreadable: true, skipping: excluded[place.name] ?? [])
        folders[place.name] = entries
        for entry in entries where entry.status.kind == .folder && !NameRules.isLitterFolder(entry.name) {
            do throws(FileError) { try walk(place.appending(entry.name), excluded, heartbeat) } catch {
                guard error.isNoWay || error.code == .permissionDenied else { throw error }
            }
        }
    }
}

/// Counts the steps of work that may hang.
package final class Heartbeat: Sendable {
    private let count = Atomic<Int>(0)

    package init() {}
    package var beats: Int { count.load(ordering: .relaxed) }
    func beat() { count.add(1, ordering: .relaxed) }
}
