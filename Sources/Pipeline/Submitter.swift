import Foundation
import Jobs
import ServiceLifecycle
import Synchronization
import VideoAPI

/// Sends queued jobs to the API, each once. The intent is on disk before the first byte goes out.
struct Submitter: Sendable {
    let context: Context
    private let treasury: Treasury
    private var marks: SendingMarks { SendingMarks(context: context) }
    private let pace: Pace
    private let congestion = SharedCongestion()

    /// POSTs at the same time; each is mostly waiting for the upload.
    private static let width = 8
    /// A POST that was lost so long ago no longer takes up one of the API's places.
    private static let longestGeneration: TimeInterval = 3600

    init(context: Context) {
        self.context = context
        treasury = Treasury(context: context)
        pace = Pace(perSecond: context.configuration.submitsPerSecond)
    }

    var loop: DueLoop {
        DueLoop(
            state: .queued, work: .submit, width: Self.width, lease: .seconds(600), finishesSteps: true,
            context: context,
            allowance: { () async throws(JobStoreError) -> Int in
                min(context.configuration.maxInFlight, congestion.limit ?? .max) - (try await inFlight())
            },
            step: { job throws(JobStoreError) in
                try await context.within(job) { there throws(JobStoreError) in
                    try await submit(job, in: there.folder)
                }
            })
    }

    private func inFlight() async throws(JobStoreError) -> Int {
        try await context.store.inFlight(
            unconfirmedSince: context.time.now().addingTimeInterval(-Self.longestGeneration))
    }

    private func submit(_ job: Job, in folder: HotFolder) async throws(JobStoreError) {
        guard let request = job.request else { return }
        do {
            // Nothing is sent yet, so a shutdown need not wait for its turn.
            try await cancelWhenGracefulShutdown { try await pace.wait(context.time) }
        } catch {
            return
        }
        // The gate may have closed while it waited for its turn.
        guard DueLoop.isProbe || context.gates.admission(.submit, in: folder.name) == .open else {
            return try await context.store.endLeases(of: job.drop.id)
        }
        guard try await isWorthTrying(job) else { return }
        guard let submitting = try await treasury.begin(job),
            let clientRequestID = submitting.state.submission?.clientRequestID
        else { return }
        guard try await mark(clientRequestID, submitting) else { return }
        let moment = context.gates.moment
        let outcome = await context.client.submit(
            OutgoingSubmission(
                clientRequestID: clientRequestID, request: request,
                attachments: folder.claims.folder(of: job.drop.id).path))
        context.reached(.answered)
        // What the API has said is known to nobody else: it is held until the ledger takes it.
        try await context.insisting { () async throws(JobStoreError) in try await record(outcome, of: submitting) }
        if case .accepted = outcome {
            context.reached(.accepted)
            context.gates.succeeded(.submit, begun: moment)
            congestion.accepted(try await generating(), at: context.time.uptime())
        }
    }

    /// Leaves the mark that the request goes out. False where it must not, which is then recorded: it did before, or the mark
    /// cannot be made.
    private func mark(_ id: ClientRequestID, _ job: Job) async throws(JobStoreError) -> Bool {
        switch await marks.make(id, of: job) {
        case .made:
            context.reached(.marked)
            return true
        case .wasThere:
            // Ids are never used twice, so only a ledger that lost its last entries can be here.
            try await context.record(
                .submissionUnconfirmed(
                    reason:
                        "this request went out before, and the ledger has lost the record of it; looking for it in the API's log",
                    nextLookup: context.time.now()), on: job)
            return false
        case .impossible(let why):
            try await deferred(job, Trouble(kind: .files, message: "nothing can be sent now: \(why)"))
            return false
        }
    }

    /// While the API is in trouble, a question that costs nothing goes before the request that would try it: a request that dies
    /// halfway is one more whose fate nobody knows.
    private func isWorthTrying(_ job: Job) async throws(JobStoreError) -> Bool {
        guard context.gates.isClosed(.api) else { return true }
        do {
            _ = try await context.client.balance()
            return true
        } catch {
            guard error.trouble.kind == .unreachable || error.trouble.status.map({ $0 >= 500 }) == true else {
                return true
            }
            context.gates.close(by: error.trouble, during: .submit)
            try await context.store.endLeases(of: job.drop.id)
            return false
        }
    }

    private func record(_ outcome: SubmissionOutcome, of job: Job) async throws(JobStoreError) {
        let now = context.time.now()
        switch outcome {
        case .accepted(let update):
            try await accept(update, for: job)
        case .notTaken(let trouble) where trouble.kind == .changed:
            await marks.remove(of: job)
            let failure = Failure(
                stage: .submit, message: trouble.message,
                problems: [
                    Problem(
                        file: job.drop.stem,
                        rule: "what is sent must be what was checked, and \(trouble.message)",
                        remedy:
                            "Nothing was charged. Drop the files again; where a program writes to them by another name (a hard link), drop copies."
                    )
                ])
            let failed = try await context.record(.submissionRefused(failure), on: job)
            context.reached(.refused)
            await Endings(context: context).settle(failed)
        case .notTaken(let trouble):
            await marks.remove(of: job)
            try await deferred(job, trouble)
        case .refused(let message):
            let failure = Failure(
                stage: .submit, message: "The API refused the request: \(message.text)",
                problems: [
                    Problem(
                        file: job.drop.sources.first { $0.role == .sidecar }?.file.shown ?? job.drop.stem,
                        rule: "the API said: \(message.text)",
                        remedy: "Nothing was charged. Correct what the API complains about, and drop the files again.")
                ])
            let failed = try await context.record(.submissionRefused(failure), on: job)
            context.reached(.refused)
            await Endings(context: context).settle(failed)
        case .unconfirmed(let reason):
            // Whatever it was, the next request would meet it too, and be as uncertain: one at a time tries again.
            context.gates.close(.api, reason: "the API did not say whether it took a request. \(reason)")
            try await context.record(
                .submissionUnconfirmed(reason: reason, nextLookup: now.adding(context.configuration.lookupPause)),
                on: job)
            context.reached(.unconfirmed)
        }
    }

    private func accept(_ update: GenerationUpdate, for job: Job) async throws(JobStoreError) {
        let now = context.time.now()
        do throws(JobStoreError) {
            // The id first and alone, whatever else the answer says: from here on nothing can be paid twice.
            let nextPoll = update.phase == .running ? now.adding(context.configuration.pollInterval) : now
            try await context.record(
                .accepted(update.id, status: update.status, charge: update.charge, nextPoll: nextPoll), on: job)
        } catch {
            guard case .violated = error else { throw error }
            // The ledger knows it as another job's. The log will tell which is ours.
            try await context.record(
                .submissionUnconfirmed(
                    reason: "the API named generation \(update.id), which belongs to another job",
                    nextLookup: now.adding(context.configuration.lookupPause)), on: job)
        }
    }

    /// Surely not taken, and not the job's fault: it keeps its place, and a gate keeps the others from trying the same.
    private func deferred(_ job: Job, _ trouble: Trouble) async throws(JobStoreError) {
        let now = context.time.now()
        // The files concern this job alone; the rest waits at its gate.
        let until = trouble.kind == .files ? now.adding(.seconds(30)) : now
        if trouble.kind == .rate, trouble.retryAfter == nil, let accepted = try? await generating(), accepted > 0 {
            congestion.refused(accepted: accepted, at: context.time.uptime())
            context.logger.info("the API takes about \(accepted) generations at once; Hotreel keeps to that for now")
        } else {
            context.gates.close(by: trouble, during: .submit)
        }
        try await context.record(.submissionDeferred(reason: trouble.message, until: until), on: job)
    }

    /// Generations that the API has taken and not finished.
    private func generating() async throws(JobStoreError) -> Int {
        try await context.store.counts()[.generating] ?? 0
    }
}

/// What the steps of the submitter have learned together.
private final class SharedCongestion: Sendable {
    private let congestion = Mutex(Congestion())
    var limit: Int? { congestion.withLock(\.limit) }
    func refused(accepted: Int, at now: Duration) { congestion.withLock { $0.refused(accepted: accepted, at: now) } }
    func accepted(_ count: Int, at now: Duration) { congestion.withLock { $0.accepted(count, at: now) } }
}
