import Catalog
import Jobs

/// What a drop waits for, and what may lie among the files that were given back: people fix one file of a failed drop and drag only
/// that one into the inbox.
package struct Lack: Hashable, Sendable {
    package enum What: Hashable, Sendable {
        /// The picture of a sidecar, the sidecar of a picture: known by their stem.
        case picture, sidecar
        /// A file that the sidecar names.
        case file(InboxPath)
    }
    /// The file that waits for it.
    package let path: InboxPath
    package let what: What
}

extension Pairer {
    /// What the files of a group lack, and from when on it is looked for among those given back: not before `intake.grace` is over,
    /// since the other half of a new pair may be on its way. nil where they lack nothing or are not looked into yet.
    package func lacks(_ group: GroupKey, in table: InboxTable) -> (lacks: [Lack], from: Duration)? {
        let paths = table.names(in: group).map { InboxPath(folder: group.folder, name: $0) }
        let files = paths.compactMap { table.file($0) }
        guard let quiet = files.map(\.quietSince).max(), files.allSatisfy({ $0.examination != nil }) else { return nil }
        let sidecars = paths.filter { NameRules.isSidecar($0.name) }
        let others = paths.filter { !NameRules.isSidecar($0.name) }
        var lacks = sidecars.flatMap { self.lacks(of: $0, beside: others, in: table) }
        if sidecars.isEmpty {
            lacks = others.filter { isPictureAlone($0, in: table) }.map { Lack(path: $0, what: .sidecar) }
        }
        return lacks.isEmpty ? nil : (lacks, quiet + max(rules.grace, rules.settle))
    }

    private func isPictureAlone(_ path: InboxPath, in table: InboxTable) -> Bool {
        guard let file = table.file(path), !file.isUsed, table.sidecars(naming: path).isEmpty else { return false }
        if case .picture = file.examination { return true }
        return false
    }

    private func lacks(of sidecar: InboxPath, beside others: [InboxPath], in table: InboxTable) -> [Lack] {
        guard case .sidecar(let values, _) = table.file(sidecar)?.examination else { return [] }
        var layers: [SettingsLayer] = []
        for folder in sidecar.folder.wayDown {
            if case .sidecar(let values, _) = table.file(Self.defaults(in: folder))?.examination {
                layers.append(SettingsLayer(file: "", values: values))
            }
        }
        layers.append(SettingsLayer(file: "", values: values))
        let (settings, _) = catalog.settings(from: layers)
        // What folder defaults name was never taken out of the inbox.
        let own = settings.references.filter { $0.layer == layers.count - 1 }
        var lacks: [Lack] = own.compactMap { reference -> Lack? in
            let wanted = InboxPath(from: sidecar.folder, following: FileName(reference.path))
            guard Self.find(wanted, namedBy: sidecar, in: table) == nil else { return nil }
            return Lack(path: sidecar, what: .file(wanted))
        }
        let isExact = NameRules.isExact(sidecar.name)
        let hasPicture =
            isExact ? others.contains { NameRules.isExactSidecar(sidecar.name, of: $0.name) } : !others.isEmpty
        if !hasPicture, !settings.remoteImage, !settings.references.contains(where: { $0.role == .picture }) {
            lacks.append(Lack(path: sidecar, what: .picture))
        }
        return lacks
    }

    /// Where a file that a sidecar names may lie. Where the sidecar was given back as `shot (2).json`, the files it names may have been
    /// given back with its number.
    package static func places(of wanted: InboxPath, namedBy sidecar: InboxPath) -> [InboxPath] {
        guard let number = NameRules.number(in: NameRules.stem(of: sidecar.name))?.number else { return [wanted] }
        return [wanted, InboxPath(folder: wanted.folder, name: OutputName.choice(number, of: wanted.name))]
    }

    static func find(_ wanted: InboxPath, namedBy sidecar: InboxPath?, in table: InboxTable) -> InboxPath? {
        guard let sidecar else { return table.find(wanted) }
        return places(of: wanted, namedBy: sidecar).lazy.compactMap { table.find($0) }.first
    }
}

extension NameRules {
    /// `shot (2)` as `shot` and 2; nil where a name has no number that Hotreel may have given.
    static func number(in stem: String) -> (stem: String, number: Int)? {
        guard let match = stem.wholeMatch(of: #/(.+) \((\d{1,9})\)/#.dotMatchesNewlines()),
            let number = Int(match.output.2), number > 1
        else { return nil }
        return (String(match.output.1), number)
    }

    /// Whether a sidecar names its picture by the whole name: `shot.png.json`.
    static func isExact(_ sidecar: FileName) -> Bool { hasPictureSuffix(FileName(String(sidecar.text.dropLast(5)))) }
}

extension Claims {
    /// When a file under a temporary name was last changed in a folder of the inbox, in nanoseconds of the file system's own clock; nil
    /// where there is none. Many programs upload under such a name: rsync, Syncthing, WebDAV servers, browsers.
    package func lastUpload(in folder: FileName) throws(FileError) -> Int64? {
        do throws(FileError) {
            return try FileSystem.list(place(folder), skippingUnreadable: true).lazy
                .filter { $0.status.kind == .regular && NameRules.isUpload($0.name) }.map(\.status.identity.changed)
                .max()
        } catch {
            if error.isNoWay { return nil }
            throw error
        }
    }
}

extension NameRules {
    /// Whether a file of this name may become another when it is complete; not what desktops keep for themselves.
    static func isUpload(_ name: FileName) -> Bool {
        let folded = name.folded
        let isDesktops =
            folded == ".ds_store" || folded.hasPrefix("._") || folded == ".directory" || folded.hasSuffix("~")
        return isLitter(name) && !isDesktops && !isOwnReport(folded) && folded != "thumbs.db" && folded != "desktop.ini"
    }
}
