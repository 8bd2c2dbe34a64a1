import Dispatch
import Folders
import Jobs
import Logging
import ServiceLifecycle
import Synchronization
import SystemPackage

/// Sees what lies in the inbox: each mount in it as its file system allows, by events or by listings. Decides nothing.
///
/// A look may hang for ever where a server does not answer. So none is waited for: each tree has one at most, on a thread of its own, and
/// where it does not get on the tree counts as away until it does. What was seen of a tree that is away, or whose mount point is empty
/// because nothing is mounted there, stays as it was.
actor Lookout {
    /// A look that is over.
    private struct Finished: Sendable {
        let tree: FileName
        let number: Int
        let epoch: Int
        let result: TreeLook.Result
    }

    let context: Context
    nonisolated var sightings: Sightings { context.sightings }
    /// What lies where is asked of the kernel through the inbox's own path, which may hang too.
    let calls = HangingCalls(label: "hotreel.trees")
    private nonisolated var bell: Bell { context.bells.lookout }
    private nonisolated let finished = Mutex<[Finished]>([])
    private nonisolated let mountsChanged = Mutex(true)

    /// The trees of the inbox as they were last found.
    var trees: [InboxTree] = []
    var watches: [FileName: TreeWatch] = [:]
    /// Trees whose mounts are away, by their mount points, which are still there.
    var unmounted: [FileName: InboxTree] = [:]
    var realInbox = ""
    var lastNumber = 0
    /// What was said of a tree last, so that it is said once.
    var told: [FileName: String] = [:]
    /// Another one after each time the inbox was not in its place: looks begun before say nothing.
    private var epoch = 0

    init(context: Context) { self.context = context }

    /// Calls `onReady` once every tree has been seen, or is known not to answer.
    func run(onReady: @escaping @Sendable () async -> Void) async throws {
        let mounts = MountChanges()
        let hearing = Task { [weak self] in for await _ in mounts.signals { self?.noteMounts() } }
        defer {
            hearing.cancel()
            mounts.stop()
        }
        try await withGracefulShutdownHandler {
            var isReady = false
            while !Task.isShuttingDownGracefully && !Task.isCancelled {
                let rings = bell.rings
                // While the inbox is not there, what is known of it stays, and nothing is concluded from what is not seen.
                guard await context.admission(.intake) == .open else {
                    epoch += 1
                    for folder in watches.keys { watches[folder]?.nextListing = .zero }
                    await bell.wait(after: rings, atMost: .seconds(10), by: context.time)
                    continue
                }
                if mountsChanged.withLock({ $0 }) { try await findTrees() }
                for look in finished.withLock({ finished in
                    defer { finished = [] }
                    return finished
                }) {
                    take(look)
                }
                for folder in watches.keys { await tend(folder) }
                if !isReady, !watches.isEmpty, watches.values.allSatisfy({ $0.isKnown || $0.absence != nil }) {
                    isReady = true
                    await onReady()
                }
                await bell.wait(after: rings, atMost: timeToNextStep(), by: context.time)
            }
            for watch in watches.values { await watch.watcher?.stop() }
        } onGracefulShutdown: {
            self.bell.ring()
        }
    }

    nonisolated func noteMounts() {
        mountsChanged.withLock { $0 = true }
        bell.ring()
    }

    private func findTrees() async throws {
        mountsChanged.withLock { $0 = false }
        if try await !refreshTrees() { mountsChanged.withLock { $0 = true } }
    }

    private func timeToNextStep() -> Duration {
        // Whoever takes what was seen rings.
        if sightings.isWaiting { return .seconds(10) }
        let patience = context.configuration.mountPatience
        let steps = watches.values.compactMap { $0.nextStep(patience: patience) }
        let rest = (steps.min() ?? .seconds(Int64.max / 4)) - context.time.uptime()
        return max(.zero, min(rest, mountsChanged.withLock { $0 } ? .seconds(1) : .seconds(600)))
    }

    // MARK: Looking

    /// Begins what is due for a tree.
    private func tend(_ folder: FileName) async {
        let (configuration, now) = (context.configuration, context.time.uptime())
        if watches[folder]?.startsHanging(at: now, patience: configuration.mountPatience) == true {
            setAbsence(of: folder, "does not answer for \(configuration.mountPatience.shown)")
        }
        // One whole look in advance is enough, however long those who decide are busy.
        guard let watch = watches[folder], watch.underway == nil, !sightings.isWaiting else { return }
        if let due = watch.nextTryToWatch, due <= now { await beginWatching(folder) }
        await retryUnwatched(folder, at: now)
        let changes = watches[folder]?.watcher?.drain() ?? FolderChanges()
        if let blindness = changes.blindness { tellBlindness(blindness, of: folder) }
        guard let watch = watches[folder] else { return }
        if changes.everything || watch.nextListing <= now { return begin(.everything, in: folder, at: now) }
        var folders = Set(changes.folders.map(watch.below(inbox:)))
        if let due = watch.nextBlindListing, due <= now {
            folders.formUnion(watch.watcher?.unwatched.map(watch.below(inbox:)) ?? [])
            watches[folder]?.nextBlindListing = now + configuration.listing
        }
        let files = Set(changes.files.map { InboxPath(folder: watch.below(inbox: $0.folder), name: $0.name) })
        guard !folders.isEmpty || !files.isEmpty else { return }
        begin(.parts(folders: folders, files: files), in: folder, at: now)
    }

    private func begin(_ scope: TreeLook.Scope, in folder: FileName, at now: Duration) {
        guard let watch = watches[folder] else { return }
        let all = Set(watches.keys).union(unmounted.keys)
        let look = TreeLook(
            inbox: context.claims.inbox, realInbox: realInbox, tree: folder, scope: scope, excluded: watch.excluded,
            emptyPoints: unmounted.keys.filter { point in
                // The innermost of those that hold it.
                point.wayDown.dropLast().last(where: all.contains) == folder
            })
        let isWhole = if case .everything = scope { true } else { false }
        watches[folder]?.underway = TreeWatch.Underway(
            heartbeat: look.heartbeat, lastBeat: now, begun: now, isWhole: isWhole)
        let (number, epoch) = (watch.number, epoch)
        watch.queue.async { [weak self] in
            let result = look.run()
            self?.hand(Finished(tree: folder, number: number, epoch: epoch, result: result))
        }
    }

    private nonisolated func hand(_ look: Finished) {
        finished.withLock { $0.append(look) }
        bell.ring()
    }

    // MARK: Taking what was seen

    private func take(_ look: Finished) {
        guard let watch = watches[look.tree], watch.number == look.number, let underway = watch.underway else { return }
        watches[look.tree]?.underway = nil
        let now = context.time.uptime()
        if look.result.trees != trees { noteMounts() }
        // What hung, or was looked at while something else was mounted, is looked at once more.
        guard look.epoch == epoch, look.result.trees == trees, !underway.isHanging else {
            watches[look.tree]?.nextListing = .zero
            return
        }
        if underway.isWhole {
            watches[look.tree]?.nextListing = now + watch.plan.pause(afterListingOf: now - underway.begun)
            watches[look.tree]?.isKnown = true
        }
        for (folder, listing) in look.result.listings {
            if let error = listing.error {
                report(error, in: watch, at: now)
                continue
            }
            if underway.isWhole { setAbsence(of: look.tree, nil) }
            sightings.add(
                .listing(listing, below: folder, excluding: watch.excluded, begun: underway.begun))
        }
        if !look.result.files.isEmpty { sightings.add(.files(look.result.files, begun: underway.begun)) }
        for point in look.result.missingPoints {
            unmounted[point] = nil
            told[point] = nil
            sightings.add(.forgotten(point))
            // Its name may be that of a folder like any other from now on.
            noteMounts()
        }
        context.bells.intake.ring()
    }

    /// A tree that cannot be listed is not an empty one.
    private func report(_ error: FileError, in watch: TreeWatch, at now: Duration) {
        let folder = watch.tree.folder
        watches[folder]?.nextListing = now + max(watch.plan.interval, context.configuration.listing)
        if !folder.isEmpty { return setAbsence(of: folder, "cannot be listed: \(error.code)") }
        if !context.note(error) { tell("", "\(error); what was known of the inbox stays as it was", .error) }
    }
}
