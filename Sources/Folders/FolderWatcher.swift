import Foundation
import Jobs
import Synchronization
import SystemPackage

/// What may have changed since somebody last asked. Hints only: the listing is the truth.
package struct FolderChanges: Hashable, Sendable {
    /// Events were lost, or the tree itself was moved: list everything.
    package var everything = false
    /// Folders to list, with all below them.
    package var folders: Set<FileName> = []
    /// Files to look at.
    package var files: Set<InboxPath> = []
    /// Why some folders cannot be watched, for the admin; they have to be listed, see `FolderWatcher.unwatched`.
    package var blindness: String?

    package init() {}

    package var isEmpty: Bool { !everything && folders.isEmpty && files.isEmpty && blindness == nil }
}

/// Watches a tree by inotify and collects what changed until it is asked for.
///
/// Bounded: more than `limit` files and folders at once become “list everything”.
package final class FolderWatcher: Sendable {
    private static let limit = 20_000

    /// Speaks when there is something to `drain`. One listener.
    package let signals: AsyncStream<Void>
    private let bell: AsyncStream<Void>.Continuation
    private let changes = Mutex(FolderChanges())
    private let blind = Mutex<Set<FileName>>([])

    package init() {
        (signals, bell) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Watches `root` and all below it but `excluded`, paths below it; returns once every folder there is watched, so that a listing
    /// made afterwards misses nothing.
    package func start(root: FilePath, excluding excluded: Set<FileName> = []) async throws(WatchError) {
        try await InotifyThread.shared.watch(root, excluding: excluded, for: self)
    }

    /// Folders of which nothing is told, nor of what lies below them, because the kernel allows no more watches.
    package var unwatched: Set<FileName> { blind.withLock { $0 } }

    /// Tries to watch `unwatched` again: other programs may have ended, or the admin may have raised the limit.
    package func retryUnwatched() async { await InotifyThread.shared.retry(self) }

    func setUnwatched(_ folders: Set<FileName>) { blind.withLock { $0 = folders } }

    package func stop() async {
        await InotifyThread.shared.forget(self)
        bell.finish()
    }

    package func drain() -> FolderChanges {
        changes.withLock { changes in
            defer { changes = FolderChanges() }
            return changes
        }
    }

    func note(_ change: (inout FolderChanges) -> Void) {
        changes.withLock { changes in
            change(&changes)
            if changes.files.count + changes.folders.count > Self.limit {
                changes.files = []
                changes.folders = []
                changes.everything = true
            }
        }
        bell.yield()
    }
}

/// The tree cannot be watched at all.
package struct WatchError: Error, Hashable, CustomStringConvertible {
    package let description: String

    package init(description: String) { self.description = description }
}
