import Catalog
import Jobs
import TestKit

@testable import Folders

/// The inbox in a story of chance: a disk, the table, the pairer and a clock that is moved by hand, driven as the intake drives
/// them, and beside it a simple account of what was seen when, by which all it does is judged.
struct ChanceInbox {
    static let rules = PairingRules(settle: .seconds(2), grace: .seconds(5), orphanAfter: .seconds(60))
    static let rescan = Duration.seconds(30)

    let pairer: Pairer
    private var chance: SeededChance
    private(set) var disk = ChanceDisk()
    private(set) var table = InboxTable()
    private(set) var now = Duration.zero
    private var looks: [GroupKey: Duration] = [:]
    private var nextListing = Duration.zero
    private var isBlocked = false
    private var race: ChanceStep?
    private(set) var account = InboxAccount()

    var complaints: [String] { account.complaints }

    init(catalog: Catalog, seed: UInt64) {
        pairer = Pairer(catalog: catalog, rules: Self.rules)
        chance = SeededChance(seed: seed)
    }

    // MARK: What happens

    mutating func play(_ step: ChanceStep) {
        switch step {
        case .pass(let tenths): pass(.milliseconds(100) * tenths)
        case .stall(let tenths): now += .milliseconds(100) * tenths
        case .listing: list()
        case .overflow:
            disk.news = FolderChanges()
            disk.news.everything = true
        case .loss: disk.news = FolderChanges()
        case .race(let step): race = step
        case .obstacle(let isThere): isBlocked = isThere
        default: disk.play(step)
        }
    }

    /// Lets time pass, and does what is due in its moment.
    mutating func pass(_ time: Duration) {
        let end = now + time
        turn()
        var turns = 0
        while let next = (Array(looks.values) + [nextListing]).min(), next <= end, complaints.isEmpty {
            now = max(now, next)
            turn()
            turns += 1
            if turns > 5000 { return account.complain("0 rest: it never rests") }
        }
        now = max(now, end)
        turn()
    }

    /// Nothing stands in the way any more, and nobody writes.
    mutating func calm() {
        isBlocked = false
        race = nil
        for path in sorted(disk.entries.keys) where (disk.node(path)?.writers ?? 0) > 0 { disk.close(path) }
        disk.news = FolderChanges()
        list()
        pass(.seconds(15))
    }

    mutating func empty() {
        for path in sorted(disk.entries.keys) { disk.remove(path) }
        for folder in disk.folders { disk.removeFolder(folder) }
        disk.news = FolderChanges()
        list()
        pass(.seconds(1))
    }

    // MARK: Seeing

    private mutating func turn() {
        let news = disk.news
        disk.news = FolderChanges()
        if news.everything {
            list()
        } else {
            for folder in shuffled(Array(news.folders)) { list(folder) }
            for path in shuffled(Array(news.files)) { see(path) }
        }
        if nextListing <= now { list() }
        var turns = 0
        while decide() {
            turns += 1
            if turns > 500 { return account.complain("0 rest: it never comes to an end of deciding") }
        }
        account.check(that: table, agreesWith: looks, by: pairer, at: now)
    }

    private mutating func see(_ path: InboxPath) {
        let status = disk.status(path)
        account.saw(path, status, at: now, isNews: true)
        table.see(path, status, at: now, news: true)
    }

    private mutating func list() {
        nextListing = now + Self.rescan
        list("")
    }

    private mutating func list(_ folder: FileName) {
        let found = disk.folders.filter { $0.isWithin(folder) }
        for known in table.folderNames where known.isWithin(folder) && !found.contains(known) {
            table.remove(folder: known)
            account.lost(folder: known)
        }
        for name in shuffled(Array(found)) {
            let listing = shuffled(disk.listing(name) ?? [], by: \.name)
            account.saw(folder: name, listing, at: now)
            table.see(folder: name, listing: listing, at: now)
        }
    }

    // MARK: Deciding, as the intake does

    private mutating func decide() -> Bool {
        var groups = table.takeDirty()
        for (group, time) in looks where time <= now { groups.insert(group) }
        var paths: Set<InboxPath> = []
        var acts: [PairingVerdict] = []
        var shared: Set<InboxPath> = []
        for group in shuffled(Array(groups)) {
            looks[group] = nil
            for verdict in pairer.decide(group, in: table, at: now) {
                switch verdict {
                case .examine(let path):
                    paths.insert(path)
                    schedule(group, at: now + .milliseconds(1))
                case .wait(_, let until, _): if let until { schedule(group, at: until) }
                case .take, .refuse:
                    let needed = verdict.borrowed.filter { path in
                        !table.sidecars(naming: path).contains { NameRules.isDefaults($0.name) }
                    }
                    if shared.isDisjoint(with: needed) {
                        shared.formUnion(needed)
                        acts.append(verdict)
                    } else {
                        schedule(group, at: now + .milliseconds(1))
                    }
                }
            }
        }
        perform(acts)
        for path in shuffled(Array(paths)) { examine(path) }
        return !paths.isEmpty || !acts.isEmpty
    }

    private mutating func schedule(_ group: GroupKey, at time: Duration) {
        looks[group] = min(looks[group] ?? time, time)
    }

    private mutating func examine(_ path: InboxPath) {
        guard let identity = table.file(path)?.status.identity else { return }
        guard let node = disk.node(path), disk.status(path)?.identity == identity else { return see(path) }
        let examination = node.examination(of: path)
        if case .unfinished = examination, node.size == 0 {
            table.examined(path, identity: identity, examination)
        } else if node.writers > 0 {
            table.restart(path, at: now + .milliseconds(200))
        } else if case .sidecar(let values, _) = examination {
            let naming = node.names(path, by: pairer.catalog)
            account.read(path, naming: naming)
            table.examined(path, identity: identity, .sidecar(values, sha256: ""), naming: naming)
        } else {
            if case .faulty = examination { account.read(path, naming: []) }
            if case .picture = examination { account.read(path, naming: []) }
            table.examined(path, identity: identity, examination)
        }
    }

    private mutating func perform(_ acts: [PairingVerdict]) {
        guard !acts.isEmpty else { return }
        let known = table
        if let step = race {
            race = nil
            disk.play(step)
        }
        for act in shuffled(acts, by: \.order) {
            var members = act.members
            if case .refuse = act { members = members.filter { $0.claim == .move } }
            let changed = members.map(\.path).first { path in
                known.file(path)?.status.identity != disk.status(path)?.identity || (disk.node(path)?.writers ?? 0) > 0
            }
            if let changed {
                see(changed)
                table.restart(changed, at: now + .milliseconds(200))
            } else if isBlocked {
                for member in act.members { table.restart(member.path, at: now + .seconds(10)) }
            } else {
                account.judge(act, on: disk, rules: pairer.rules, at: now)
                for member in act.members {
                    if member.claim == .move {
                        disk.remove(member.path)
                        table.remove(member.path)
                    } else {
                        table.markUsed(member.path)
                    }
                }
            }
        }
    }

    // MARK: Any order, the same for a seed

    private func sorted(_ paths: some Sequence<InboxPath>) -> [InboxPath] {
        paths.sorted { $0.relative.bytes.lexicographicallyPrecedes($1.relative.bytes) }
    }

    private mutating func shuffled<Item>(_ items: [Item], by name: (Item) -> FileName) -> [Item] {
        items.sorted { name($0).bytes.lexicographicallyPrecedes(name($1).bytes) }.shuffled(using: &chance)
    }
    private mutating func shuffled(_ items: [FileName]) -> [FileName] { shuffled(items) { $0 } }
    private mutating func shuffled(_ items: [InboxPath]) -> [InboxPath] { shuffled(items, by: \.relative) }
    private mutating func shuffled(_ items: [GroupKey]) -> [GroupKey] {
        shuffled(items) { $0.folder.appending(FileName($0.stem)) }
    }
}

extension PairingVerdict {
    var members: [Candidate.Member] {
        switch self {
        case .take(let candidate): candidate.members
        case .refuse(let refusal): refusal.members
        case .examine, .wait: []
        }
    }

    /// Files that stay where they are.
    var borrowed: Set<InboxPath> { Set(members.lazy.filter { $0.claim == .copy }.map(\.path)) }

    fileprivate var order: FileName { members.first?.path.relative ?? "" }
}

extension ChanceDisk {
    mutating func play(_ step: ChanceStep) {
        switch step {
        case .write(let path, let content): write(path, content)
        case .replace(let path, let content): replace(path, content)
        case .begin(let path, let size): write(path, .cut, size: size, writers: 1)
        case .finish(let path, let content):
            guard node(path) != nil else { return }
            write(path, content)
            close(path)
        case .cutOff(let path): close(path)
        case .touch(let path, let modified): touch(path, modified: modified)
        case .chmod(let path): chmod(path)
        case .rename(let old, let new): rename(old, new)
        case .link(let old, let new): link(old, new)
        case .delete(let path): remove(path)
        case .moveFolder(let old, let new): moveFolder(old, new)
        case .deleteFolder(let folder): removeFolder(folder)
        case .setClock(let hours): skew += hours * 3_600_000_000_000
        case .pass, .stall, .listing, .overflow, .loss, .race, .obstacle: break
        }
    }
}

extension ChanceDisk.Node {
    /// What a look into the file shows under this name.
    func examination(of path: InboxPath) -> Examination {
        let isText = NameRules.isSidecar(path.name) || NameRules.isDefaults(path.name)
        switch content {
        case .picture(let width, let height) where !isText:
            return .picture(ImageFacts(format: .png, width: width, height: height, bytes: Int(size)), sha256: "")
        case .sidecar(let values) where isText: return .sidecar(values, sha256: "")
        case .broken: return .faulty(Problem(file: path.name.shown, rule: "broken", remedy: ""))
        case .picture, .sidecar, .cut:
            return .unfinished(Problem(file: path.name.shown, rule: "unfinished", remedy: ""))
        }
    }

    /// The files a sidecar of this content names there.
    func names(_ path: InboxPath, by catalog: Catalog) -> [InboxPath] {
        guard case .sidecar(let values) = content else { return [] }
        let (settings, _) = catalog.settings(from: [SettingsLayer(file: path.name.shown, values: values)])
        return settings.references.map { InboxPath(from: path.folder, following: FileName($0.path)) }
    }
}
