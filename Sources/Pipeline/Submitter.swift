import Foundation
import Jobs
import ServiceLifecycle
import Synchronization
import VideoAPI

/// Sends queued jobs to the API, each once. The intent is on disk before the first byte goes out.
struct Submitter: Sendable {
    let context: Context
    private let pace: Pace

    /// POSTs at the same time; each is mostly waiting for the upload.
    private static let width = 8

    init(context: Context) {
        self.context = context
        pace = Pace(perSecond: context.configuration.submitsPerSecond)
    }

    var loop: DueLoop {
        DueLoop(
            state: .queued, width: Self.width, lease: .seconds(600), finishesSteps: true, context: context,
            allowance: { () async throws(JobStoreError) -> Int in
                context.configuration.maxInFlight - (try await context.store.inFlight())
            },
            step: submit)
    }

    @Sendable
    private func submit(_ job: Job) async throws(JobStoreError) {
        guard let request = job.request else { return }
        do {
            // Nothing is sent yet, so a shutdown need not wait for its turn.
            try await cancelWhenGracefulShutdown { try await pace.wait(context.time) }
        } catch {
            return
        }
        let id = job.nextClientRequestID
        let submitting = try await context.record(.submissionStarted(id), on: job)
        let outcome = await context.client.submit(
            OutgoingSubmission(
                clientRequestID: id, request: request, attachments: context.claims.folder(of: job.drop.id)))
        try await record(outcome, of: submitting)
    }

    private func record(_ outcome: SubmissionOutcome, of job: Job) async throws(JobStoreError) {
        // What the API has said is known to nobody else: it is held until the ledger takes it.
        var pause = Duration.seconds(1)
        while true {
            do throws(JobStoreError) {
                return try await recordOnce(outcome, of: job)
            } catch {
                guard case .unavailable(let why) = error, !Task.isCancelled else { throw error }
                context.logger.error("the ledger does not take what the API answered, trying again: \(why)")
                do { try await context.time.sleep(pause) } catch { throw JobStoreError.unavailable(why) }
                pause = min(pause * 2, .seconds(30))
            }
        }
    }

    private func recordOnce(_ outcome: SubmissionOutcome, of job: Job) async throws(JobStoreError) {
        let now = context.time.now()
        switch outcome {
        case .accepted(let update):
            // The id first and alone, whatever else the answer says: from here on nothing can be paid twice.
            let nextPoll = update.phase == .running ? now.adding(context.configuration.pollInterval) : now
            try await context.record(
                .accepted(update.id, status: update.status, charge: update.charge, nextPoll: nextPoll), on: job)
        case .notTaken(let trouble):
            let wait = trouble.retryAfter ?? Self.pause(after: trouble.kind)
            try await context.record(.submissionDeferred(reason: trouble.message, until: now.adding(wait)), on: job)
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
            await Endings(context: context).settle(failed)
        case .unconfirmed(let reason):
            try await context.record(
                .submissionUnconfirmed(reason: reason, nextLookup: now.adding(.seconds(10))), on: job)
        }
    }

    /// How long to leave the API alone when it does not say.
    private static func pause(after kind: Trouble.Kind) -> Duration {
        switch kind {
        case .unreachable, .api, .rate: .seconds(10)
        case .key, .credit, .files: .seconds(60)
        }
    }
}

/// Spaces submissions evenly.
private final class Pace: Sendable {
    private let interval: Duration
    private let next = Mutex(Duration.zero)

    init(perSecond: Double) { interval = perSecond > 0 ? .seconds(1 / perSecond) : .zero }

    func wait(_ time: Timekeeper) async throws {
        let now = time.uptime()
        let turn = next.withLock { next in
            let turn = max(now, next)
            next = turn + interval
            return turn
        }
        if turn > now { try await time.sleep(turn - now) }
    }
}
