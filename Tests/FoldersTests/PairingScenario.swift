import Catalog
import Folders
import Jobs
import Testing

extension InboxPath: ExpressibleByStringLiteral {
    package init(stringLiteral value: String) { self.init(from: "", following: FileName(value)) }
}

/// A story of files coming and going, and what the pairer makes of it, when. Played through in no time.
struct PairingScenario: CustomTestStringConvertible, Sendable {
    enum Content: Sendable {
        case picture(Int = 1280, Int = 720)
        case sidecar([String: JSONValue])
        /// Its upload may go on.
        case cut
        /// Wrong for good.
        case broken
    }
    enum Event: Sendable {
        case put(InboxPath, Content)
        /// Tells of a change that leaves the content as it is.
        case touch(InboxPath)
        /// A listing in which nothing has changed.
        case rescan
        case vanish(InboxPath)
    }

    let testDescription: String
    var rules = PairingRules(settle: .seconds(1), grace: .seconds(5), orphanAfter: .seconds(3600))
    let events: [(second: Double, Event)]
    /// Lines such as `1.2 take shot.png+shot.json`, or how they begin; a file that stays for others ends in `*`.
    let outcome: [String]

    init(
        _ name: String, settle: Double = 1, _ events: [(second: Double, Event)], gives outcome: String...
    ) {
        testDescription = name
        rules = PairingRules(settle: .seconds(settle), grace: .seconds(5), orphanAfter: .seconds(3600))
        self.events = events
        self.outcome = outcome
    }

    func check() throws {
        var stage = PairingStage(pairer: Pairer(catalog: try .bundled(), rules: rules))
        for (second, event) in events {
            stage.move(to: .seconds(second))
            stage.play(event)
        }
        stage.finish()
        #expect(
            stage.log.count == outcome.count && zip(stage.log, outcome).allSatisfy { $0.hasPrefix($1) }, "\(stage.log)")
    }
}

/// Table, pairer and time, driven as the intake drives them, acting on one verdict at a time.
private struct PairingStage {
    let pairer: Pairer
    private(set) var log: [String] = []
    private var table = InboxTable()
    private var now = Duration.zero
    private var looks: [GroupKey: Duration] = [:]
    private var contents: [InboxPath: PairingScenario.Content] = [:]
    private var serial: Int64 = 0

    init(pairer: Pairer) { self.pairer = pairer }

    /// Acts on every deadline up to `time`, each in its moment.
    mutating func move(to time: Duration) {
        decide()
        while let next = looks.values.min(), next < time {
            now = max(now, next)
            decide()
        }
        now = time
        decide()
    }

    mutating func finish() {
        decide()
        var turns = 0
        while let next = looks.values.min(), turns < 1000 {
            now = max(now, next)
            decide()
            turns += 1
        }
        if turns == 1000 { log.append("never ends") }
    }

    mutating func play(_ event: PairingScenario.Event) {
        switch event {
        case .put(let path, let content):
            contents[path] = content
            serial += 1
            table.see(path, status(serial, changed: 0), at: now, news: true)
        case .touch(let path):
            guard let old = table.file(path)?.status.identity else { return }
            table.see(path, status(old.modified, changed: old.changed + 1), at: now, news: true)
        case .rescan:
            for folder in table.folderNames {
                let listing = contents.keys.filter { $0.folder == folder }
                    .compactMap { path in table.file(path).map { (name: path.name, status: $0.status) } }
                table.see(folder: folder, listing: listing, at: now)
            }
        case .vanish(let path): table.see(path, nil, at: now, news: true)
        }
        decide()
    }

    private func status(_ serial: Int64, changed: Int64) -> FileStatus {
        FileStatus(
            kind: .regular,
            identity: FileIdentity(
                device: 1, inode: UInt64(serial), size: 1000, modified: serial, changed: changed))
    }

    private mutating func decide() {
        var turns = 0
        repeat {
            var groups = table.takeDirty()
            for (group, time) in looks where time <= now { groups.insert(group) }
            if groups.isEmpty { return }
            for group in groups.sorted(by: { ($0.folder.text, $0.stem) < ($1.folder.text, $1.stem) }) { decide(group) }
            turns += 1
        } while turns < 1000
        log.append("never rests")
    }

    private mutating func decide(_ group: GroupKey) {
        looks[group] = nil
        // One at a time, since each may change the table under the others.
        var acts = 0
        while acts < 100,
            let act = pairer.decide(group, in: table, at: now).first(where: { verdict in
                if case .wait = verdict { false } else { true }
            })
        {
            perform(act)
            acts += 1
        }
        for case .wait(_, let until?, _) in pairer.decide(group, in: table, at: now) {
            looks[group] = min(looks[group] ?? until, until)
        }
    }

    private mutating func perform(_ verdict: PairingVerdict) {
        switch verdict {
        case .examine(let path): examine(path)
        case .wait: break
        case .take(let candidate): act("take", candidate.members)
        case .refuse(let refusal):
            act(
                "refuse", refusal.members,
                ": " + refusal.problems.map { "\($0.key ?? $0.file): \($0.rule)" }.joined(separator: "; "))
        }
    }

    private mutating func act(_ word: String, _ members: [Candidate.Member], _ reasons: String = "") {
        let files = members.map { $0.path.relative.text + ($0.claim == .copy ? "*" : "") }
        let tenths = Int((now / .milliseconds(100)).rounded())
        let time = tenths.isMultiple(of: 10) ? "\(tenths / 10)" : "\(tenths / 10).\(tenths % 10)"
        log.append("\(time) \(word) \(files.joined(separator: "+"))\(reasons)")
        for member in members {
            if member.claim == .move { table.remove(member.path) } else { table.markUsed(member.path) }
        }
    }

    private mutating func examine(_ path: InboxPath) {
        guard let identity = table.file(path)?.status.identity, let content = contents[path] else { return }
        let problem = Problem(file: path.name.shown, rule: "\(content)", remedy: "")
        switch content {
        case .picture(let width, let height):
            let facts = ImageFacts(format: .png, width: width, height: height, bytes: 1000)
            table.examined(path, identity: identity, .picture(facts, sha256: ""))
        case .sidecar(let values):
            let (settings, _) = pairer.catalog.settings(from: [SettingsLayer(file: path.name.shown, values: values)])
            let naming = settings.references.map { InboxPath(from: path.folder, following: FileName($0.path)) }
            table.examined(path, identity: identity, .sidecar(values, sha256: ""), naming: naming)
        case .cut: table.examined(path, identity: identity, .unfinished(problem))
        case .broken: table.examined(path, identity: identity, .faulty(problem))
        }
    }
}
