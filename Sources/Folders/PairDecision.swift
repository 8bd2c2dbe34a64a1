import Catalog
import Jobs

extension Pairer {
    /// Decides on one picture and sidecar, either of which may be missing: whole, valid, with all it names?
    func decide(
        picture: InboxPath?, sidecar: InboxPath?, in table: InboxTable, at now: Duration
    ) -> PairingVerdict {
        var decision = PairDecision(picture: picture, sidecar: sidecar)
        guard let first = decision.paths.first else { return .wait(files: [], until: nil, reason: "") }
        let stem = NameRules.stem(of: (picture ?? first).name)

        for path in decision.paths {
            switch table.file(path)?.examination {
            case .unfinished(let problem):
                return waitOrRefuse(decision.paths, [problem], stem: stem, reason: problem.rule, in: table, at: now)
            case .faulty(let problem): decision.problems.append(problem)
            case .sidecar, .picture, nil: break
            }
        }
        if let verdict = addDefaults(to: &decision, above: first.folder, stem: stem, in: table, at: now) {
            return verdict
        }
        if let sidecar, case .sidecar(let values, _) = table.file(sidecar)?.examination {
            decision.layers.append(
                PlacedLayer(
                    folder: sidecar.folder, isDefaults: false,
                    content: SettingsLayer(file: sidecar.name.shown, values: values)))
        }

        let (settings, problems) = catalog.settings(from: decision.layers.map(\.content))
        decision.problems += problems
        for reference in settings.references {
            if let verdict = resolve(reference, into: &decision, stem: stem, in: table, at: now) { return verdict }
        }
        if let verdict = mainPicture(of: &decision, settings: settings, stem: stem, in: table, at: now) {
            return verdict
        }
        decision.problems += settings.model.check(settings, pictures: decision.facts(in: table))
        guard decision.problems.isEmpty else {
            return refuse(decision.allPaths, decision.problems, stem: stem, in: table)
        }
        return .take(
            Candidate(
                folder: first.folder, stem: stem,
                members: decision.members.map { member in
                    // Its own sidecar never stays, whoever names it: a sidecar that stays would be taken, and paid for, again.
                    let stays =
                        member.role != .sidecar
                        && (member.claim == .copy || needsOthers(member.path, besides: decision.paths, in: table)
                            || isAnotherDrop(member, besides: decision.paths, in: table))
                    return Candidate.Member(
                        path: member.path, role: member.role, claim: stays ? .copy : .move, places: member.places)
                }, settings: settings))
    }

    /// A named picture that has a sidecar of its own is the start of another shot too, and must stay for it.
    private func isAnotherDrop(_ member: Candidate.Member, besides own: [InboxPath], in table: InboxTable) -> Bool {
        guard member.role == .tail || member.role == .mask, !own.contains(member.path) else { return false }
        let stem = NameRules.stem(of: member.path.name)
        return table.names(in: GroupKey(folder: member.path.folder, stem: stem.folded)).contains { name in
            NameRules.isSidecar(name) && !own.contains(InboxPath(folder: member.path.folder, name: name))
        }
    }

    /// The picture the video starts from: dropped, named by the sidecar, or remote; exactly one of them.
    private func mainPicture(
        of decision: inout PairDecision, settings: DropSettings, stem: String, in table: InboxTable, at now: Duration
    ) -> PairingVerdict? {
        let named = decision.members.contains { $0.role == .picture }
        switch (decision.picture, settings.remoteImage || named) {
        case (let picture?, false):
            decision.members.insert(
                Candidate.Member(
                    path: picture, role: .picture, claim: .move,
                    places: [JSONPointer([.key(settings.model.pictureKey)])]),
                at: 0)
        case (let picture?, true):
            // Naming the picture beside it says nothing new.
            if decision.members.contains(where: { $0.role == .picture && $0.path == picture }) { break }
            decision.members.insert(
                Candidate.Member(path: picture, role: .picture, claim: .move, places: []), at: 0)
            decision.problems.append(
                Problem(
                    file: decision.sidecar?.name.shown ?? picture.name.shown, key: settings.model.pictureKey,
                    value: settings.parameters[settings.model.pictureKey]?.text,
                    rule:
                        "the sidecar names a picture, but \(picture.name.shown) lies beside it; only one can be the start",
                    remedy:
                        "Take image_url out of the sidecar, or rename the sidecar if it is not meant for \(picture.name.shown)."
                ))
        case (nil, true): break
        case (nil, false):
            return waitOrRefuse(
                decision.paths,
                decision.problems + [
                    Problem(
                        file: decision.sidecar?.name.shown ?? stem, rule: "no picture came for this sidecar",
                        remedy:
                            "Drop the picture beside it under the same name, such as \(stem).png; or give an image_url."
                    )
                ],
                stem: stem, reason: "waiting for a picture named \(stem)", in: table, at: now)
        }
        if let sidecar = decision.sidecar {
            decision.members.append(Candidate.Member(path: sidecar, role: .sidecar, claim: .move, places: []))
        }
        return nil
    }

    /// Finds a file a sidecar or folder defaults name. A verdict only where the drop has to wait for it.
    private func resolve(
        _ reference: FileReference, into decision: inout PairDecision, stem: String, in table: InboxTable,
        at now: Duration
    ) -> PairingVerdict? {
        let layer = decision.layers[reference.layer]
        let wanted = InboxPath(from: layer.folder, following: FileName(reference.path))
        let role: Source.Role =
            switch reference.role {
            case .picture: .picture
            case .tail: .tail
            case .mask: .mask
            }
        guard !NameRules.isSidecar(wanted.name), !NameRules.isDefaults(wanted.name) else {
            decision.problems.append(
                Problem(
                    file: reference.file, key: reference.pointer.description,
                    value: JSONValue.string(reference.path).text,
                    rule: "this must name a picture, and \(wanted.name.shown) is a sidecar",
                    remedy: "Name a picture file."))
            return nil
        }
        if let absence = table.trees.absence(of: wanted.folder) {
            return .wait(files: decision.paths, until: nil, reason: absence)
        }
        guard let path = Self.find(wanted, namedBy: layer.isDefaults ? nil : decision.sidecar, in: table),
            let file = table.file(path)
        else {
            return waitOrRefuse(
                decision.paths,
                decision.problems + [
                    Problem(
                        file: reference.file, key: reference.pointer.description,
                        value: JSONValue.string(reference.path).text,
                        rule: "no file of this name came into the inbox",
                        remedy:
                            "Drop \(reference.path) beside \(reference.file), or correct the name; then drop the files again."
                    )
                ],
                stem: stem, reason: "waiting for \(wanted.relative.shown)", in: table, at: now)
        }
        if file.quietSince + settle(in: path.folder, of: table) > now || file.examination == nil {
            return settling([path], in: table, at: now)?.first
        }
        switch file.examination {
        case .unfinished(let problem):
            return waitOrRefuse(
                decision.paths + [path], decision.problems + [problem], stem: stem,
                reason: "\(path.name.shown): \(problem.rule)", in: table,
                at: now)
        case .faulty(let problem): decision.problems.append(problem)
        case .sidecar, .picture, nil: break
        }
        if let index = decision.members.firstIndex(where: { $0.path == path && $0.role == role }) {
            let member = decision.members[index]
            decision.members[index] = Candidate.Member(
                path: path, role: role, claim: member.claim, places: member.places + [reference.pointer])
        } else {
            decision.members.append(
                Candidate.Member(
                    path: path, role: role, claim: layer.isDefaults ? .copy : .move, places: [reference.pointer]))
        }
        return nil
    }

    /// Adds the folder defaults on the way down to `folder`, which have settled. A verdict where one of them is unfinished.
    private func addDefaults(
        to decision: inout PairDecision, above folder: FileName, stem: String, in table: InboxTable, at now: Duration
    ) -> PairingVerdict? {
        if let defaults { decision.layers.append(PlacedLayer(folder: "", isDefaults: true, content: defaults)) }
        for folder in folder.wayDown {
            let path = Self.defaults(in: folder)
            guard let file = table.file(path) else { continue }
            switch file.examination {
            case .sidecar(let values, _):
                decision.layers.append(
                    PlacedLayer(
                        folder: folder, isDefaults: true,
                        content: SettingsLayer(file: path.relative.shown, values: values)))
            case .unfinished(let problem):
                return waitOrRefuse(
                    decision.paths, [problem], stem: stem, reason: "waiting for a readable \(path.relative.shown)",
                    in: table, at: now)
            case .faulty(let problem): decision.problems.append(problem)
            case .picture, nil: break
            }
        }
        return nil
    }
}

/// Settings from one file, with the folder its file names are relative to.
struct PlacedLayer {
    let folder: FileName
    let isDefaults: Bool
    let content: SettingsLayer
}

/// What has been found out about one drop so far.
struct PairDecision {
    let picture: InboxPath?
    let sidecar: InboxPath?
    var layers: [PlacedLayer] = []
    var members: [Candidate.Member] = []
    var problems: [Problem] = []

    init(picture: InboxPath?, sidecar: InboxPath?) {
        self.picture = picture
        self.sidecar = sidecar
    }

    /// The pair itself.
    var paths: [InboxPath] { [picture, sidecar].compactMap { $0 } }

    /// The pair and what moves with it.
    var allPaths: [InboxPath] {
        paths + members.filter { $0.claim == .move && !paths.contains($0.path) }.map(\.path)
    }

    func facts(in table: InboxTable) -> [PictureFacts] {
        members.flatMap { member -> [PictureFacts] in
            guard case .picture(let facts, _) = table.file(member.path)?.examination else { return [] }
            let role: PictureRole? =
                switch member.role {
                case .picture: .picture
                case .tail: .tail
                case .mask: .mask
                case .sidecar: nil
                }
            guard let role else { return [] }
            // Nobody wrote `image_url` for a dropped picture, so nothing is told of that key.
            let isDropped = role == .picture && member.path == picture
            return member.places.map {
                PictureFacts(
                    file: member.path.name.shown, pointer: isDropped ? nil : $0, role: role, facts: facts)
            }
        }
    }
}
