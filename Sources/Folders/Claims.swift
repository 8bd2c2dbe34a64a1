import Foundation
import Jobs
import SystemPackage

/// The claim folders, `inbox/.hotreel/DROP/`: on the inbox's file system, so that claiming a file is one rename.
///
/// In each: `sources/` what was dropped, under the names it had; `copies/` of files other drops need too; `fitted/` what
/// pictures were fitted into. Only `sources/` holds anything that exists nowhere else, and it is filled last.
package struct Claims: Sendable {
    package let inbox: FilePath

    package init(inbox: FilePath) { self.inbox = inbox }

    package var root: FilePath { inbox.appending(NameRules.claims) }

    package func folder(of drop: DropID) -> FilePath { root.appending(FileName(drop.rawValue)) }

    /// Where a source lies in the claim folder, relative to it.
    package static func place(of source: Source) -> FileName {
        FileName(source.claim == .move ? "sources" : "copies").appending(source.file)
    }

    /// Where the n-th picture is fitted into, relative to the claim folder.
    package static func fittedPlace(_ number: Int) -> FileName { FileName("fitted/\(number)") }

    package func path(of source: Source, in drop: DropID) -> FilePath {
        folder(of: drop).appending(Self.place(of: source))
    }

    package func prepare(_ drop: DropID) throws(FileError) {
        for part in ["sources", "copies", "fitted"] {
            try FileSystem.makeFolder(folder(of: drop).appending(FileName(part)))
        }
        try FileSystem.sync(folder: root)
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
        if try FileSystem.status(of: target) != nil { return .taken }
        var origin = inbox.appending(drop.folder).appending(source.file)
        // What folder defaults name outside the drop's folder goes by its path below the inbox.
        let elsewhere = inbox.appending(source.file)
        if source.claim == .copy,
            try FileSystem.status(of: elsewhere)?.identity.isSameContent(as: source.identity) == true
        {
            origin = elsewhere
        }
        guard let status = try FileSystem.status(of: origin) else { return .missing }
        guard status.identity.isSameContent(as: source.identity) else { return .changed }
        let folder = target.removingLastComponent()
        try FileSystem.makeFolder(folder)
        if source.claim == .copy {
            try FileSystem.copy(origin, to: target)
            return .taken
        }
        guard try FileSystem.rename(origin, to: target) else { return .taken }
        // Somebody may have replaced the file between the look and the rename.
        if let now = try FileSystem.status(of: target), !now.identity.isSameContent(as: source.identity) {
            _ = try FileSystem.rename(target, to: origin)
            return .changed
        }
        try FileSystem.sync(folder: folder)
        return .taken
    }

    /// Puts a taken source back where it came from, or drops the copy. False where something else lies there now.
    package func putBack(_ source: Source, of drop: Drop) throws(FileError) -> Bool {
        let claimed = path(of: source, in: drop.id)
        if source.claim == .copy {
            try FileSystem.remove(claimed)
            return true
        }
        guard try FileSystem.status(of: claimed) != nil else { return true }
        return try FileSystem.rename(claimed, to: inbox.appending(drop.folder).appending(source.file))
    }

    /// Whether a drop's claim folder is gone. Throws where nobody can tell, such as when the share is not there.
    package func isEmptied(_ drop: DropID) throws(FileError) -> Bool {
        guard try FileSystem.status(of: root) != nil else { throw FileError("find", root, .noSuchFileOrDirectory) }
        return try FileSystem.status(of: folder(of: drop)) == nil
    }

    /// Removes a claim folder whose sources are all elsewhere. While one is still there it throws, unless they are to be discarded.
    package func remove(_ drop: DropID, discardingSources: Bool = false) throws(FileError) {
        if !discardingSources {
            let left = try sourceFiles(in: drop)
            if !left.isEmpty { throw FileError("remove", folder(of: drop), .directoryNotEmpty) }
        }
        try FileSystem.removeTree(folder(of: drop))
    }

    /// Drops that have a claim folder.
    package func drops() throws(FileError) -> [DropID] {
        guard try FileSystem.status(of: root) != nil else { return [] }
        return try FileSystem.list(root).filter { $0.status.kind == .folder }.map { DropID(rawValue: $0.name.text) }
    }

    /// Files under a claim folder's `sources/`, relative to it.
    package func sourceFiles(in drop: DropID) throws(FileError) -> [FileName] {
        let sources = folder(of: drop).appending("sources")
        guard try FileSystem.status(of: sources) != nil else { return [] }
        return try Self.files(in: sources, below: "")
    }

    private static func files(in folder: FilePath, below: FileName) throws(FileError) -> [FileName] {
        var names: [FileName] = []
        for entry in try FileSystem.list(folder) {
            let name = below.appending(entry.name)
            if entry.status.kind == .folder {
                names += try files(in: folder.appending(entry.name), below: name)
            } else {
                names.append(name)
            }
        }
        return names
    }
}
