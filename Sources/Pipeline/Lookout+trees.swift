import Dispatch
import Folders
import Foundation
import Jobs
import Logging
import SystemPackage

/// Which trees there are, how each is watched, and which are away.
extension Lookout {
    /// Looks what is mounted where. False when nobody can tell now.
    func refreshTrees() async throws -> Bool {
        let inbox = context.claims.inbox
        let answer = await calls.run(atMost: context.configuration.mountPatience, by: context.time) {
            () -> Result<(String, [InboxTree]), FileError> in
            do throws(FileError) {
                let real = try FileSystem.realPath(of: inbox)
                return .success((real, try MountTable.current().trees(of: real)))
            } catch {
                return .failure(error)
            }
        }
        guard let answer else { return false }
        switch answer {
        case .failure(let error):
            if !context.note(error) { tell("", "\(error)", .error) }
            return false
        case .success(let (real, found)):
            guard !found.isEmpty else {
                throw WatchError(description: "/proc/self/mountinfo does not say what \(inbox) lies on")
            }
            realInbox = real
            try await adopt(found)
            return true
        }
    }

    private func adopt(_ found: [InboxTree]) async throws {
        let isFirst = trees.isEmpty
        trees = found
        let mounted = Dictionary(uniqueKeysWithValues: found.map { ($0.folder, $0) })
        for (folder, watch) in watches where mounted[folder] == nil {
            unmounted[folder] = watch.tree
            tell(
                folder,
                "\(watch.tree.shown) is no longer mounted on \(watch.shown). What lay there waits until it is again; "
                    + "if that is on purpose, remove the folder", .warning)
        }
        let points = Set(mounted.keys).union(unmounted.keys)
        for tree in found {
            let folder = tree.folder
            let excluded = points.filter { $0 != folder && $0.isWithin(folder) }
            let old = watches[folder]
            if let old, old.tree == tree, old.excluded == excluded { continue }
            if let was = old?.tree ?? unmounted[folder] {
                // Where the inbox itself is another one, its gate is closed.
                if !was.isSamePlace(as: tree), !folder.isEmpty { forget(folder) }
            } else if !isFirst {
                forget(folder)
            }
            unmounted[folder] = nil
            await old?.watcher?.stop()
            try await watch(tree, excluding: excluded, isFirst: isFirst, after: old)
        }
        for (folder, watch) in watches where mounted[folder] == nil {
            await watch.watcher?.stop()
            watches[folder] = nil
        }
        publishTrees()
    }

    /// Something else is to be seen there now, so that nothing can be said of what was seen.
    private func forget(_ folder: FileName) {
        sightings.add(.forgotten(folder))
        for other in watches.keys where other.isWithin(folder) { watches[other]?.nextListing = .zero }
    }

    private func watch(
        _ tree: InboxTree, excluding excluded: Set<FileName>, isFirst: Bool, after old: TreeWatch?
    ) async throws {
        let configuration = context.configuration
        let plan = WatchPlan.choose(configuration.watch, on: tree.mount, times: configuration.watchTimes)
        lastNumber += 1
        // A look that hangs on a mount that is gone must not keep the next one waiting.
        let isReusable = old?.underway == nil
        let queue = isReusable ? old?.queue : nil
        watches[tree.folder] = TreeWatch(
            tree: tree, excluded: excluded, chosen: plan, plan: plan,
            queue: queue ?? DispatchQueue(label: "hotreel.tree \(lastNumber)"), number: lastNumber)
        watches[tree.folder]?.isKnown = old?.isKnown ?? false
        if let shown = watches[tree.folder]?.shown {
            let isPlain = plan.method == .events && tree.mount.kind == .local
            tell(tree.folder, "\(shown) on \(tree.shown): \(plan.shown)", isPlain ? .info : .notice)
        }
        guard plan.method == .events else { return }
        let error = await beginWatching(tree.folder)
        // Nobody who asks for inotify wants something else in its stead.
        if let error, isFirst, tree.folder.isEmpty, configuration.watch == .inotify { throw error }
    }

    // MARK: Events

    /// Has a tree's events told; until that works, it is listed.
    @discardableResult
    func beginWatching(_ folder: FileName) async -> WatchError? {
        guard let watch = watches[folder] else { return nil }
        let (configuration, bell) = (context.configuration, context.bells.lookout)
        let watcher = FolderWatcher()
        let root = context.claims.inbox.appending(folder)
        let excluded = Set(watch.excluded.map(watch.below(root:)))
        let answer = Answer<Result<Void, WatchError>>()
        Task {
            do throws(WatchError) {
                try await watcher.start(root: root, excluding: excluded)
                answer.give(.success(()))
            } catch {
                answer.give(.failure(error))
            }
        }
        let result = await answer.wait(atMost: configuration.mountPatience, by: context.time)
        let error: WatchError
        switch result {
        case .success:
            let wasListed = watches[folder]?.nextTryToWatch != nil
            watches[folder]?.watcher = watcher
            watches[folder]?.plan = watch.chosen
            watches[folder]?.nextTryToWatch = nil
            // Watched first, then listed: what appears in between is told.
            watches[folder]?.nextListing = .zero
            Task { for await _ in watcher.signals { bell.ring() } }
            if wasListed { tell(folder, "\(watch.shown) is watched by events now", .notice) }
            return nil
        case .failure(let failure): error = failure
        case nil: error = WatchError(description: "\(root) does not answer")
        }
        // Not waited for: the thread that would answer may hang.
        Task { await watcher.stop() }
        watches[folder]?.plan = watch.chosen.listing(every: configuration.listing, because: error.description)
        watches[folder]?.nextTryToWatch = context.time.uptime() + configuration.rescan
        tell(folder, "\(error); until then \(watch.shown) is listed every \(configuration.listing.shown)", .warning)
        return error
    }

    /// Some folders are beyond what the kernel lets be watched.
    func tellBlindness(_ blindness: String, of folder: FileName) {
        guard let watch = watches[folder] else { return }
        let listing = context.configuration.listing
        if watch.watcher?.unwatched.isEmpty == false {
            if watch.nextBlindListing == nil { watches[folder]?.nextBlindListing = .zero }
            tell(folder, "\(blindness). Until then what cannot be watched is listed every \(listing.shown)", .warning)
        } else {
            tell(folder, "\(blindness). Changes there are seen every \(watch.plan.interval.shown)", .warning)
        }
    }

    /// Tries to watch what could not be, before it is listed.
    func retryUnwatched(_ folder: FileName, at now: Duration) async {
        guard let watch = watches[folder], let watcher = watch.watcher, let due = watch.nextBlindListing, due <= now
        else { return }
        let before = watcher.unwatched
        await watcher.retryUnwatched()
        guard watcher.unwatched.isEmpty else { return }
        watches[folder]?.nextBlindListing = nil
        // What could be watched only now has to be listed once more.
        watches[folder]?.nextListing = .zero
        if !before.isEmpty { tell(folder, "all folders of \(watch.shown) are watched again", .notice) }
    }

    // MARK: Absence

    /// Notes that a tree cannot be looked at, or, with nil, that it can.
    func setAbsence(of folder: FileName, _ reason: String?) {
        guard let watch = watches[folder], (watch.absence == nil) != (reason == nil) else { return }
        guard let reason else {
            watches[folder]?.absence = nil
            tell(folder, "\(watch.shown) can be looked at again", .notice)
            return publishTrees()
        }
        let message = "\(watch.shown) on \(watch.tree.shown) \(reason)"
        watches[folder]?.absence = message
        if folder.isEmpty {
            context.gates.close(.inbox, reason: "\(message). Check the share; Hotreel goes on by itself.")
        } else {
            tell(
                folder, "\(message). What lies there waits; the rest of the inbox goes on. Check the share", .warning)
        }
        publishTrees()
    }

    /// Hands on what holds in each tree, if that has changed.
    private func publishTrees() {
        var rules: [FileName: TreeRules] = [:]
        for (folder, watch) in watches {
            rules[folder] = TreeRules(quiet: watch.plan.quiet, absence: watch.absence)
        }
        for (folder, tree) in unmounted {
            rules[folder] = TreeRules(
                quiet: context.configuration.pairing.settle,
                absence: "\(tree.shown) is not mounted on inbox/\(folder.shown)")
        }
        sightings.add(.trees(TreeMap(rules)))
        context.bells.intake.ring()
    }

    /// Says something of a tree, unless it was the last that was said of it.
    func tell(_ folder: FileName, _ message: String, _ level: Logger.Level) {
        guard told[folder] != message else { return }
        told[folder] = message
        context.logger.log(level: level, "\(message)")
    }
}
