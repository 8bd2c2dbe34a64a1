import Folders
import Jobs
import Logging
import ServiceLifecycle
import SystemPackage

/// Decides what to do with what the lookout has seen in the inbox, and claims what is ready.
actor Intake {
    /// Groups that are decided on before what was seen meanwhile is taken in: of twenty thousand at once, the first are claimed while the
    /// last are looked into.
    private static let round = 128

    private let context: Context
    private let pairer: Pairer
    private let examiner: Examiner
    private let claimer: Claimer
    let lookout: Lookout
    private let onReady: @Sendable () async -> Void
    private nonisolated var bell: Bell { context.bells.intake }

    private var table = InboxTable()
    private var agenda = Agenda()
    private var claimed = ClaimedMeanwhile()
    /// Claims that hang on a mount which does not answer; they go on when it does.
    private var hanging: [(members: [Candidate.Member], outcome: Answer<Claiming>)] = []
    private var toldReasons: [InboxPath: String] = [:]
    private var warnings: [InboxPath: String] = [:]
    private var retrieval = Retrieval()

    init(context: Context, onReady: @escaping @Sendable () async -> Void) {
        self.context = context
        self.onReady = onReady
        pairer = Pairer(
            catalog: context.catalog, rules: context.configuration.pairing, defaults: context.folder.defaults)
        examiner = Examiner(catalog: context.catalog, inbox: context.claims.inbox)
        claimer = Claimer(context: context)
        lookout = Lookout(context: context)
    }

    func run() async throws {
        let (lookout, onReady) = (lookout, onReady)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await lookout.run(onReady: onReady) }
            group.addTask { await self.decideAll() }
            for try await _ in group {}
        }
    }

    private func decideAll() async {
        await withGracefulShutdownHandler {
            while !Task.isShuttingDownGracefully && !Task.isCancelled {
                let rings = bell.rings
                // While the share is not there, what is known of it stays, and nothing is decided.
                guard await context.admission(.intake) == .open else {
                    await bell.wait(after: rings, atMost: .seconds(10), by: context.time)
                    continue
                }
                takeIn(context.sightings.take())
                await takeInHanging()
                if await decide() { continue }
                await bell.wait(after: rings, atMost: timeToNextStep(), by: context.time)
            }
        } onGracefulShutdown: {
            self.bell.ring()
        }
    }

    // MARK: What was seen

    private func takeIn(_ sightings: [Sighting]) {
        guard !sightings.isEmpty else { return }
        let now = context.time.uptime()
        for sighting in sightings {
            switch sighting {
            case .trees(let trees): table.setTrees(trees, at: now)
            case .forgotten(let folder): table.remove(folder: folder)
            case .files(let files, let begun):
                for (path, status) in files where !claimed.wasTaken(path, status, since: begun) {
                    table.see(path, status, at: now, news: true)
                }
            case .listing(let listing, let folder, let excluded, let begun):
                for known in table.folderNames where known.isWithin(folder) && listing.folders[known] == nil {
                    // What lies in another tree is not in this one's listing.
                    if !excluded.contains(where: known.isWithin) { table.remove(folder: known) }
                }
                for (name, entries) in listing.folders {
                    let left = entries.filter { entry in
                        !claimed.wasTaken(InboxPath(folder: name, name: entry.name), entry.status, since: begun)
                    }
                    table.see(folder: name, listing: left, at: now)
                }
                if folder.isEmpty { claimed.forget(before: begun) }
            }
        }
        context.bells.lookout.ring()
    }

    // MARK: Deciding

    private func timeToNextStep() -> Duration {
        agenda.next.map { max($0 - context.time.uptime(), .zero) } ?? .seconds(600)
    }

    /// Decides on groups that changed or whose time has come. True when that changed something, so that there may be more.
    private func decide() async -> Bool {
        let now = context.time.uptime()
        agenda.add(table.takeDirty())
        let groups = agenda.take(Self.round, at: now)
        guard !groups.isEmpty else { return false }
        var looks: Set<InboxPath> = []
        var acts: [PairingVerdict] = []
        var shared: Set<InboxPath> = []
        var lacks: [Lack] = []
        for group in groups {
            var waits: [(file: InboxPath, quietSince: Duration, reason: String)] = []
            for verdict in pairer.decide(group, in: table, at: now) {
                switch verdict {
                case .examine(let path):
                    looks.insert(path)
                    // Whatever the look shows, the group is decided on again.
                    agenda.schedule(group, at: now + .milliseconds(1))
                case .wait(let files, let until, let reason):
                    if let until { agenda.schedule(group, at: until) }
                    tell(files, reason)
                    if let file = files.first, let quiet = files.compactMap({ table.file($0)?.quietSince }).max() {
                        waits.append((file, quiet, reason))
                    }
                case .take, .refuse:
                    // Drops that share a file go one after the other: the last that needs it takes it along.
                    let needed = sharedFiles(of: verdict)
                    if isHanging(verdict) {
                        agenda.schedule(group, at: now + .seconds(1))
                    } else if shared.isDisjoint(with: needed) {
                        shared.formUnion(needed)
                        acts.append(verdict)
                    } else {
                        agenda.schedule(group, at: now + .milliseconds(1))
                    }
                }
            }
            context.waits.note(group, waits)
            if !waits.isEmpty {
                let due = retrieval.due(pairer.lacks(group, in: table), at: now)
                if let next = due.next { agenda.schedule(group, at: next) }
                lacks += due.lacks
            }
        }
        // First what was decided: a sidecar read meanwhile could name a file that a drop of this round takes along.
        await act(acts)
        await examine(looks)
        await retrieve(lacks)
        return !looks.isEmpty || !acts.isEmpty || !lacks.isEmpty || agenda.isDue(at: now)
    }

    /// Files that stay behind for another drop; not those that folder defaults name, which stay for good.
    private func sharedFiles(of verdict: PairingVerdict) -> Set<InboxPath> {
        Set(
            verdict.members.lazy.filter { $0.claim == .copy }.map(\.path).filter { path in
                !self.table.sidecars(naming: path).contains { NameRules.isDefaults($0.name) }
            })
    }

    /// Looks for what drops lack among the files that were given back.
    private func retrieve(_ lacks: [Lack]) async {
        guard !lacks.isEmpty else { return }
        do {
            let (came, busy) = try await Retrieval.perform(lacks, context)
            for path in came {
                context.logger.notice("\(path.relative.shown): taken back from errors, for what was dropped beside it")
                await lookAgain(at: path)
            }
            retry(busy)
        } catch {
            if !context.note(error) { context.logger.warning("cannot look into errors: \(error)") }
            retry(lacks)
        }
    }

    private func retry(_ lacks: [Lack]) {
        retrieval.forget(lacks)
        for lack in lacks {
            let group = GroupKey(folder: lack.path.folder, stem: NameRules.stem(of: lack.path.name).folded)
            agenda.schedule(group, at: context.time.uptime() + max(context.configuration.pairing.grace, .seconds(1)))
        }
    }

    /// Says once in the log what a file waits for.
    private func tell(_ files: [InboxPath], _ reason: String) {
        guard let first = files.first, toldReasons[first] != reason else { return }
        toldReasons[first] = reason
        context.logger.debug("\(first.relative.shown): \(reason)")
    }

    /// Says once, and until it changes, what keeps a drop from being taken.
    private func warn(_ members: [Candidate.Member], _ reason: String) {
        guard let first = members.first?.path, warnings[first] != reason else { return }
        warnings[first] = reason
        context.logger.warning("\(first.relative.shown): \(reason)")
    }

    private func examine(_ paths: Set<InboxPath>) async {
        let work = paths.compactMap { path in table.file(path).map { (path, $0.status) } }
        let (examiner, files) = (examiner, context.files)
        let findings = await concurrently(work, width: 4) { [self] path, status in
            (path, await answering(path.folder) { await files.run { examiner.look(into: path, expecting: status) } })
        }
        let now = context.time.uptime()
        for (path, finding) in findings {
            switch finding {
            case .gone: await lookAgain(at: path)
            case .held:
                context.waits.note(path, obstacle: "a program still has it open for writing")
                table.restart(path, at: now + .milliseconds(200))
            case .seen(let examination, let identity, let naming):
                table.examined(path, identity: identity, examination, naming: naming)
                context.waits.note(path, obstacle: nil)
            // Its tree is away; it is looked into when that is back.
            case nil: break
            }
        }
        context.waits.keepObstacles { table.file($0) != nil }
    }

    /// Does something that needs a folder; nil when its tree is away before it is done, and may hang there.
    private nonisolated func answering<Value: Sendable>(
        _ folder: FileName, _ work: @escaping @Sendable () async -> Value
    ) async -> Value? {
        let answer = Answer<Value>()
        guard context.sightings.absence(of: folder) == nil else { return nil }
        Task { answer.give(await work()) }
        return await wait(for: answer, needing: [folder])
    }

    private nonisolated func wait<Value>(for answer: Answer<Value>, needing folders: Set<FileName>) async -> Value? {
        let sightings = context.sightings
        return await answer.wait(
            while: { folders.allSatisfy { sightings.absence(of: $0) == nil } }, changing: sightings.treesChanged)
    }

    private func lookAgain(at path: InboxPath) async {
        let location = context.claims.place(path)
        let files = context.files
        let look = await answering(path.folder) { await files.run { Result { try FileSystem.status(of: location) } } }
        guard case .success(let status) = look else { return }
        table.see(path, status, at: context.time.uptime(), news: true)
    }

    private func act(_ verdicts: [PairingVerdict]) async {
        var known: [InboxPath: InboxFile] = [:]
        for verdict in verdicts { for member in verdict.members { known[member.path] = table.file(member.path) } }
        let files = known
        let claims = await concurrently(verdicts, width: 8) { [self] verdict in
            let answer = Answer<Claiming>()
            Task {
                answer.give(await claim(verdict, files: files))
                // Perhaps nobody waits for it any more.
                bell.ring()
            }
            let needed = Set(verdict.members.map(\.path.folder))
            return (verdict.members, answer, await wait(for: answer, needing: needed))
        }
        for (members, answer, outcome) in claims {
            if let outcome { await note(outcome, of: members) } else { hanging.append((members, answer)) }
        }
    }

    private nonisolated func claim(_ verdict: PairingVerdict, files: [InboxPath: InboxFile]) async -> Claiming {
        do {
            try await context.requirePlaces()
            switch verdict {
            case .take(let candidate): return .success(try await claimer.claim(candidate, files: files))
            case .refuse(let refusal): return .success(try await claimer.refuse(refusal, files: files))
            case .examine, .wait: return .success(nil)
            }
        } catch {
            return .failure(error)
        }
    }

    private func takeInHanging() async {
        for (members, answer) in hanging { if let outcome = answer.value { await note(outcome, of: members) } }
        hanging.removeAll { $0.outcome.value != nil }
    }

    private func isHanging(_ verdict: PairingVerdict) -> Bool {
        guard !hanging.isEmpty else { return false }
        let paths = Set(verdict.members.map(\.path))
        return hanging.contains { $0.members.contains { paths.contains($0.path) } }
    }

    private func note(_ outcome: Claiming, of members: [Candidate.Member]) async {
        switch outcome {
        case .success(.claimed):
            claimed.add(members.filter { $0.claim == .move }.map(\.path), of: table, at: context.time.uptime())
            for member in members {
                toldReasons[member.path] = nil
                context.waits.note(member.path, obstacle: nil)
                warnings[member.path] = nil
                if member.claim == .move { table.remove(member.path) } else { table.markUsed(member.path) }
            }
        case .success(.changed(let path)):
            await lookAgain(at: path)
            table.restart(path, at: context.time.uptime() + .milliseconds(200))
        case .success(.blocked(let obstacle)):
            warn(members, obstacle)
            if let first = members.first?.path { context.waits.note(first, obstacle: obstacle) }
            for member in members { table.restart(member.path, at: context.time.uptime() + .seconds(30)) }
        case .failure(let error):
            if !context.note(error) { warn(members, "cannot be claimed: \(error)") }
            for member in members { table.restart(member.path, at: context.time.uptime() + .seconds(10)) }
        case .success(nil): break
        }
    }
}

/// How a claim ended; nil for what was none.
private typealias Claiming = Result<Claimer.Outcome?, any Error>

extension PairingVerdict {
    /// The files it acts on.
    fileprivate var members: [Candidate.Member] {
        switch self {
        case .take(let candidate): candidate.members
        case .refuse(let refusal): refusal.members
        case .examine, .wait: []
        }
    }
}

/// Does the same to many, at most `width` at a time; results in no particular order.
private func concurrently<Item: Sendable, Value: Sendable>(
    _ items: [Item], width: Int, _ work: @escaping @Sendable (Item) async -> Value
) async -> [Value] {
    await withTaskGroup(of: Value.self) { group in
        var rest = items[...]
        var values: [Value] = []
        for item in rest.prefix(width) { group.addTask { await work(item) } }
        rest = rest.dropFirst(width)
        for await value in group {
            values.append(value)
            if let item = rest.popFirst() { group.addTask { await work(item) } }
        }
        return values
    }
}
