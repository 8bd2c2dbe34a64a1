import CInotifyTools
import Foundation
import Jobs
import SystemPackage

/// Which folder each watch descriptor stands for, and what its events mean. Lives on the inotify thread.
struct InotifyTrees {
    /// An object, because a value of it in two hands would be copied with all its watches at each change.
    private final class Tree {
        let root: FilePath
        /// Mount points, by the folder they lie in. They are watched as trees of their own, if at all.
        let excluded: [FileName: Set<FileName>]
        let watcher: FolderWatcher
        /// The watch of each folder.
        var watches: [FileName: Int32] = [:]
        /// Folders that the kernel allows no watch for, and so all below them. The topmost are enough.
        var unwatched: Set<FileName> = []

        init(root: FilePath, excluded: [FileName: Set<FileName>], watcher: FolderWatcher) {
            self.root = root
            self.excluded = excluded
            self.watcher = watcher
        }
    }
    private struct Place {
        let tree: ObjectIdentifier
        let folder: FileName
    }

    private static let mask = Int32(
        bitPattern: UInt32(IN_CREATE) | UInt32(IN_MODIFY) | UInt32(IN_ATTRIB) | UInt32(IN_CLOSE_WRITE)
            | UInt32(IN_MOVED_TO) | UInt32(IN_MOVED_FROM) | UInt32(IN_DELETE) | UInt32(IN_DELETE_SELF)
            | UInt32(IN_MOVE_SELF) | UInt32(IN_ONLYDIR) | UInt32(IN_DONT_FOLLOW))

    private var trees: [ObjectIdentifier: Tree] = [:]
    private var places: [Int32: Place] = [:]
    private var spellings = InotifySpellings()

    mutating func add(root: FilePath, excluding excluded: Set<FileName>, watcher: FolderWatcher) -> Result<
        Void, WatchError
    > {
        let id = ObjectIdentifier(watcher)
        let points = Dictionary(grouping: excluded) { $0.parent ?? "" }.mapValues { Set($0.map(\.lastComponent)) }
        trees[id] = Tree(root: root, excluded: points, watcher: watcher)
        let problem = watchTree(id, folder: "")
        guard trees[id]?.watches[""] != nil else {
            remove(watcher: id)
            return .failure(WatchError(description: problem ?? "\(root) cannot be watched"))
        }
        // One folder that cannot be watched is no reason to leave the others unwatched.
        if let problem { watcher.note { $0.blindness = problem } }
        return .success(())
    }

    mutating func remove(watcher: ObjectIdentifier) {
        for watch in trees[watcher]?.watches.values.map({ $0 }) ?? [] { unwatch(watch) }
        trees[watcher] = nil
    }

    /// Tries again what could not be watched. What is watched already is left as it is.
    mutating func retry(watcher: ObjectIdentifier) {
        guard let unwatched = trees[watcher]?.unwatched, !unwatched.isEmpty else { return }
        trees[watcher]?.unwatched = []
        for folder in unwatched { _ = watchTree(watcher, folder: folder, again: false) }
        publishUnwatched(watcher)
    }

    mutating func take(_ event: InotifyEvent) {
        if event.mask & UInt32(IN_Q_OVERFLOW) != 0 || event.watch < 0 { return watchAllAgain() }
        guard let place = places[event.watch], let tree = trees[place.tree] else { return }
        if event.mask & UInt32(IN_IGNORED) != 0 {
            forget(event.watch)
        } else if event.mask & UInt32(IN_UNMOUNT | IN_MOVE_SELF | IN_DELETE_SELF) != 0 {
            // A subfolder's own move or end is also told by its parent.
            if place.folder.isEmpty { tree.watcher.note { $0.everything = true } }
        } else if event.mask & UInt32(IN_ISDIR) != 0 {
            takeFolder(event, in: place, tree: tree)
        } else if !NameRules.isLitter(event.name) {
            let path = InboxPath(folder: place.folder, name: event.name)
            tree.watcher.note { $0.files.insert(path) }
        }
    }

    /// Events were lost: folders made or moved meanwhile are not watched, or are so under the name they had.
    private mutating func watchAllAgain() {
        for (id, tree) in trees {
            trees[id]?.unwatched = []
            let problem = watchTree(id, folder: "")
            tree.watcher.note {
                $0.everything = true
                $0.blindness = problem ?? $0.blindness
            }
        }
    }

    private mutating func takeFolder(_ event: InotifyEvent, in place: Place, tree: Tree) {
        guard !NameRules.isLitterFolder(event.name) else { return }
        let folder = place.folder.appending(event.name)
        if event.mask & UInt32(IN_MOVED_FROM) != 0 {
            for (other, watch) in tree.watches where other.isWithin(folder) { unwatch(watch) }
        }
        if event.mask & UInt32(IN_MOVED_FROM | IN_DELETE) != 0 {
            trees[place.tree]?.unwatched = tree.unwatched.filter { !$0.isWithin(folder) }
            publishUnwatched(place.tree)
        }
        if event.mask & UInt32(IN_CREATE | IN_MOVED_TO) != 0, let problem = watchTree(place.tree, folder: folder) {
            tree.watcher.note { $0.blindness = problem }
        }
        if event.mask & UInt32(IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE) != 0 {
            tree.watcher.note { $0.folders.insert(folder) }
        }
    }

    // MARK: Watching

    /// Watches a folder and all below it, and says what went wrong. With `again`, folders known to be watched are watched anew: another
    /// folder may have taken their place.
    private mutating func watchTree(_ id: ObjectIdentifier, folder: FileName, again: Bool = true) -> String? {
        let problem = watchSubtree(id, folder, again: again)
        if problem != nil || trees[id]?.watcher.unwatched.isEmpty == false { publishUnwatched(id) }
        return problem
    }

    /// Watches a folder, then lists it for subfolders: what appears in between is told by the watch.
    private mutating func watchSubtree(_ id: ObjectIdentifier, _ folder: FileName, again: Bool) -> String? {
        guard let tree = trees[id], !tree.unwatched.contains(where: { folder != $0 && folder.isWithin($0) }) else {
            return nil
        }
        let path = tree.root.appending(folder)
        if again || tree.watches[folder] == nil, let failure = watch(path, as: Place(tree: id, folder: folder)) {
            if failure.isLimit { trees[id]?.unwatched.insert(folder) }
            return failure.words
        }
        let points = tree.excluded[folder] ?? []
        guard
            let entries = try? FileSystem.list(
                RootedPath(tree.root, folder), skippingUnreadable: true, skipping: points)
        else { return nil }
        var problem: String?
        for entry in entries where entry.status.kind == .folder && !NameRules.isLitterFolder(entry.name) {
            let below = folder.appending(entry.name)
            problem = watchSubtree(id, below, again: again) ?? problem
            guard trees[id]?.unwatched.contains(below) == true else { continue }
            // Its brothers would fare no better, and so many need not be remembered one by one.
            trees[id]?.unwatched = trees[id]?.unwatched.filter { !$0.isWithin(folder) } ?? []
            trees[id]?.unwatched.insert(folder)
            break
        }
        return problem
    }

    private mutating func publishUnwatched(_ id: ObjectIdentifier) {
        guard let tree = trees[id] else { return }
        tree.watcher.setUnwatched(tree.unwatched)
    }

    private struct Failure {
        let words: String?
        /// The kernel allows no more watches.
        var isLimit = false
    }

    private mutating func watch(_ path: FilePath, as place: Place) -> Failure? {
        let spelling = spellings.next(for: path)
        let watched = spelling.withUnsafeBufferPointer { inotifytools_watch_file($0.baseAddress, Self.mask) }
        guard watched != 0 else {
            switch Errno(rawValue: inotifytools_error()) {
            case .noSuchFileOrDirectory, .notDirectory:
                // Gone again, or never a folder: its parent's next listing knows. A missing root is the caller's error.
                return Failure(words: place.folder.isEmpty ? "\(path) is not a folder" : nil)
            case .noSpace:
                return Failure(
                    words: "the kernel's limit of watched folders is reached at \(path); "
                        + "raise it with: sysctl fs.inotify.max_user_watches=524288", isLimit: true)
            case let code:
                return Failure(words: "cannot watch \(path): \(code)")
            }
        }
        let watch = spelling.withUnsafeBufferPointer { inotifytools_wd_from_filename($0.baseAddress) }
        if let old = trees[place.tree]?.watches[place.folder], old != watch { unwatch(old) }
        // The folder may have been watched under another name, before events were lost.
        if places[watch] != nil { forget(watch) }
        places[watch] = place
        trees[place.tree]?.watches[place.folder] = watch
        return nil
    }

    private mutating func unwatch(_ watch: Int32) {
        forget(watch)
        _ = inotifytools_remove_watch_by_wd(watch)
    }

    private mutating func forget(_ watch: Int32) {
        guard let place = places.removeValue(forKey: watch) else { return }
        if trees[place.tree]?.watches[place.folder] == watch { trees[place.tree]?.watches[place.folder] = nil }
    }
}

/// How often each path was watched. The library keeps the entry of a folder that is gone and answers with its dead descriptor, so a
/// path that comes back is spelled in another way.
private struct InotifySpellings {
    private var counts: [FilePath: Int] = [:]

    /// The path as a C string ending in `/`, with a tail of `/` and `./` that counts how often it was watched before.
    mutating func next(for path: FilePath) -> [CChar] {
        let count = counts[path, default: 0]
        counts[path] = count + 1
        var bytes = path.withPlatformString { Array(UnsafeBufferPointer(start: $0, count: strlen($0))) }
        bytes.append(CChar(0x2F))
        var rest = count
        while rest > 0 {
            if rest & 1 == 1 { bytes.append(CChar(0x2E)) }
            bytes.append(CChar(0x2F))
            rest >>= 1
        }
        return bytes + [0]
    }
}
