import Jobs

@testable import Folders

/// A disk of the mind: names that lead to files, as a file system keeps them, and what a watcher would say of each change.
struct ChanceDisk {
    struct Node {
        var content: PairingScenario.Content
        /// Another for every change of the content.
        var version: Int64
        var size: Int64
        var modified: Int64
        var changed: Int64
        /// How many programs have it open for writing.
        var writers = 0
    }

    private(set) var nodes: [UInt64: Node] = [:]
    private(set) var entries: [InboxPath: UInt64] = [:]
    private(set) var folders: Set<FileName> = [""]
    /// What was told of and not yet listened to.
    var news = FolderChanges()
    /// How far the wall clock is off, in nanoseconds; clients' and the kernel's times follow it.
    var skew: Int64 = 0
    private var serial: Int64 = 0

    func node(_ path: InboxPath) -> Node? { entries[path].flatMap { nodes[$0] } }

    func status(_ path: InboxPath) -> FileStatus? {
        guard let inode = entries[path], let node = nodes[inode] else {
            return folders.contains(path.relative) ? folderStatus : nil
        }
        return FileStatus(
            kind: .regular,
            identity: FileIdentity(
                device: 1, inode: inode, size: node.size, modified: node.modified, changed: node.changed))
    }

    private var folderStatus: FileStatus {
        FileStatus(kind: .folder, identity: FileIdentity(device: 1, inode: 1, size: 0, modified: 0, changed: 0))
    }

    /// A folder's entries, with the folders in it; nil where it is not there.
    func listing(_ folder: FileName) -> [(name: FileName, status: FileStatus)]? {
        guard folders.contains(folder) else { return nil }
        let below = folders.filter { !$0.isEmpty && $0.parent == folder }.map { ($0.lastComponent, folderStatus) }
        return below
            + entries.keys.filter { $0.folder == folder }.compactMap { path in status(path).map { (path.name, $0) } }
    }

    // MARK: Changes

    private mutating func tick() -> Int64 {
        serial += 1
        return serial + skew
    }

    private mutating func mark(_ inode: UInt64) {
        let now = tick()
        nodes[inode]?.changed = now
    }

    private mutating func tell(_ path: InboxPath) {
        if !NameRules.isLitter(path.name) || NameRules.isDefaults(path.name) { news.files.insert(path) }
    }

    /// A folder that is made is told of, and what is made in it at once is not: the watch comes after it.
    private mutating func makeFolders(_ folder: FileName) -> Bool {
        let missing = folder.wayDown.filter { !folders.contains($0) }
        guard let first = missing.first else { return false }
        folders.formUnion(missing)
        news.folders.insert(first)
        return true
    }

    mutating func edit(_ path: InboxPath, _ change: (inout Node) -> Void) {
        guard let inode = entries[path], var node = nodes[inode] else { return }
        change(&node)
        nodes[inode] = node
        mark(inode)
        tell(path)
    }

    /// Writes into the file of that name, which is made if there is none.
    mutating func write(_ path: InboxPath, _ content: PairingScenario.Content, size: Int64 = 1000, writers: Int = 0) {
        guard !folders.contains(path.relative) else { return }
        let tick = tick()
        if let inode = entries[path] {
            nodes[inode]?.content = content
            nodes[inode]?.version = serial
            nodes[inode]?.size = size
            nodes[inode]?.modified = tick
            nodes[inode]?.changed = tick
            nodes[inode]?.writers += writers
            tell(path)
        } else {
            let inode = UInt64(serial) + 100
            nodes[inode] = Node(
                content: content, version: serial, size: size, modified: tick, changed: tick, writers: writers)
            let isNew = makeFolders(path.folder)
            entries[path] = inode
            if !isNew { tell(path) }
        }
    }

    /// A file written elsewhere takes the name in one step.
    mutating func replace(_ path: InboxPath, _ content: PairingScenario.Content) {
        guard !folders.contains(path.relative) else { return }
        remove(path)
        write(path, content)
    }

    /// Only the time stamps and the mode are set; the time may be any.
    mutating func touch(_ path: InboxPath, modified: Int64) { edit(path) { $0.modified = modified } }
    mutating func chmod(_ path: InboxPath) { edit(path) { _ in } }

    mutating func close(_ path: InboxPath) { edit(path) { $0.writers = 0 } }

    mutating func rename(_ old: InboxPath, _ new: InboxPath) {
        guard old != new, let inode = entries[old], !folders.contains(new.relative) else { return }
        remove(new)
        entries[old] = nil
        tell(old)
        let isNew = makeFolders(new.folder)
        entries[new] = inode
        mark(inode)
        if !isNew { tell(new) }
    }

    mutating func link(_ old: InboxPath, _ new: InboxPath) {
        guard let inode = entries[old], entries[new] == nil, !folders.contains(new.relative) else { return }
        let isNew = makeFolders(new.folder)
        entries[new] = inode
        mark(inode)
        tell(old)
        if !isNew { tell(new) }
    }

    mutating func remove(_ path: InboxPath) {
        guard let inode = entries.removeValue(forKey: path) else { return }
        mark(inode)
        if !entries.values.contains(inode) { nodes[inode] = nil }
        tell(path)
    }

    mutating func moveFolder(_ old: FileName, _ new: FileName) {
        guard !old.isEmpty, !new.isEmpty, folders.contains(old), !folders.contains(new), !new.isWithin(old),
            entries[InboxPath(from: "", following: new)] == nil
        else { return }
        if let parent = new.parent { _ = makeFolders(parent) }
        func moved(_ folder: FileName) -> FileName {
            FileName(bytes: new.bytes + folder.bytes.dropFirst(old.bytes.count))
        }
        folders = Set(folders.map { $0.isWithin(old) ? moved($0) : $0 })
        for (path, inode) in entries where path.folder.isWithin(old) {
            entries[path] = nil
            entries[InboxPath(folder: moved(path.folder), name: path.name)] = inode
        }
        news.folders.formUnion([old, new])
    }

    mutating func removeFolder(_ folder: FileName) {
        guard !folder.isEmpty, folders.contains(folder) else { return }
        for path in entries.keys where path.folder.isWithin(folder) { remove(path) }
        folders = folders.filter { !$0.isWithin(folder) }
        news.folders.insert(folder)
    }
}
