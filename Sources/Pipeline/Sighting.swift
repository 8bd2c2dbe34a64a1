import Folders
import Jobs
import Synchronization

/// What the lookout has seen of the inbox.
enum Sighting: Sendable {
    /// Folders with all below them. `begun` is when the look began: what was claimed since may still be in it.
    case listing(InboxListing, below: FileName, excluding: Set<FileName>, begun: Duration)
    /// Files of which events told, with what a look showed; nil where nothing is.
    case files([(path: InboxPath, status: FileStatus?)], begun: Duration)
    /// What holds in each tree now.
    case trees(TreeMap)
    /// A tree that is another one now, or no more: what was known of it says nothing.
    case forgotten(FileName)
}

/// The lookout's word to those who decide: sightings not yet taken, and which trees are away.
final class Sightings: Sendable {
    private let waiting = Mutex<[Sighting]>([])
    private let map = Mutex(TreeMap())
    /// Rung when trees come and go.
    let treesChanged = Bell()

    func add(_ sighting: Sighting) {
        if case .trees(let trees) = sighting {
            map.withLock { $0 = trees }
            treesChanged.ring()
        }
        waiting.withLock { $0.append(sighting) }
    }

    func take() -> [Sighting] {
        waiting.withLock { waiting in
            defer { waiting = [] }
            return waiting
        }
    }

    /// Whether those who decide have yet to take what was seen last: nothing more need be seen before.
    var isWaiting: Bool { waiting.withLock { !$0.isEmpty } }

    /// Why a folder cannot be looked at now; nil while it can.
    func absence(of folder: FileName) -> String? { map.withLock { $0.absence(of: folder) } }
}
