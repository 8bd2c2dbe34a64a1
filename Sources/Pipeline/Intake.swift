import Folders
import Foundation
import HeapModule
import Jobs
import Logging
import ServiceLifecycle
import SystemPackage

/// Watches the inbox and claims what is ready. Events are hints; the listing is the truth.
actor Intake {
    private struct Deadline: Comparable {
        let at: Duration
        let group: GroupKey
        static func < (left: Deadline, right: Deadline) -> Bool { left.at < right.at }
    }

    private let context: Context
    private let pairer: Pairer
    private let examiner: Examiner
    private let claimer: Claimer
    private let onReady: @Sendable () async -> Void
    private nonisolated var bell: Bell { context.bells.intake }

    private var table = InboxTable()
    private var deadlines = Heap<Deadline>()
    /// The deadline that holds for a group; older ones left in the heap are void.
    private var nextLook: [GroupKey: Duration] = [:]
    private var nextListing: Duration = .zero
    private var toldReasons: [InboxPath: String] = [:]
    private var warnings: [InboxPath: String] = [:]
    private var retrieval = Retrieval()

    init(context: Context, onReady: @escaping @Sendable () async -> Void) {
        self.context = context
        self.onReady = onReady
        pairer = Pairer(catalog: context.catalog, rules: context.configuration.pairing)
        examiner = Examiner(catalog: context.catalog, inbox: context.claims.inbox)
        claimer = Claimer(context: context)
    }

    func run() async throws {
        let watcher = try await startWatching()
        let rescan = watcher == nil ? context.configuration.listing : context.configuration.rescan
        await withGracefulShutdownHandler {
            await withTaskGroup(of: Void.self) { group in
                if let watcher {
                    group.addTask { for await _ in watcher.signals { self.bell.ring() } }
                }
                await list(next: rescan)
                await onReady()
                while !Task.isShuttingDownGracefully && !Task.isCancelled {
                    let rings = bell.rings
                    // While the share is not there, what is known of it stays, and nothing is concluded from what is not seen.
                    guard await context.admission(.intake) == .open else {
                        nextListing = .zero
                        await bell.wait(after: rings, atMost: .seconds(10), by: context.time)
                        continue
                    }
                    if let watcher { await apply(watcher.drain(), rescan: rescan) }
                    if nextListing <= context.time.uptime() { await list(next: rescan) }
                    if await decide() { continue }
                    await bell.wait(after: rings, atMost: timeToNextStep(), by: context.time)
                }
                await watcher?.stop()
                group.cancelAll()
            }
        } onGracefulShutdown: {
            self.bell.ring()
        }
    }

    // MARK: Seeing

    private func startWatching() async throws -> FolderWatcher? {
        let inbox = context.claims.inbox
        let mount = try MountKind.of(inbox)
        switch (context.configuration.watch, mount) {
        case (.poll, _):
            context.logger.info("listing the inbox every \(context.configuration.listing)")
            return nil
        case (.auto, .network(let name)):
            context.logger.notice(
                "the inbox lies on \(name), which does not tell of changes made elsewhere; listing it every \(context.configuration.listing)"
            )
            return nil
        case (.auto, .local), (.inotify, _):
            let watcher = FolderWatcher()
            do {
                try await watcher.start(root: inbox)
                return watcher
            } catch {
                guard context.configuration.watch == .auto else { throw error }
                context.logger.warning("\(error); until then listing the inbox every \(context.configuration.listing)")
                return nil
            }
        }
    }

    private func apply(_ changes: FolderChanges, rescan: Duration) async {
        guard !changes.isEmpty else { return }
        if let blindness = changes.blindness {
            context.logger.warning("\(blindness); until then changes there are seen every \(rescan)")
        }
        if changes.everything { return await list(next: rescan) }
        let (inbox, now) = (context.claims.inbox, context.time.uptime())
        for folder in changes.folders { await list(folder: folder) }
        let files = changes.files
        let seen = await context.files.run {
            files.map { path in (path, Result { try FileSystem.status(of: inbox.appending(path.relative)) }) }
        }
        // What cannot be looked at now is not gone; the next listing tells.
        for case (let path, .success(let status)) in seen { table.see(path, status, at: now, news: true) }
    }

    private func list(next: Duration) async {
        nextListing = context.time.uptime() + next
        await list(folder: "")
    }

    /// Lists a folder with all below it; folders that are no longer there are forgotten.
    private func list(folder: FileName) async {
        let inbox = context.claims.inbox
        let listing = await context.files.run { InboxListing(of: inbox, below: folder) }
        if let error = listing.error {
            // An unreadable inbox is not an empty one.
            guard !context.note(error) else { return }
            return context.logger.error("\(error); what was known of the inbox stays as it was")
        }
        let now = context.time.uptime()
        for known in table.folderNames where known.isWithin(folder) && listing.folders[known] == nil {
            table.remove(folder: known)
        }
        for (name, entries) in listing.folders { table.see(folder: name, listing: entries, at: now) }
    }

    // MARK: Deciding

    private func timeToNextStep() -> Duration {
        let now = context.time.uptime()
        while let first = deadlines.min, nextLook[first.group] != first.at { deadlines.removeMin() }
        let next = min(nextListing, deadlines.min?.at ?? nextListing)
        return max(next - now, .zero)
    }

    /// Decides on every group that changed or whose time has come. True when that changed something, so that there may be more.
    private func decide() async -> Bool {
        let now = context.time.uptime()
        var groups = table.takeDirty()
        while let first = deadlines.min, first.at <= now {
            deadlines.removeMin()
            if nextLook[first.group] == first.at { groups.insert(first.group) }
        }
        guard !groups.isEmpty else { return false }
        var looks: Set<InboxPath> = []
        var acts: [PairingVerdict] = []
        var shared: Set<InboxPath> = []
        var lacks: [Lack] = []
        for group in groups {
            nextLook[group] = nil
            var waits: [(file: InboxPath, quietSince: Duration, reason: String)] = []
            for verdict in pairer.decide(group, in: table, at: now) {
                switch verdict {
                case .examine(let path):
                    looks.insert(path)
                    // Whatever the look shows, the group is decided on again.
                    schedule(group, at: now + .milliseconds(1))
                case .wait(let files, let until, let reason):
                    if let until { schedule(group, at: until) }
                    tell(files, reason)
                    if let file = files.first, let quiet = files.compactMap({ table.file($0)?.quietSince }).max() {
                        waits.append((file, quiet, reason))
                    }
                case .take, .refuse:
                    // Drops that share a file go one after the other: the last that needs it takes it along.
                    let needed = sharedFiles(of: verdict)
                    if shared.isDisjoint(with: needed) {
                        shared.formUnion(needed)
                        acts.append(verdict)
                    } else {
                        schedule(group, at: now + .milliseconds(1))
                    }
                }
            }
            context.waits.note(group, waits)
            if !waits.isEmpty {
                let due = retrieval.due(pairer.lacks(group, in: table), at: now)
                if let next = due.next { schedule(group, at: next) }
                lacks += due.lacks
            }
        }
        await examine(looks)
        await act(acts)
        await retrieve(lacks)
        return !looks.isEmpty || !acts.isEmpty || !lacks.isEmpty
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
            schedule(group, at: context.time.uptime() + max(context.configuration.pairing.grace, .seconds(1)))
        }
    }

    private func schedule(_ group: GroupKey, at time: Duration) {
        if let known = nextLook[group], known <= time { return }
        nextLook[group] = time
        deadlines.insert(Deadline(at: time, group: group))
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
        let findings = await concurrently(work, width: 4) { path, status in
            (path, await files.run { examiner.look(into: path, expecting: status) })
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
            }
        }
        context.waits.keepObstacles { table.file($0) != nil }
    }

    private func lookAgain(at path: InboxPath) async {
        let location = context.claims.inbox.appending(path.relative)
        let look = await context.files.run { Result { try FileSystem.status(of: location) } }
        guard case .success(let status) = look else { return }
        table.see(path, status, at: context.time.uptime(), news: true)
    }

    private func act(_ verdicts: [PairingVerdict]) async {
        let work = verdicts.map { ($0, $0.members) }
        let (claimer, context) = (claimer, context)
        var known: [InboxPath: InboxFile] = [:]
        for (_, members) in work { for member in members { known[member.path] = table.file(member.path) } }
        let files = known
        let outcomes = await concurrently(work, width: 8) {
            verdict, members -> ([Candidate.Member], Result<Claimer.Outcome, any Error>?) in
            let outcome: Result<Claimer.Outcome, any Error>
            do {
                try await context.requirePlaces()
                switch verdict {
                case .take(let candidate): outcome = .success(try await claimer.claim(candidate, files: files))
                case .refuse(let refusal): outcome = .success(try await claimer.refuse(refusal, files: files))
                case .examine, .wait: return (members, nil)
                }
            } catch {
                outcome = .failure(error)
            }
            return (members, outcome)
        }
        for (members, outcome) in outcomes { await note(outcome, of: members) }
    }

    private func note(_ outcome: Result<Claimer.Outcome, any Error>?, of members: [Candidate.Member]) async {
        switch outcome {
        case .success(.claimed):
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
        case nil: break
        }
    }
}

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
