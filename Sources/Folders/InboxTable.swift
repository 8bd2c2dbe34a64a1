import Jobs

/// Files of one folder that share a stem, and so may belong together.
package struct GroupKey: Hashable, Sendable {
    package let folder: FileName
    /// Folded: without case, accents composed.
    package let stem: String

    package init(folder: FileName, stem: String) {
        self.folder = folder
        self.stem = stem
    }
}

/// What a look into a file showed.
package enum Examination: Hashable, Sendable {
    case picture(ImageFacts, sha256: String)
    case sidecar([String: JSONValue], sha256: String)
    /// Empty, cut, undecodable, unparsable: its upload may yet go on.
    case unfinished(Problem)
    /// Wrong for good.
    case faulty(Problem)
}

/// One file in the inbox, as last seen.
package struct InboxFile: Hashable, Sendable {
    package internal(set) var status: FileStatus
    /// Since when it has been as it is, on the process's own clock. Its mtime means nothing: clients set it at will.
    package internal(set) var quietSince: Duration
    /// Of exactly this state of the file; nil until somebody looked.
    package internal(set) var examination: Examination?
    /// Part of an earlier drop, and left here because another one names it. It starts no video of its own.
    package internal(set) var isUsed = false
    /// Of a used file, so that a touch, or the same content written once more, does not make it new.
    var usedContent: String?
}

/// The inbox as last seen. A pure value: it is told what was seen and when, and says which groups to look at again.
///
/// A file settles from the moment its identity last changed or an event told of it. Seeing it unchanged in a listing
/// means nothing, so fifty rescans cause nothing.
package struct InboxTable: Sendable {
    private struct Folder {
        var files: [FileName: InboxFile] = [:]
        var groups: [String: Set<FileName>] = [:]
    }

    /// Only folders that hold files.
    private var folders: [FileName: Folder] = [:]
    /// The same folders by their folded paths: two may differ in case or composition alone.
    private var spellings: [String: Set<FileName>] = [:]
    /// What holds in each tree of the inbox.
    package private(set) var trees = TreeMap()
    /// Which sidecars name a file, by its folded path.
    private var wants: [String: Set<InboxPath>] = [:]
    private var wanted: [InboxPath: Set<String>] = [:]
    /// Groups to decide on again.
    private var dirty: Set<GroupKey> = []

    package init() {}

    package mutating func takeDirty() -> Set<GroupKey> {
        defer { dirty = [] }
        return dirty
    }

    package var fileCount: Int { folders.values.reduce(0) { $0 + $1.files.count } }
    /// All files it knows, in no order.
    package var paths: [InboxPath] {
        folders.flatMap { folder, content in content.files.keys.map { InboxPath(folder: folder, name: $0) } }
    }
    package var folderNames: [FileName] { Array(folders.keys) }

    package func file(_ path: InboxPath) -> InboxFile? { folders[path.folder]?.files[path.name] }

    /// The names in `group`, in a fixed order.
    package func names(in group: GroupKey) -> [FileName] {
        (folders[group.folder]?.groups[group.stem] ?? []).sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) }
    }

    /// Finds a file by a name somebody wrote: exactly, else without regard to case and accents' composition, in its own folder
    /// before others of nearly its name.
    package func find(_ path: InboxPath) -> InboxPath? {
        if file(path) != nil { return path }
        let candidates = alike(path)
        return candidates.first { $0.folder == path.folder } ?? candidates.first { $0.name == path.name }
            ?? candidates.first
    }

    /// All files whose names differ from this one in case and composition at most, in a fixed order.
    private func alike(_ path: InboxPath) -> [InboxPath] {
        let (stem, name) = (NameRules.stem(of: path.name).folded, path.name.folded)
        let folders = (spellings[path.folder.folded] ?? []).sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) }
        return folders.flatMap { folder in
            names(in: GroupKey(folder: folder, stem: stem)).filter { $0.folded == name }
                .map { InboxPath(folder: folder, name: $0) }
        }
    }

    /// The sidecars that name this file.
    package func sidecars(naming path: InboxPath) -> Set<InboxPath> { wants[path.relative.folded] ?? [] }

    /// Notes a look at one file. `news` when an event told of it: then its clock starts again.
    package mutating func see(_ path: InboxPath, _ status: FileStatus?, at now: Duration, news: Bool) {
        if !news, let status, folders[path.folder]?.files[path.name]?.status == status { return }
        guard !NameRules.isLitter(path.name) || NameRules.isDefaults(path.name) else { return }
        guard let status, status.kind != .folder else { return vanish(path, at: now) }
        if var file = folders[path.folder]?.files[path.name] {
            let same = file.status.identity == status.identity && file.status.kind == status.kind
            guard news || !same else { return }
            file.quietSince = now
            if !same {
                if !file.status.identity.isSameContent(as: status.identity) { file.isUsed = false }
                file.examination = nil
            }
            file.status = status
            folders[path.folder]?.files[path.name] = file
        } else {
            if folders[path.folder] == nil { spellings[path.folder.folded, default: []].insert(path.folder) }
            folders[path.folder, default: Folder()].files[path.name] = InboxFile(status: status, quietSince: now)
            if !NameRules.isDefaults(path.name) {
                let stem = key(of: path).stem
                folders[path.folder]?.groups[stem, default: []].insert(path.name)
            }
        }
        touch(path)
    }

    /// Notes a folder's whole listing: what is not in it is gone.
    package mutating func see(
        folder: FileName, listing: [(name: FileName, status: FileStatus)], at now: Duration
    ) {
        let present = Set(listing.lazy.filter { $0.status.kind != .folder }.map(\.name))
        for name in folders[folder].map({ Array($0.files.keys) }) ?? [] where !present.contains(name) {
            vanish(InboxPath(folder: folder, name: name), at: now)
        }
        for entry in listing { see(InboxPath(folder: folder, name: entry.name), entry.status, at: now, news: false) }
    }

    /// Notes what holds in each tree. In one that can be looked at again all files settle anew, since nobody knows what became of them
    /// meanwhile; all groups are decided on again, since files in one tree may need those in another.
    package mutating func setTrees(_ trees: TreeMap, at now: Duration) {
        guard trees != self.trees else { return }
        for (folder, content) in folders {
            let isBack = self.trees.absence(of: folder) != nil && trees.absence(of: folder) == nil
            if isBack { for name in content.files.keys { folders[folder]?.files[name]?.quietSince = now } }
            for stem in content.groups.keys { dirty.insert(GroupKey(folder: folder, stem: stem)) }
        }
        self.trees = trees
    }

    /// Forgets a folder and all below it.
    package mutating func remove(folder: FileName) {
        for (name, content) in folders where name.isWithin(folder) {
            for file in content.files.keys { remove(InboxPath(folder: name, name: file)) }
        }
    }

    /// A sidecar that goes may be about to be written anew: what it spoke of has its quiet time, and so its grace, once more.
    private mutating func vanish(_ path: InboxPath, at now: Duration) {
        if NameRules.isSidecar(path.name), file(path) != nil {
            let partners = names(in: key(of: path)).map { InboxPath(folder: path.folder, name: $0) }
            let named = (wanted[path] ?? []).compactMap { find(InboxPath(from: "", following: FileName($0))) }
            for other in partners + named { restart(other, at: now) }
        }
        remove(path)
    }

    package mutating func remove(_ path: InboxPath) {
        guard folders[path.folder]?.files.removeValue(forKey: path.name) != nil else { return }
        let stem = key(of: path).stem
        folders[path.folder]?.groups[stem]?.remove(path.name)
        if folders[path.folder]?.groups[stem]?.isEmpty == true { folders[path.folder]?.groups[stem] = nil }
        if folders[path.folder]?.files.isEmpty == true { forget(folder: path.folder) }
        for relative in forgetWants(of: path) { touchFile(folded: relative) }
        touch(path)
    }

    private mutating func forget(folder: FileName) {
        folders[folder] = nil
        let folded = folder.folded
        spellings[folded]?.remove(folder)
        if spellings[folded]?.isEmpty == true { spellings[folded] = nil }
    }

    /// Keeps what a look into a file showed, if the file is still what was looked at. `naming` are the files a sidecar names;
    /// until a changed one can be read, those it named before.
    package mutating func examined(
        _ path: InboxPath, identity: FileIdentity, _ examination: Examination, naming: [InboxPath] = []
    ) {
        guard folders[path.folder]?.files[path.name]?.status.identity == identity else { return }
        folders[path.folder]?.files[path.name]?.examination = examination
        if case .picture(_, let sha256) = examination, folders[path.folder]?.files[path.name]?.usedContent == sha256 {
            folders[path.folder]?.files[path.name]?.isUsed = true
        }
        if case .unfinished = examination { return touch(path) }
        let freed = forgetWants(of: path)
        for target in naming {
            let relative = target.relative.folded
            wants[relative, default: []].insert(path)
            wanted[path, default: []].insert(relative)
        }
        touch(path)
        for relative in freed.union(naming.map(\.relative.folded)) { touchFile(folded: relative) }
    }

    package mutating func markUsed(_ path: InboxPath) {
        folders[path.folder]?.files[path.name]?.isUsed = true
        guard case .picture(_, let sha256) = file(path)?.examination else { return }
        folders[path.folder]?.files[path.name]?.usedContent = sha256
    }

    /// Starts a file's quiet time again, because a writer holds it or it changed under our hands.
    package mutating func restart(_ path: InboxPath, at now: Duration) {
        folders[path.folder]?.files[path.name]?.quietSince = now
        touch(path)
    }

    private func key(of path: InboxPath) -> GroupKey {
        GroupKey(folder: path.folder, stem: NameRules.stem(of: path.name).folded)
    }

    /// Marks all that a change of this file may decide.
    private mutating func touch(_ path: InboxPath) {
        if NameRules.isDefaults(path.name) {
            for (folder, content) in folders where folder.isWithin(path.folder) {
                for stem in content.groups.keys { dirty.insert(GroupKey(folder: folder, stem: stem)) }
            }
            return
        }
        dirty.insert(key(of: path))
        for sidecar in wants[path.relative.folded] ?? [] { touchWanting(sidecar) }
    }

    private mutating func touchWanting(_ sidecar: InboxPath) {
        if NameRules.isDefaults(sidecar.name) { touch(sidecar) } else { dirty.insert(key(of: sidecar)) }
    }

    private mutating func touchFile(folded relative: String) {
        let path = InboxPath(from: "", following: FileName(relative))
        for found in alike(path) { dirty.insert(key(of: found)) }
    }

    @discardableResult
    private mutating func forgetWants(of sidecar: InboxPath) -> Set<String> {
        let relatives = wanted.removeValue(forKey: sidecar) ?? []
        for relative in relatives {
            wants[relative]?.remove(sidecar)
            if wants[relative]?.isEmpty == true { wants[relative] = nil }
        }
        return relatives
    }
}
