import Catalog
import Folders
import Foundation
import Jobs
import Pipeline
import SystemPackage

/// What `hotreel drop` puts into the inbox: each file under the name it is to have there, and the drops that they make.
struct DropPlan {
    /// One picture with its sidecar and what that names, once they lie in the inbox.
    struct Item {
        /// As the outbox calls it, before it is numbered.
        let name: String
        /// How many videos there will be.
        let videos: Int
        /// The files by which its receipts and reports are known: those that no other drop of this call has too.
        let own: [DroppedFile]
    }

    /// A file as it lies in the inbox.
    struct DroppedFile {
        /// Below the drop's folder.
        let name: FileName
        let sha256: String
        /// Nanoseconds since 1970, as the share tells it.
        let modified: Int64
    }

    let items: [Item]
    /// In the order in which they get their names: sidecars, what they name, pictures. A picture that came first could be taken
    /// for a drop by itself where the folder has defaults; so could a tail frame before the sidecar that names it.
    let files: [FileName]

    /// Why nothing is dropped.
    enum Obstacle: Error {
        /// Drops that would be refused; for the sake of these nothing is dropped.
        case refused([DropCheck])
        /// Something of that name, or of a name that would be paired with it, waits in the inbox.
        case taken(FileName)
        case notAFile(String)
        case twice(FileName)
    }

    /// Copies `sources` into the staging folder and looks at them there, so that what was found good is what is dropped.
    init(
        _ sources: [FilePath], into staged: StagedFiles, folder: FileName, inbox: FilePath, defaults: SettingsLayer?,
        catalog: Catalog
    ) throws {
        let checker = DropChecker(catalog: catalog, inbox: inbox, defaults: defaults)
        let places = try Self.places(of: sources, checker)
        let modified = Int64(Date().timeIntervalSince1970 * 1000) * 1_000_000
        var copied: [FileName] = []
        for (name, source) in places.sorted(by: { $0.key.text < $1.key.text }) {
            let there = staged.destination.appending(name)
            // A mask that the folder's drops share, and that lies there already.
            if let known = try FileSystem.status(of: there), known.kind == .regular, name.parent?.isEmpty == false,
                try FileSystem.hash(there) == FileSystem.hash(source)
            {
                try staged.add(there, as: name, modified: known.identity.modified)
                continue
            }
            try staged.add(source, as: name, modified: modified)
            copied.append(name)
        }
        let checks = try checker.check(staged.folder)
        guard !checks.isEmpty, checks.allSatisfy(\.problems.isEmpty) else {
            throw Obstacle.refused(checks.filter { !$0.problems.isEmpty })
        }
        let hidden = folder.appending(staged.folder.lastComponent.map { FileName($0.string) } ?? "")
        let members = checks.map { check in
            check.members.compactMap { path in
                path.folder.isWithin(hidden)
                    ? FileName(bytes: Array(path.relative.bytes.dropFirst(hidden.bytes.count + 1))) : nil
            }
        }
        let uses = members.flatMap { Set($0) }.reduce(into: [FileName: Int]()) { $0[$1, default: 0] += 1 }
        items = try zip(checks, members).map { check, names in
            Item(
                name: check.name, videos: check.outputs.count,
                own: try names.filter { uses[$0] == 1 && copied.contains($0) }.map { name in
                    let path = staged.folder.appending(name)
                    return DroppedFile(
                        name: name, sha256: try FileSystem.hash(path).sha256,
                        modified: try FileSystem.status(of: path)?.identity.modified ?? 0)
                })
        }
        let dropped = Set(sources.compactMap { $0.lastComponent.map { FileName($0.string) } })
        func rank(_ name: FileName) -> Int { NameRules.isSidecar(name) ? 0 : dropped.contains(name) ? 2 : 1 }
        files = copied.sorted { (rank($0), $0.text) < (rank($1), $1.text) }
        if let taken = try Self.taken(files, in: staged.destination) { throw Obstacle.taken(taken) }
    }

    /// Where each file goes: those that were named lie directly in the folder, and what a sidecar names lies beside it as it did.
    private static func places(of sources: [FilePath], _ checker: DropChecker) throws -> [FileName: FilePath] {
        var places: [FileName: FilePath] = [:]
        for source in sources {
            guard let last = source.lastComponent, let status = try FileSystem.status(of: source) else {
                throw FileError("find", source, .noSuchFileOrDirectory)
            }
            let name = FileName(last.string)
            guard status.kind == .regular else { throw Obstacle.notAFile("a \(status.kind.rawValue)") }
            guard !NameRules.isLitter(name), !NameRules.isDefaults(name) else {
                throw Obstacle.notAFile("passed over in the inbox because of its name")
            }
            guard places.updateValue(source, forKey: name) == nil else { throw Obstacle.twice(name) }
        }
        for source in sources where source.lastComponent.map({ NameRules.isSidecar(FileName($0.string)) }) == true {
            for name in try checker.files(namedBy: source) where !name.text.split(separator: "/").contains("..") {
                let file = source.removingLastComponent().appending(name)
                // Whatever is missing, or leads elsewhere, is told by the check.
                guard try FileSystem.status(of: file)?.kind == .regular else { continue }
                if let other = places.updateValue(file, forKey: name), other != file { throw Obstacle.twice(name) }
            }
        }
        // A tail frame that was named too lies where its sidecar looks for it, and only there.
        let below = Set(places.filter { $0.key.parent?.isEmpty == false }.values)
        return places.filter { $0.key.parent?.isEmpty != true || !below.contains($0.value) }
    }

    /// The first file whose name, or one that would be paired with it, is in the folder already.
    private static func taken(_ files: [FileName], in folder: FilePath) throws -> FileName? {
        let direct = Set(files.filter { $0.parent?.isEmpty == true }.map { NameRules.stem(of: $0).folded })
        for entry in try FileSystem.list(folder, skippingUnreadable: true) where entry.status.kind != .folder {
            if NameRules.isLitter(entry.name) || NameRules.isDefaults(entry.name) { continue }
            if direct.contains(NameRules.stem(of: entry.name).folded) { return entry.name }
        }
        return try files.first { try FileSystem.status(of: folder.appending($0)) != nil }
    }
}
