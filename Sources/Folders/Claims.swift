import Foundation
import Jobs
import SystemPackage

/// The claim folders, `inbox/.hotreel/DROP/`: on the inbox's file system, so that claiming a file is one rename.
///
/// Only `sources/` and `leaving/` hold anything that exists nowhere else, and `sources/` is filled last.
package struct Claims: Sendable {
    /// The folders in a claim folder.
    package enum Part: String, Sendable, CaseIterable {
        /// What was dropped, under the names it had.
        case sources
        /// Of files other drops need too.
        case copies
        /// What pictures were fitted into.
        case fitted
        /// Second copies of the sources, for a drop that ends in two parts of the outbox.
        case twins
        /// A mark for each request that has begun to go out.
        case sending
        /// What is on its way to another disk, and complete there; see `Handover`.
        case leaving

        var name: FileName { FileName(rawValue) }
    }

    package let inbox: FilePath

    package init(inbox: FilePath) { self.inbox = inbox }

    package var root: RootedPath { place(NameRules.claims) }

    /// Something in the inbox, by its path below it.
    package func place(_ name: FileName) -> RootedPath { RootedPath(inbox, name) }

    package func place(_ path: InboxPath) -> RootedPath { place(path.relative) }

    package func folder(of drop: DropID) -> RootedPath { root.appending(FileName(drop.rawValue)) }

    /// Where a source lies in the claim folder, relative to it.
    package static func place(of source: Source) -> FileName {
        (source.claim == .move ? Part.sources : .copies).name.appending(source.file)
    }

    /// Where the n-th picture is fitted into, relative to the claim folder.
    package static func fittedPlace(_ number: Int) -> FileName { Part.fitted.name.appending(FileName("\(number)")) }

    package func path(of source: Source, in drop: DropID) -> RootedPath {
        folder(of: drop).appending(Self.place(of: source))
    }

    package func prepare(_ drop: DropID) throws(FileError) {
        try makeRoot()
        for part in [Part.sources, .copies, .fitted] {
            try makeFolder(folder(of: drop).appending(part.name), synced: false)
        }
        try FileSystem.sync(folder: folder(of: drop))
        try FileSystem.sync(folder: root)
    }

    package func makeRoot() throws(FileError) {
        try FileSystem.makeFolder(root, below: place(""), mode: Self.mode)
    }

    /// Makes a folder below `root`, which must be there.
    func makeFolder(_ place: RootedPath, synced: Bool = true) throws(FileError) {
        try FileSystem.makeFolder(place, below: root, synced: synced, mode: Self.mode)
    }

    /// What is in keeping is nobody's to change but the service's.
    private static let mode: UInt32 = 0o755

    /// Throws where the claim folders as a whole are not there: that is no sign that any file is gone, but that the share is.
    func requireRoot() throws(FileError) {
        guard try FileSystem.status(of: root) != nil else { throw FileError("find", root.path, .noSuchFileOrDirectory) }
    }

    /// Whether a path below the inbox lies on another mount than the inbox itself.
    package func isOnAnotherMount(_ path: FilePath) -> Bool {
        guard path.starts(with: inbox), let table = try? MountTable.current() else { return false }
        return table.mount(covering: path.string)?.id != table.mount(covering: inbox.string)?.id
    }

    /// How claiming one file ended.
    package enum Outcome: Hashable, Sendable {
        case taken
        /// What lies there now is not what was looked at; it was left, or put back.
        case changed
        case missing
    }

    /// Moves one source from the inbox into its claim folder. Doing it again after a crash is harmless.
    package func take(_ source: Source, of drop: Drop) throws(FileError) -> Outcome {
        let target = path(of: source, in: drop.id)
        var origin = place(drop.folder).appending(source.file)
        if try FileSystem.status(of: target) != nil {
            // Where a rename is a link and a removal, the second may be missing, and the file would be a drop once more.
            if source.claim == .move, try FileSystem.isSameFile(origin, target) {
                _ = try FileSystem.rename(origin, to: target)
                try FileSystem.sync(folder: origin.removingLastComponent())
            } else if source.claim == .move, try isLeftBehind(origin, by: target, as: source) {
                try removeOriginal(origin, of: target, as: source)
            }
            return .taken
        }
        // What folder defaults name outside the drop's folder goes by its path below the inbox.
        let elsewhere = place(source.file)
        if source.claim == .copy,
            try FileSystem.status(of: elsewhere)?.identity.isSameContent(as: source.identity) == true
        {
            origin = elsewhere
        }
        guard let status = try FileSystem.status(of: origin) else {
            try requireRoot()
            return .missing
        }
        guard status.identity.isSameContent(as: source.identity) else { return .changed }
        try makeFolder(target.removingLastComponent())
        return source.claim == .copy
            ? try copy(origin, to: target, as: source) : try move(origin, to: target, as: source)
    }

    private func move(_ origin: RootedPath, to target: RootedPath, as source: Source) throws(FileError) -> Outcome {
        do throws(FileError) {
            guard try FileSystem.rename(origin, to: target) else { return .taken }
        } catch {
            guard error.code == .improperLink else { throw error }
            return try cross(origin, to: target, as: source)
        }
        // Somebody may have replaced the file between the look and the rename.
        if try !Self.isSource(target, source) {
            if try FileSystem.rename(target, to: origin) { try FileSystem.sync(renamed: target, to: origin) }
            return .changed
        }
        try FileSystem.sync(renamed: origin, to: target)
        return .taken
    }

    private func copy(_ origin: RootedPath, to target: RootedPath, as source: Source) throws(FileError) -> Outcome {
        let file = try OpenFile(origin)
        // Somebody may have replaced the file since the look.
        guard file.status.identity.isSameContent(as: source.identity) else { return .changed }
        try FileSystem.copy(file, to: target)
        // Somebody may have written to it meanwhile, and then nobody knows what was copied.
        if try file.statusNow().identity.isSameContent(as: source.identity) { return .taken }
        try FileSystem.remove(target)
        return .changed
    }

    /// Puts a taken source back where it came from, or drops the copy. False where something else lies there now.
    package func putBack(_ source: Source, of drop: Drop) throws(FileError) -> Bool {
        let claimed = path(of: source, in: drop.id)
        if source.claim == .copy {
            try FileSystem.remove(claimed)
            return true
        }
        guard try FileSystem.status(of: claimed) != nil else {
            try requireRoot()
            return true
        }
        let origin = place(drop.folder).appending(source.file)
        do throws(FileError) {
            // Somebody may have tidied the folder away.
            try FileSystem.makeFolder(origin.removingLastComponent(), below: root)
        } catch {
            // Something else has taken its place.
            guard error.code == .notDirectory || error.code == .tooManySymbolicLinkLevels else { throw error }
            return false
        }
        do throws(FileError) {
            guard try FileSystem.rename(claimed, to: origin) else { return false }
        } catch {
            guard error.code == .improperLink else { throw error }
            return try crossBack(claimed, to: origin, as: source)
        }
        try FileSystem.sync(renamed: claimed, to: origin)
        return true
    }

    /// Whether a drop's claim folder is gone. Throws where nobody can tell, such as when the share is not there.
    package func isEmptied(_ drop: DropID) throws(FileError) -> Bool {
        try requireRoot()
        return try FileSystem.status(of: folder(of: drop)) == nil
    }

    /// Removes a claim folder whose sources are all elsewhere. While one is still there it throws, unless they are to be discarded.
    package func remove(_ drop: DropID, discardingSources: Bool = false) throws(FileError) {
        if !discardingSources {
            let left = try sourceFiles(in: drop)
            if !left.isEmpty { throw FileError("remove", folder(of: drop).path, .directoryNotEmpty) }
        }
        try FileSystem.removeTree(folder(of: drop))
        // Sources that come back with a power cut would be taken for some that the ledger has lost.
        if discardingSources { try FileSystem.sync(folder: root) }
    }

    /// Removes a claim folder whose sources exist elsewhere too: all of them at one moment, so that a crash leaves all or none.
    package func discard(_ drop: DropID) throws(FileError) {
        let folder = folder(of: drop)
        let discarded = folder.appending(FileName(".discarded"))
        guard try FileSystem.rename(folder.appending(Part.sources.name), to: discarded) else {
            throw FileError("rename to", discarded.path, .fileExists)
        }
        try FileSystem.sync(folder: folder)
        try FileSystem.removeTree(folder)
    }

    /// Drops that have a claim folder. Hidden folders are none: `ShareProbe` tries things out in one.
    package func drops() throws(FileError) -> [DropID] {
        guard try FileSystem.status(of: root) != nil else { return [] }
        return try FileSystem.list(root).filter { $0.status.kind == .folder && !$0.name.text.hasPrefix(".") }
            .map { DropID(rawValue: $0.name.text) }
    }

    /// What a claim folder still holds of the drop's own files, by the names they had.
    package func sourceFiles(in drop: DropID) throws(FileError) -> [FileName] {
        var names: Set<FileName> = []
        for part in [Part.sources.name, Part.leaving.name.appending(Part.sources.name)] {
            let place = folder(of: drop).appending(part)
            guard try FileSystem.status(of: place) != nil else { continue }
            try FileSystem.walk(place) { names.insert($0.name) }
        }
        if names.isEmpty { try requireRoot() }
        return names.sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) }
    }
}
