import Folders
import Foundation
import Jobs

/// Brings ledger and folders into agreement after a crash, before anything else runs.
struct StartUp: Sendable {
    let context: Context

    /// What needs the ledger alone: nobody works on anything, and what was being sent is uncertain.
    func resume() async throws(JobStoreError) {
        if let last = try await context.store.lastChange(), last > context.time.now().adding(.seconds(60)) {
            let back = Duration.seconds(context.time.now().timeIntervalSince(last))
            context.logger.warning(
                "the system's clock is \(abs(back.seconds).inWords) behind the ledger; what waits is moved along with it"
            )
            try await context.store.shiftDue(by: back)
        }
        try await context.store.endLeases()
        // Only trying again tells whether a disk is still full, so that one counts as new trouble.
        let missing = try await missingInboxes()
        let known = Set(context.folders.map(\.name))
        context.gates.restore(
            try await context.store.closedGates().filter { closed in
                guard closed.gate.kind != .disk, closed.gate.kind != .ledger else { return false }
                guard let inbox = closed.gate.inbox else { return true }
                // That there is no such inbox is all there is to say of one.
                return known.contains(inbox) || missing.contains(inbox) && closed.gate.kind == .inbox
            })
        for name in missing { context.missFolder(name) }
        try await Reconciler(context: context).adoptInterrupted()
        try await Releaser(context: context).releaseAll()
    }

    /// Inboxes that the ledger has work for and the configuration does not know, in the order of their names.
    private func missingInboxes() async throws(JobStoreError) -> [InboxName] {
        let counts = try await context.store.countsByInbox()
        let open = counts.filter { $0.value.contains { !$0.key.isEnded && $0.value > 0 } }.keys
        let names = Set(open).union(try await context.store.endedUnsettled().map(\.drop.inbox))
        return names.subtracting(context.folders.flatMap(\.names)).sorted()
    }

    /// What needs the folders: must not be done while a share is not there, whose files would seem to be gone.
    func heal() async throws {
        try context.claims.makeRoot()
        try context.outbox.prepare()
        let unsettled = Dictionary(grouping: try await context.store.unsettled(), by: \.drop.id)
        // Files of a drop that the ledger knows are that drop's, whatever its inbox is called by now.
        for (drop, jobs) in unsettled {
            guard let inbox = jobs.first?.drop.inbox, context.folder.names.contains(inbox) else { continue }
            try await alone(drop) { try await heal(jobs) }
        }
        for drop in try context.claims.drops() where unsettled[drop] == nil {
            try await alone(drop) { try await adopt(drop) }
        }
    }

    /// Only trouble with the world ends the healing; a drop that cannot be healed must not keep all others waiting.
    private func alone(_ drop: DropID, _ work: () async throws -> Void) async throws {
        do {
            try await work()
        } catch {
            if context.note(error) { throw error }
            context.logger.error(
                "what is left of drop \(drop) in \(context.claims.folder(of: drop)) cannot be put in order: \(error)")
        }
    }

    private func heal(_ jobs: [Job]) async throws {
        guard let first = jobs.first else { return }
        let endings = Endings(context: context)
        // Only a refused drop may have ended with files still in the inbox; what lies there of another was put back.
        if jobs.allSatisfy({ $0.state.name.isEnded && $0.request != nil }) { return await endings.settle(first) }
        let missing = try first.drop.sources.filter { try context.claims.take($0, of: first.drop) != .taken }
        if jobs.allSatisfy(\.state.name.isEnded) { return await endings.settle(first) }
        // Row first, then the rename: if the file was changed or taken away in between, this drop never was. A job that has been
        // sent or is being given another's video has had its files; they are where they belong by now.
        let isUntouched = jobs.allSatisfy { job in
            job.attempts == 0 && [.queued, .held, .cancelled].contains(job.state.name)
        }
        guard !missing.isEmpty, isUntouched else { return }
        try await endings.abandon(first.drop)
        context.logger.warning(
            "\(missing.map(\.file.shown).joined(separator: ", ")) changed while being claimed; it counts as a new drop")
    }

    /// A claim folder the ledger does not know: nothing was claimed yet, or the ledger was lost. Sources are given back,
    /// not sent again, because they may have been paid for.
    private func adopt(_ id: DropID) async throws {
        let files = try context.claims.sourceFiles(in: id)
        if files.isEmpty { return try context.claims.remove(id) }
        let now = context.time.now()
        let sources = try files.map { file in
            let path = context.claims.folder(of: id).appending("sources").appending(file)
            let status = try FileSystem.status(of: path)
            return Source(
                role: NameRules.isSidecar(file) ? .sidecar : .picture, file: file,
                identity: status?.identity ?? FileIdentity(device: 0, inode: 0, size: 0, modified: 0, changed: 0),
                sha256: (try? FileSystem.hash(path).sha256) ?? "", claim: .move)
        }
        let drop = Drop(id: id, folder: "", sources: sources, inbox: context.folder.name)
        let failure = Failure(
            stage: .unknown, message: "These files were in Hotreel's keeping, but its ledger does not know them.",
            problems: [
                Problem(
                    file: drop.stem,
                    rule: "the ledger was lost or replaced, so nobody can tell whether this was already paid for",
                    remedy: "Ask your admin, then drop the files again if the video is still wanted.")
            ])
        let job = Job.rejected(.make(at: now), drop: drop, name: drop.stem, failure: failure, at: now)
        try await context.store.insert([job])
        await Endings(context: context).settle(job)
    }
}
