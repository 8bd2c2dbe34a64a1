import CInotifyTools
import Foundation
import Jobs
import SystemPackage

/// Which folder each watch descriptor stands for, and what its events mean. Lives on the inotify thread.
struct InotifyTrees {
    private struct Tree {
        let root: FilePath
        let watcher: FolderWatcher
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
    /// How often a path was watched. The library keeps the entry of a folder that is gone and answers with its dead
    /// descriptor, so a path that comes back is spelled in another way.
    private var spellings: [FilePath: Int] = [:]

    mutating func add(root: FilePath, watcher: FolderWatcher) -> Result<Void, WatchError> {
        let id = ObjectIdentifier(watcher)
        trees[id] = Tree(root: root, watcher: watcher)
        let problem = watchTree(id, folder: "")
        guard places.values.contains(where: { $0.tree == id && $0.folder.isEmpty }) else {
            remove(watcher: id)
            return .failure(WatchError(description: problem ?? "\(root) cannot be watched"))
        }
        // One folder that cannot be watched is no reason to leave the others unwatched.
        if let problem { watcher.note { $0.blindness = problem } }
        return .success(())
    }

    mutating func remove(watcher: ObjectIdentifier) {
        for (watch, place) in places where place.tree == watcher { unwatch(watch) }
        trees[watcher] = nil
    }

    mutating func take(_ event: InotifyEvent) {
        if event.mask & UInt32(IN_Q_OVERFLOW) != 0 || event.watch < 0 {
            for (id, tree) in trees {
                // Folders made or moved meanwhile are not watched, or are so under the name they had.
                let problem = watchTree(id, folder: "")
                tree.watcher.note {
                    $0.everything = true
                    $0.blindness = problem ?? $0.blindness
                }
            }
            return
        }
        guard let place = places[event.watch], let tree = trees[place.tree] else { return }
        if event.mask & UInt32(IN_IGNORED) != 0 {
            places[event.watch] = nil
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

    private mutating func takeFolder(_ event: InotifyEvent, in place: Place, tree: Tree) {
        guard !NameRules.isLitterFolder(event.name) else { return }
        let folder = place.folder.appending(event.name)
        if event.mask & UInt32(IN_MOVED_FROM) != 0 {
            for (watch, other) in places where other.tree == place.tree && other.folder.isWithin(folder) {
                unwatch(watch)
            }
        }
        if event.mask & UInt32(IN_CREATE | IN_MOVED_TO) != 0, let problem = watchTree(place.tree, folder: folder) {
            tree.watcher.note { $0.blindness = problem }
        }
        if event.mask & UInt32(IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE) != 0 {
            tree.watcher.note { $0.folders.insert(folder) }
        }
    }

    /// Watches a folder, then lists it for subfolders: what appears in between is told by the watch. Returns what went wrong.
    private mutating func watchTree(_ id: ObjectIdentifier, folder: FileName) -> String? {
        guard let tree = trees[id] else { return nil }
        let path = tree.root.appending(folder)
        if let problem = watch(path, as: Place(tree: id, folder: folder)) { return problem }
        guard let entries = try? FileSystem.list(RootedPath(tree.root, folder), skippingUnreadable: true) else {
            return nil
        }
        var problem: String?
        for entry in entries where entry.status.kind == .folder && !NameRules.isLitterFolder(entry.name) {
            problem = watchTree(id, folder: folder.appending(entry.name)) ?? problem
        }
        return problem
    }

    private mutating func watch(_ path: FilePath, as place: Place) -> String? {
        let spelling = spell(path)
        let watched = spelling.withUnsafeBufferPointer { inotifytools_watch_file($0.baseAddress, Self.mask) }
        guard watched != 0 else {
            switch Errno(rawValue: inotifytools_error()) {
            case .noSuchFileOrDirectory, .notDirectory:
                // Gone again, or never a folder: its parent's next listing knows. A missing root is the caller's error.
                return place.folder.isEmpty ? "\(path) is not a folder" : nil
            case .noSpace:
                return "the kernel's limit of watched folders is reached at \(path); "
                    + "raise it with: sysctl fs.inotify.max_user_watches=524288"
            case let code:
                return "cannot watch \(path): \(code)"
            }
        }
        places[spelling.withUnsafeBufferPointer { inotifytools_wd_from_filename($0.baseAddress) }] = place
        return nil
    }

    /// The path as a C string ending in `/`, with a tail of `/` and `./` that counts how often it was watched before.
    private mutating func spell(_ path: FilePath) -> [CChar] {
        let count = spellings[path, default: 0]
        spellings[path] = count + 1
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

    private mutating func unwatch(_ watch: Int32) {
        places[watch] = nil
        _ = inotifytools_remove_watch_by_wd(watch)
    }
}
