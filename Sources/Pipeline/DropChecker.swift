import Catalog
import Folders
import Jobs
import SystemPackage

/// What would become of one drop.
package struct DropCheck: Sendable {
    package let name: String
    package let folder: String
    package let files: [String]
    /// Empty when it would be sent.
    package let problems: [Problem]
    package let warnings: [String]
    /// The videos there would be, below `videos`; empty when nothing would be sent.
    package let outputs: [String]
    /// What would be sent, pictures by name; nil when nothing would.
    package let request: JSONValue?
    /// The same files, by their places below the inbox, or below their own folder where that is not in the inbox.
    package let members: [InboxPath]
}

/// Decides on drops exactly as the intake does, at once and without touching anything.
package struct DropChecker: Sendable {
    private let catalog: Catalog
    private let inbox: FilePath?
    private let outbox: Outbox?
    private let defaults: SettingsLayer?

    /// - Parameters:
    ///   - inbox: files below it get its folder defaults; others only those of their own folder.
    ///   - outbox: where the videos would go, to tell which names are taken there; not looked at where it is nil.
    ///   - defaults: what holds for all of the inbox.
    package init(catalog: Catalog, inbox: FilePath?, outbox: Outbox? = nil, defaults: SettingsLayer? = nil) {
        self.catalog = catalog
        self.inbox = inbox
        self.outbox = outbox
        self.defaults = defaults
    }

    /// Blocks while it reads. `path` is a picture, a sidecar or a folder.
    package func check(_ path: FilePath) throws(FileError) -> [DropCheck] {
        guard let status = try FileSystem.status(of: path) else {
            throw FileError("find", path, .noSuchFileOrDirectory)
        }
        let isFolder = status.kind == .folder
        let place = isFolder ? path : path.removingLastComponent()
        var root = place
        var folder: FileName = ""
        if let inbox, place.starts(with: inbox) {
            root = inbox
            folder = FileName(String(place.string.dropFirst(inbox.string.count).drop { $0 == "/" }))
        }
        var table = InboxTable()
        for way in folder.wayDown { try see(way, of: root, in: &table) }
        if isFolder {
            let listing = InboxListing(of: root, below: folder)
            for (name, entries) in listing.folders { table.see(folder: name, listing: entries, at: .zero) }
        }
        let wanted = isFolder ? nil : path.lastComponent.map { NameRules.stem(of: FileName($0.string)).folded }
        let groups = table.takeDirty().filter { group in
            wanted.map { group.folder == folder && group.stem == $0 } ?? group.folder.isWithin(folder)
        }
        let isDefaults = path.lastComponent.map { NameRules.isDefaults(FileName($0.string)) } ?? false
        let defaults = table.folderNames.filter { isFolder ? $0.isWithin(folder) : isDefaults && $0 == folder }
            .sorted { $0.text < $1.text }
            .compactMap { checkDefaults(in: $0, root: root, table: &table) }
        return defaults
            + groups.sorted { ($0.folder.text, $0.stem) < ($1.folder.text, $1.stem) }
            .flatMap { decide($0, root: root, table: &table) }
    }

    /// Folder defaults by themselves: what is wrong in them is wrong in every drop of the folder. nil where there are none.
    private func checkDefaults(in folder: FileName, root: FilePath, table: inout InboxTable) -> DropCheck? {
        let path = Pairer.defaults(in: folder)
        guard table.file(path) != nil else { return nil }
        look(into: path, root: root, Examiner(catalog: catalog, inbox: root), &table)
        var problems: [Problem] = []
        switch table.file(path)?.examination {
        case .unfinished(let problem), .faulty(let problem): problems = [problem]
        case .sidecar(let values, _):
            problems = catalog.settings(from: [SettingsLayer(file: path.relative.shown, values: values)]).problems
        case .picture, nil: break
        }
        return DropCheck(
            name: NameRules.defaults, folder: folder.text, files: [path.name.shown], problems: problems, warnings: [],
            outputs: [], request: nil, members: [path])
    }

    /// The files that a sidecar names, relative to its folder; none where it cannot be read.
    package func files(namedBy sidecar: FilePath) throws(FileError) -> [FileName] {
        guard let name = sidecar.lastComponent, let status = try FileSystem.status(of: sidecar) else { return [] }
        let examiner = Examiner(catalog: catalog, inbox: sidecar.removingLastComponent())
        let path = InboxPath(folder: "", name: FileName(name.string))
        guard case .seen(_, _, let naming) = examiner.look(into: path, expecting: status) else { return [] }
        return naming.map(\.relative)
    }

    private func see(_ folder: FileName, of root: FilePath, in table: inout InboxTable) throws(FileError) {
        table.see(folder: folder, listing: try FileSystem.list(RootedPath(root, folder)), at: .zero)
    }

    private func decide(_ group: GroupKey, root: FilePath, table: inout InboxTable) -> [DropCheck] {
        // Whatever is not there now counts as never coming: what the intake would say in the end is said now.
        let pairer = Pairer(
            catalog: catalog, rules: PairingRules(settle: .zero, grace: .zero, orphanAfter: .zero), defaults: defaults)
        let examiner = Examiner(catalog: catalog, inbox: root)
        while true {
            let verdicts = pairer.decide(group, in: table, at: .seconds(1))
            let looks = verdicts.compactMap { verdict -> InboxPath? in
                if case .examine(let path) = verdict { path } else { nil }
            }
            if looks.isEmpty { return verdicts.compactMap { check($0) } }
            for path in looks { look(into: path, root: root, examiner, &table) }
        }
    }

    private func look(into path: InboxPath, root: FilePath, _ examiner: Examiner, _ table: inout InboxTable) {
        guard let file = table.file(path) else { return }
        switch examiner.look(into: path, expecting: file.status) {
        case .gone: table.remove(path)
        case .held:
            table.examined(
                path, identity: file.status.identity,
                .unfinished(
                    Problem(
                        file: path.name.shown, rule: "some program is still writing this file",
                        remedy: "Wait until it is done, and check again.")))
        case .seen(let examination, let identity, let naming):
            for target in naming where table.find(target) == nil {
                try? see(target.folder, of: root, in: &table)
            }
            table.examined(path, identity: identity, examination, naming: naming)
        }
    }

    /// The videos as they would be called, and what there is to say about that.
    private func outputs(of candidate: Candidate) -> (files: [String], notes: [String]) {
        let count = candidate.settings.options.variations
        let wish = candidate.settings.options.name ?? candidate.stem
        var notes = OutputName.changes(of: wish, in: candidate.folder)
        let files = (1...count).map { number in
            let wanted = OutputName.variation(number, of: count, name: OutputName.fitting(wish))
            var name = wanted
            do throws(FileError) {
                name = try outbox?.freeVideoName(wanted, folder: candidate.folder) ?? wanted
            } catch {
                notes.append("nobody can tell which names are taken in the outbox: \(error)")
            }
            if name != wanted {
                notes.append(
                    "there is a \(wanted).mp4 in the outbox already, perhaps in another case; this one will be \(name).mp4"
                )
            }
            return PortableName.folder(candidate.folder).appending(FileName(name + ".mp4")).shown
        }
        return (files, notes)
    }

    private func check(_ verdict: PairingVerdict) -> DropCheck? {
        switch verdict {
        case .take(let candidate):
            let settings = candidate.settings
            let body = candidate.members.reduce(JSONValue.object(settings.body())) { body, member in
                member.places.reduce(body) { $0.setting(["file": .string(member.path.name.shown)], at: $1.steps[...]) }
            }
            let outputs = outputs(of: candidate)
            return DropCheck(
                name: settings.options.name ?? candidate.stem, folder: candidate.folder.text,
                files: candidate.members.map(\.path.name.shown), problems: [],
                warnings: settings.model.warnings(settings) + outputs.notes, outputs: outputs.files, request: body,
                members: candidate.members.map(\.path))
        case .refuse(let refusal):
            return DropCheck(
                name: refusal.stem, folder: refusal.folder.text, files: refusal.members.map(\.path.name.shown),
                problems: refusal.problems,
                warnings: OutputName.changes(of: refusal.stem, in: refusal.folder), outputs: [], request: nil,
                members: refusal.members.map(\.path))
        case .wait, .examine: return nil
        }
    }
}
