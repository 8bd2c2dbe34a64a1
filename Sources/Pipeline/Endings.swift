import Folders
import Foundation
import Jobs
import ServiceLifecycle

/// What happens to a drop's files when its jobs end: originals of delivered videos, the rest given back with a report.
///
/// One ending of a drop at a time, and each step may be done again: after a crash start-up simply does it once more.
struct Endings: Sendable {
    let context: Context

    /// Ends a job whose video and receipt are in place. The sources go first, so that whoever sees `delivered` sees all of it.
    func deliver(_ job: Job, _ video: DeliveredVideo) async throws {
        try await context.endings.pass(job.drop.id) { () throws in
            let siblings = try await context.store.jobs(of: job.drop.id).filter { $0.id != job.id }
            if siblings.allSatisfy(\.state.name.isEnded) {
                try await context.names.pass(context.place(of: job.drop)) { () throws in
                    try await context.requirePlaces()
                    if try await wasGivenBack(job) {
                        try await regain(job.drop)
                    } else {
                        try await place(job.drop, outcomes: siblings.map(\.state.name) + [.delivered])
                    }
                }
                context.reached(.originalsPlaced)
            }
            try await context.record(.delivered(video), on: job)
            if siblings.allSatisfy(\.state.name.isEnded) { try await context.store.markSettled(job.drop.id) }
        }
    }

    /// Ends a job that has failed or was cancelled: its report, and the sources once no other job needs them.
    func settle(_ job: Job) async {
        do {
            try await Endings(context: context.within(job.drop)).giveBack(job)
        } catch {
            // The ledger knows that the drop is not settled, so the next sweep does this again.
            guard !context.note(error) else { return }
            context.logger.error(
                "cannot give back the files of \(job.drop.stem): \(error)", metadata: ["job": "\(job.id)"])
        }
    }

    private func giveBack(_ job: Job) async throws {
        try await context.requirePlaces()
        try await context.endings.pass(job.drop.id) { () throws in
            let jobs = try await context.store.jobs(of: job.drop.id)
            let isLast = jobs.allSatisfy(\.state.name.isEnded)
            // Done before, by whoever ended another job of the drop: only the note in the ledger is missing.
            let isPlaced = try context.claims.isEmptied(job.drop.id)
            if !isPlaced {
                try await context.names.pass(context.place(of: job.drop)) { () throws in
                    let number = try context.outbox.freeNumber(for: job.drop, in: .errors, from: context.claims)
                    for failed in isLast ? jobs : [job] { try report(failed, among: jobs, number: number) }
                    context.reached(.reported)
                    if isLast {
                        try await place(job.drop, outcomes: jobs.map(\.state.name), number: number)
                        context.reached(.sourcesGivenBack)
                    }
                }
            }
            if isLast { try await context.store.markSettled(job.drop.id) }
            context.reached(.settled)
        }
    }

    /// Ends a drop that was changed while it was being claimed: files go back to the inbox, the rows end unspent. What cannot
    /// go back, because something newer lies there, goes to `errors`.
    func abandon(_ drop: Drop) async throws {
        for source in drop.sources {
            _ = try context.claims.putBack(source, of: drop)
            // The file itself never left the inbox.
            if source.claim == .copy { try FileSystem.remove(context.claims.path(of: source, in: drop.id)) }
        }
        // As they are now: an earlier try may have come so far.
        let jobs = try await context.store.jobs(of: drop.id)
        for job in jobs where !job.state.name.isEnded { try await context.record(.cancelled, on: job) }
        if let job = jobs.first { await settle(job) }
    }

    /// Settles drops whose files could not be placed before, or that another process ended, again and again.
    func sweep() async {
        let bell = context.bells[.cancelled]
        await withGracefulShutdownHandler {
            while !Task.isShuttingDownGracefully && !Task.isCancelled {
                let rings = bell.rings
                do throws(JobStoreError) {
                    let clearance = await context.clearance(.settle)
                    guard clearance.admission == .open else {
                        await bell.wait(after: rings, atMost: .seconds(10), by: context.time)
                        continue
                    }
                    try await settleEnded(without: clearance.without)
                } catch {
                    context.note(error)
                }
                await bell.wait(after: rings, atMost: .seconds(10), by: context.time)
            }
        } onGracefulShutdown: {
            bell.ring()
        }
    }

    /// Once over all that has ended and is not settled, but for drops of the inboxes in `without`.
    func settleEnded(without: Set<InboxName> = []) async throws(JobStoreError) {
        var drops: Set<DropID> = []
        for job in try await context.store.endedUnsettled()
        where !without.contains(job.drop.inbox) && drops.insert(job.drop.id).inserted {
            if try await context.store.jobs(of: job.drop.id).allSatisfy(\.state.name.isEnded) { await settle(job) }
        }
    }

    private func report(_ job: Job, among jobs: [Job], number: Int) throws {
        guard let failure = try failure(of: job) else { return }
        var stem = OutputName.fitting(job.drop.stem)
        if let index = jobs.firstIndex(where: { $0.id == job.id }), jobs.count > 1 {
            stem = OutputName.variation(index + 1, of: jobs.count, name: stem)
        }
        let report = ErrorReport(job: job, failure: failure, number: number)
        try context.outbox.report(
            text: report.text, json: report.json, folder: job.drop.folder, stem: OutputName.choice(number, of: stem))
    }

    /// Why a job's files are in `errors`. A drop that was cancelled because its files changed has none there, and no report.
    private func failure(of job: Job) throws(FileError) -> Failure? {
        switch job.state {
        case .failed(let failure, _): return failure
        case .cancelled where try !context.claims.sourceFiles(in: job.drop.id).isEmpty:
            return Failure(
                stage: .cancelled, message: "This was cancelled before it was sent; nothing was charged.")
        default: return nil
        }
    }

    /// Whether its files went to `errors` when the paid video could not be fetched, before a person had it tried again.
    private func wasGivenBack(_ job: Job) async throws -> Bool {
        guard try context.claims.isEmptied(job.drop.id) else { return false }
        return try await context.store.history(of: job.id).contains { $0.event == JobEvent.Name.retried.rawValue }
    }

    private func regain(_ drop: Drop) async throws {
        try await context.requirePlaces()
        let (outbox, keeps) = (context.outbox, context.configuration.originals == .keep)
        try await context.files.run { () throws(FileError) in try outbox.regain(drop, keepingOriginals: keeps) }
    }

    /// Empties a drop's claim folder: into `originals` where every video was delivered, else into `errors`; into both where some were.
    private func place(_ drop: Drop, outcomes: [JobState.Name], number: Int? = nil) async throws {
        try await context.requirePlaces()
        let outbox = context.outbox
        let claims = context.claims
        let isDelivered = outcomes.contains(.delivered)
        let isFailed = outcomes.contains { $0 != .delivered }
        let keeps = context.configuration.originals == .keep
        try await context.files.run { () throws(FileError) in
            if isDelivered, keeps {
                let place = try outbox.freeNumber(for: drop, in: .originals, from: claims)
                if isFailed {
                    try outbox.receiveCopies(drop, from: claims, in: .originals, number: place)
                } else {
                    try outbox.receive(drop, from: claims, in: .originals, number: place)
                }
            }
            if isFailed {
                let place =
                    if let number { number } else {
                        try outbox.freeNumber(for: drop, in: .errors, from: claims)
                    }
                try outbox.receive(drop, from: claims, in: .errors, number: place)
            }
            try claims.remove(drop.id, discardingSources: isDelivered && !isFailed && !keeps)
        }
    }

}

extension Context {
    /// What a drop's files and reports are named after, and where.
    func place(of drop: Drop) -> FileName {
        FileName(bytes: Array(folder.name.prefix.utf8) + drop.folder.appending(FileName(drop.stem.folded)).bytes)
    }
}
