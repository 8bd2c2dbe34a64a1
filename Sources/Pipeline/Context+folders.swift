import Folders
import Jobs
import Logging

extension Context {
    /// The hot folder in which a step is taken.
    package var folder: HotFolder {
        if let current { return current }
        // Another folder's files must never be touched by mistake: that is a fault in the program, and seen at once.
        guard let only = folders.first, folders.count == 1, only.name.isUnnamed else {
            preconditionFailure("a step that touches files is taken within its hot folder")
        }
        return only
    }
    package var claims: Claims { folder.claims }
    package var outbox: Outbox { folder.outbox }
    var waits: InboxWaits { memory(of: folder).waits }
    var resends: Resends { memory(of: folder).resends }
    var sightings: Sightings { memory(of: folder).sightings }

    func memory(of folder: HotFolder) -> FolderMemory {
        guard let memory = memories[folder.name] else { preconditionFailure("every hot folder has its memory") }
        return memory
    }

    /// Those a look is meant for: the one it has been narrowed to, else all.
    var foldersInView: [HotFolder] { current.map { [$0] } ?? folders }

    func within(_ folder: HotFolder) -> Context {
        var context = self
        context.current = folder
        if !folder.name.isUnnamed { context.logger[metadataKey: "inbox"] = "\(folder.name)" }
        return context
    }

    /// As `within` for the hot folder of a drop. Where none of that name is configured any more its gate is closed.
    func within(_ drop: Drop) throws(PlaceGone) -> Context {
        guard let folder = folders.named(drop.inbox) else {
            throw PlaceGone(description: missFolder(drop.inbox))
        }
        return within(folder)
    }

    /// Takes a job's step within its hot folder. Where that is no longer configured, the job keeps its place and waits at the gate.
    func within(
        _ job: Job, _ step: (Context) async throws(JobStoreError) -> Void
    ) async throws(JobStoreError) {
        let there: Context
        do throws(PlaceGone) {
            there = try within(job.drop)
        } catch {
            return try await store.endLeases(of: job.drop.id)
        }
        try await step(there)
    }

    /// Closes the gate of an inbox that the ledger knows and the configuration does not. Gives back why, for people.
    @discardableResult
    func missFolder(_ name: InboxName) -> String {
        let reason =
            name.isUnnamed
            ? "there are jobs from the time before inboxes had names, and only named ones are configured. "
                + "Write formerly: \"\" at the inbox that has the folders of that time, and start again. "
                + "What is paid for is still asked after"
            : "there are jobs of the inbox \(name), and none of this name is configured. "
                + "Put it back (inboxes:, name: \(name)) with the folders it had, or write formerly: \(name) at the one that has "
                + "them now, and start again. What is paid for is still asked after"
        gates.close(.inbox(of: name), reason: reason, stops: [.deliver])
        return reason
    }
}
