import Catalog
import Jobs

/// Decides what files belong together and whether they are ready. Pure: it sees the table, the rules and the time.
package struct Pairer: Sendable {
    package let catalog: Catalog
    package let rules: PairingRules
    /// What holds below all folder defaults. It makes no picture alone a drop: only a file in its folder does.
    package let defaults: SettingsLayer?

    package init(catalog: Catalog, rules: PairingRules, defaults: SettingsLayer? = nil) {
        self.catalog = catalog
        self.rules = rules
        self.defaults = defaults
    }

    package func decide(_ group: GroupKey, in table: InboxTable, at now: Duration) -> [PairingVerdict] {
        let paths = table.names(in: group).map { InboxPath(folder: group.folder, name: $0) }
        if let absence = table.trees.absence(of: group.folder) {
            return [.wait(files: paths, until: nil, reason: absence)]
        }
        if let unsettled = settling(paths, in: table, at: now) { return unsettled }
        // Before anything is concluded, since they may name a file that looks like a stray.
        let defaults = group.folder.wayDown.map(Self.defaults)
        if let unsettled = settling(defaults, in: table, at: now) { return unsettled }

        let sidecars = paths.filter { NameRules.isSidecar($0.name) }
        let others = paths.filter { !NameRules.isSidecar($0.name) }
        let known = others.filter { NameRules.hasPictureSuffix($0.name) }
        // A picture under a wrong name pairs only where no picture by name is there: `shot.txt` beside `shot.png` is a note.
        var pictures = known.isEmpty ? others : known
        var verdicts = others.filter { !pictures.contains($0) }.map { stray($0, in: table, at: now) }
        var stemSidecars: [InboxPath] = []
        for sidecar in sidecars {
            if let picture = pictures.first(where: { NameRules.isExactSidecar(sidecar.name, of: $0.name) }) {
                pictures.removeAll { $0 == picture }
                verdicts.append(decide(picture: picture, sidecar: sidecar, in: table, at: now))
            } else {
                stemSidecars.append(sidecar)
            }
        }
        for sidecar in stemSidecars {
            let inner = FileName(String(sidecar.name.text.dropLast(5)))
            let fitting = NameRules.hasPictureSuffix(inner) ? [] : pictures
            let free = fitting.count > 1 ? fitting.filter { table.sidecars(naming: $0).isEmpty } : fitting
            if free.count > 1 {
                pictures.removeAll { free.contains($0) }
                verdicts.append(twoPictures(free, sidecar: sidecar, in: table, at: now))
            } else {
                pictures.removeAll { free.contains($0) }
                verdicts.append(decide(picture: free.first, sidecar: sidecar, in: table, at: now))
            }
        }
        return verdicts + pictures.compactMap { alone($0, in: table, at: now) }
    }

    /// What to do while a file of the group is not yet quiet or not yet looked into; nil when all are.
    ///
    /// Looking starts in the middle of the quiet time, so that nothing is left to do at its end.
    func settling(_ paths: [InboxPath], in table: InboxTable, at now: Duration) -> [PairingVerdict]? {
        var looks: [PairingVerdict] = []
        var next: Duration?
        for path in paths {
            guard let file = table.file(path) else { continue }
            let settle = settle(in: path.folder, of: table)
            let ready = file.quietSince + settle
            let look = file.quietSince + settle / 2
            if file.examination == nil, look <= now {
                looks.append(.examine(path))
            } else if ready > now {
                next = min(next ?? .seconds(Int64.max / 2), file.examination == nil ? look : ready)
            }
        }
        if !looks.isEmpty { return looks }
        return next.map { [.wait(files: paths, until: $0, reason: "being written")] }
    }

    /// How long a file in this folder must be quiet.
    func settle(in folder: FileName, of table: InboxTable) -> Duration {
        max(rules.settle, table.trees.quiet(in: folder) ?? .zero)
    }

    /// A picture without a sidecar: a job only where folder defaults say so, and only after a grace.
    private func alone(_ picture: InboxPath, in table: InboxTable, at now: Duration) -> PairingVerdict? {
        // Somebody's tail or mask is not a drop of its own.
        guard let file = table.file(picture), table.sidecars(naming: picture).isEmpty else { return nil }
        if file.isUsed { return leftOver(picture, in: table, at: now) }
        if case .faulty = file.examination {
            return decide(picture: picture, sidecar: nil, in: table, at: now)
        }
        let hasDefaults = picture.folder.wayDown.contains { table.file(Self.defaults(in: $0)) != nil }
        guard hasDefaults else { return stray(picture, in: table, at: now) }
        let graceEnd = file.quietSince + max(rules.grace, settle(in: picture.folder, of: table))
        guard graceEnd <= now else {
            return .wait(files: [picture], until: graceEnd, reason: "a sidecar of its own may still come")
        }
        return decide(picture: picture, sidecar: nil, in: table, at: now)
    }

    /// A file that stayed for a drop which then went away. It was somebody's tail or mask, so it starts no video by itself.
    private func leftOver(_ path: InboxPath, in table: InboxTable, at now: Duration) -> PairingVerdict {
        let stem = NameRules.stem(of: path.name)
        return waitOrRefuse(
            [path],
            [
                Problem(
                    file: path.name.shown, rule: "other drops named this file, and none of them needs it any more",
                    remedy:
                        "Delete it; or, if it is to become a video, drop it together with a sidecar named \(stem).json."
                )
            ],
            stem: stem, reason: "no drop needs this file any more", in: table, at: now)
    }

    /// A file that belongs to nothing: left alone for long, then given back with an explanation.
    private func stray(_ path: InboxPath, in table: InboxTable, at now: Duration) -> PairingVerdict {
        let stem = NameRules.stem(of: path.name)
        if case .unfinished(let problem) = table.file(path)?.examination {
            return waitOrRefuse([path], [problem], stem: stem, reason: problem.rule, in: table, at: now)
        }
        return waitOrRefuse(
            [path],
            [
                Problem(
                    file: path.name.shown, rule: "no sidecar came for this file",
                    remedy: "Drop it together with a text file named \(stem).json that says what to make of it.")
            ],
            stem: stem, reason: "waiting for \(stem).json", in: table, at: now)
    }

    private func twoPictures(
        _ pictures: [InboxPath], sidecar: InboxPath, in table: InboxTable, at now: Duration
    ) -> PairingVerdict {
        let names = pictures.map(\.name.shown).joined(separator: " and ")
        let rule = "\(names) share the one sidecar \(sidecar.name.shown), and nobody can tell which one is meant"
        let problems = pictures.map {
            Problem(
                file: $0.name.shown, rule: rule,
                remedy: "Keep one of them, or give each its own sidecar: \($0.name.shown).json.")
        }
        let (paths, stem) = (pictures + [sidecar], NameRules.stem(of: sidecar.name))
        // An upload that was cut off must be able to go on; and a sidecar that is cut may yet name one of them as its tail.
        for path in paths {
            guard case .unfinished(let problem) = table.file(path)?.examination else { continue }
            return waitOrRefuse(
                paths, [problem] + problems, stem: stem, reason: problem.rule, in: table, at: now)
        }
        return refuse(paths, problems, stem: stem, in: table)
    }

    /// Waits for the rest of an upload, up to `orphanAfter` after the files last changed.
    func waitOrRefuse(
        _ paths: [InboxPath], _ problems: [Problem], stem: String, reason: String, in table: InboxTable,
        at now: Duration
    ) -> PairingVerdict {
        let quiet = paths.compactMap { table.file($0)?.quietSince }.max() ?? now
        let deadline = quiet + rules.orphanAfter
        guard deadline <= now else { return .wait(files: paths, until: deadline, reason: reason) }
        return refuse(paths, problems, stem: stem, in: table)
    }

    func refuse(_ paths: [InboxPath], _ problems: [Problem], stem: String, in table: InboxTable) -> PairingVerdict {
        let members = paths.map { path in
            Candidate.Member(
                path: path, role: NameRules.isSidecar(path.name) ? .sidecar : .picture,
                claim: !NameRules.isSidecar(path.name) && needsOthers(path, besides: paths, in: table) ? .copy : .move,
                places: [])
        }
        // What other drops still need is told in their reports; there is nothing to give back here.
        guard members.contains(where: { $0.claim == .move }) else {
            return .wait(files: paths, until: nil, reason: "needed by another drop")
        }
        return .refuse(
            Refusal(folder: paths.first?.folder ?? "", stem: stem, members: members, problems: problems))
    }

    /// Whether a drop outside `paths` names this file, so that it must stay where it is.
    func needsOthers(_ path: InboxPath, besides paths: [InboxPath], in table: InboxTable) -> Bool {
        !table.sidecars(naming: path).subtracting(paths).isEmpty
    }

    /// Where a folder's defaults lie.
    package static func defaults(in folder: FileName) -> InboxPath {
        InboxPath(folder: folder, name: FileName(NameRules.defaults))
    }
}
