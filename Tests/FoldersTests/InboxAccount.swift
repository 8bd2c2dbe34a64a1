import Catalog
import Jobs

@testable import Folders

/// What was seen of an inbox when, kept simply, and what must hold of all that is done with it.
struct InboxAccount {
    private struct Sight {
        var identity: FileIdentity
        /// When it was last seen to change, or told of.
        var since: Duration
    }
    private struct Version: Hashable {
        let path: InboxPath
        let number: Int64
    }

    private(set) var complaints: [String] = []
    private var sights: [InboxPath: Sight] = [:]
    /// The folded paths that each sidecar named when it was last read to its end.
    private var named: [InboxPath: Set<String>] = [:]
    /// Sidecars that were taken, and pictures that were part of a drop.
    private var taken: Set<Version> = []
    private var borrowed: Set<Version> = []

    mutating func complain(_ complaint: String) { complaints.append(complaint) }

    // MARK: Seeing

    mutating func saw(_ path: InboxPath, _ status: FileStatus?, at now: Duration, isNews: Bool) {
        guard let status, status.kind == .regular else { return lost(path) }
        if isNews || sights[path]?.identity != status.identity {
            sights[path] = Sight(identity: status.identity, since: now)
        }
    }

    mutating func saw(folder: FileName, _ listing: [(name: FileName, status: FileStatus)], at now: Duration) {
        let present = Set(listing.lazy.filter { $0.status.kind == .regular }.map(\.name))
        for path in sights.keys where path.folder == folder && !present.contains(path.name) { lost(path) }
        for entry in listing {
            saw(InboxPath(folder: folder, name: entry.name), entry.status, at: now, isNews: false)
        }
    }

    mutating func lost(folder: FileName) {
        for path in sights.keys where path.folder.isWithin(folder) { lost(path) }
    }

    private mutating func lost(_ path: InboxPath) {
        sights[path] = nil
        named[path] = nil
    }

    mutating func read(_ sidecar: InboxPath, naming: [InboxPath]) {
        named[sidecar] = Set(naming.map(\.relative.folded))
    }

    private func namers(of path: InboxPath) -> Set<InboxPath> {
        Set(named.lazy.filter { $0.value.contains(path.relative.folded) }.map(\.key))
    }

    // MARK: What is done

    mutating func judge(_ act: PairingVerdict, on disk: ChanceDisk, rules: PairingRules, at now: Duration) {
        for member in act.members where member.claim == .move {
            if NameRules.isLitter(member.path.name) || NameRules.isDefaults(member.path.name) {
                complain("6 litter: \(member.path) is taken")
            }
            if member.role != .sidecar, !namers(of: member.path).isSubset(of: act.members.map(\.path)) {
                complain("6 shared: \(member.path) is taken away from \(namers(of: member.path))")
            }
        }
        switch act {
        case .take(let candidate): judge(candidate, on: disk, rules: rules, at: now)
        case .refuse(let refusal): judge(refusal, on: disk, rules: rules, at: now)
        case .examine, .wait: break
        }
        for member in act.members where member.claim == .move { lost(member.path) }
    }

    private mutating func judge(_ candidate: Candidate, on disk: ChanceDisk, rules: PairingRules, at now: Duration) {
        for member in candidate.members {
            guard let node = disk.node(member.path), let sight = sights[member.path] else {
                complain("1 whole: \(member.path) is taken and not there")
                continue
            }
            if sight.identity != disk.status(member.path)?.identity {
                complain("1 quiet: \(member.path) is taken as it was never seen")
            }
            if sight.since + rules.settle > now {
                complain("1 quiet: \(member.path) is taken at \(now), last changed at \(sight.since)")
            }
            if node.writers > 0 { complain("1 held: \(member.path) is taken from its writer") }
            switch node.examination(of: member.path) {
            case .picture, .sidecar: break
            case .unfinished, .faulty: complain("1 whole: \(member.path) is taken unfinished")
            }
        }
        guard let first = candidate.members.first else { return complain("3 nothing is taken") }
        let versions = candidate.members.map { member in
            Version(path: member.path, number: disk.node(member.path)?.version ?? 0)
        }
        if let sidecar = zip(candidate.members, versions).first(where: { $0.0.role == .sidecar }) {
            if sidecar.0.claim != .move { complain("3 twice: \(sidecar.0.path) stays, and would be taken again") }
            if !taken.insert(sidecar.1).inserted { complain("3 twice: \(sidecar.0.path) is taken again") }
        } else {
            if borrowed.contains(versions[0]) { complain("3 twice: \(first.path) was a file of another drop") }
            if !namers(of: first.path).isEmpty {
                complain("6 named: \(first.path) is a file of \(namers(of: first.path))")
            }
            let defaults = first.path.folder.wayDown.map(Pairer.defaults)
            if !defaults.contains(where: { sights[$0] != nil }) { complain("6 alone: \(first.path) has no sidecar") }
            if let sight = sights[first.path], sight.since + rules.grace > now {
                complain("6 grace: \(first.path) is taken alone at \(now), last changed at \(sight.since)")
            }
        }
        borrowed.formUnion(versions)
    }

    private mutating func judge(_ refusal: Refusal, on disk: ChanceDisk, rules: PairingRules, at now: Duration) {
        let looks = refusal.members.compactMap { member in disk.node(member.path)?.examination(of: member.path) }
        let rules = rules
        let isCut = looks.contains { if case .unfinished = $0 { true } else { false } }
        // What these problems say can be mended by a file that comes, or goes on coming.
        let mayCome = refusal.problems.contains { problem in
            ["no sidecar came", "no picture came", "no file of this name came", "unfinished", "other drops named"]
                .contains {
                    problem.rule.hasPrefix($0)
                }
        }
        guard isCut || mayCome else { return }
        for member in refusal.members {
            if let sight = sights[member.path], sight.since + rules.orphanAfter > now {
                complain("7 early: \(member.path) is given back at \(now), last changed at \(sight.since)")
            }
        }
    }

    // MARK: What must hold at any time

    /// Nothing waits for a decision that nobody will make.
    mutating func check(
        that table: InboxTable, agreesWith looks: [GroupKey: Duration], by pairer: Pairer, at now: Duration
    ) {
        for group in table.groups {
            let next = looks[group] ?? .seconds(Int64.max / 2)
            if next <= now + .milliseconds(1) { continue }
            for verdict in pairer.decide(group, in: table, at: now) {
                switch verdict {
                case .wait(_, let until?, let reason) where next > until:
                    complain("5 missed: \(group) is looked at again after \(next), not \(until): \(reason)")
                case .wait: break
                case .examine, .take, .refuse: complain("5 missed: \(group) is not decided on: \(verdict.summary)")
                }
            }
        }
    }
}

extension InboxTable {
    /// All groups there are.
    var groups: Set<GroupKey> {
        var groups: Set<GroupKey> = []
        for path in paths where !NameRules.isDefaults(path.name) {
            groups.insert(GroupKey(folder: path.folder, stem: NameRules.stem(of: path.name).folded))
        }
        return groups
    }
}

extension PairingVerdict {
    /// What it says, so that two can be compared.
    var summary: String {
        switch self {
        case .examine(let path): return "examine \(path.relative)"
        case .wait(let files, let until, let reason):
            return "wait \(files.map(\.relative)) \(until == nil ? "for ever" : "") \(reason)"
        case .take(let candidate):
            return
                "take \(candidate.members.map { "\($0.path.relative) as \($0.role) \($0.claim)" }) \(JSONValue.object(candidate.settings.body()).text)"
        case .refuse(let refusal):
            return
                "refuse \(refusal.members.map { "\($0.path.relative) \($0.claim)" }) \(refusal.problems.map(\.sentence))"
        }
    }
}
