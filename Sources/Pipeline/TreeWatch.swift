import Dispatch
import Folders
import Jobs

/// How one tree of the inbox is watched, and what came of it so far. Belongs to the lookout.
struct TreeWatch {
    /// A look that is not over yet.
    struct Underway {
        let heartbeat: Heartbeat
        var beats = 0
        /// When it last got on.
        var lastBeat: Duration
        let begun: Duration
        let isWhole: Bool
        /// It has not got on for so long that there is no more hope; what it brings in the end is old.
        var isHanging = false
    }

    let tree: InboxTree
    /// Trees below it, which are not its own.
    let excluded: Set<FileName>
    /// As chosen for its mount.
    let chosen: WatchPlan
    /// As it is done; another one where events cannot be had.
    var plan: WatchPlan
    var watcher: FolderWatcher?
    /// Each tree's looks are done one after the other on a thread of its own, so that one that hangs keeps no other waiting.
    let queue: DispatchQueue
    /// Tells this watch from an earlier one of the same tree, whose looks may still be under way.
    let number: Int

    var nextListing: Duration = .zero
    /// When what cannot be watched is listed; nil while all is watched.
    var nextBlindListing: Duration?
    var nextTryToWatch: Duration?
    var underway: Underway?
    /// Whether it has been listed once.
    var isKnown = false
    /// Why it cannot be looked at; nil while it can.
    var absence: String?

    /// When something is to be done at the latest; nil while all depends on a look that hangs.
    func nextStep(patience: Duration) -> Duration? {
        if let underway { return underway.isHanging ? nil : underway.lastBeat + patience }
        return [nextListing, nextBlindListing, nextTryToWatch].compactMap { $0 }.min()
    }

    /// Notes whether the look under way has got on. True when it is only now known to hang.
    mutating func startsHanging(at now: Duration, patience: Duration) -> Bool {
        guard var underway, !underway.isHanging else { return false }
        let beats = underway.heartbeat.beats
        if beats != underway.beats { (underway.beats, underway.lastBeat) = (beats, now) }
        underway.isHanging = now - underway.lastBeat >= patience
        self.underway = underway
        return underway.isHanging
    }

    /// A path below the inbox, of one below this tree's root.
    func below(inbox path: FileName) -> FileName {
        tree.folder.isEmpty
            ? path : path.isEmpty ? tree.folder : FileName(bytes: tree.folder.bytes + [0x2F] + path.bytes)
    }

    /// The other way round.
    func below(root path: FileName) -> FileName {
        tree.folder.isEmpty ? path : FileName(bytes: Array(path.bytes.dropFirst(tree.folder.bytes.count + 1)))
    }

    /// For people.
    var shown: String { tree.folder.isEmpty ? "the inbox" : "inbox/\(tree.folder.shown)" }
}
