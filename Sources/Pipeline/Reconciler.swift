import Foundation
import Jobs
import VideoAPI

/// Finds out what became of POSTs whose answer never came, in the vendor's log of requests.
///
/// A row with our id is the truth. No row proves nothing, because it may appear only when the generation ends.
struct Reconciler: Sendable {
    let context: Context

    private let pace: Pace

    init(context: Context) {
        self.context = context
        pace = Pace(perSecond: context.configuration.lookupsPerSecond)
    }

    /// How often a request may fail at the vendor, unbilled, before sending it again is no use.
    private static let tries = 5
    /// Looks that must have been in vain before time alone may decide anything, so that a clock that was set decides nothing.
    private static let looks = 20

    var loop: DueLoop {
        DueLoop(
            state: .unconfirmed, work: .lookUp, width: 2, lease: .seconds(300), finishesSteps: false, context: context,
            step: lookUp)
    }

    /// Jobs in the middle of a POST when the process last ended: nobody knows how it went.
    func adoptInterrupted() async throws(JobStoreError) {
        let now = context.time.now()
        for job in try await context.store.jobs(JobQuery(states: [.submitting])) {
            try await context.record(
                .submissionUnconfirmed(
                    reason: "Hotreel was stopped while the request was being sent; looking for it in the API's log",
                    nextLookup: now), on: job)
        }
    }

    @Sendable
    private func lookUp(_ job: Job) async throws(JobStoreError) {
        guard case .unconfirmed(let submission) = job.state else { return }
        let now = context.time.now()
        let age = Duration.seconds(max(0, now.timeIntervalSince(submission.started)))
        let begun = context.time.uptime()
        let found: RequestLogPage.Row?
        do {
            found = try await find(submission, age: age)
        } catch {
            // Cut off by our own end, which is no news about the API.
            if Task.isCancelled { return }
            context.gates.close(by: error.trouble, during: .lookUp)
            try await context.record(
                .stillUnconfirmed(
                    reason: "the API's log cannot be read: \(error.trouble.message)",
                    nextLookup: now.adding(max(error.trouble.retryAfter ?? .zero, pause(age)))), on: job)
            return
        }
        context.reached(.lookedUp)
        context.gates.succeeded(.lookUp, begun: begun)
        switch found?.outcome {
        case .succeeded, .unknown:
            guard let row = found else { return }
            try await adopt(row, for: job)
        case .failed:
            try await resend(job)
        case nil:
            try await goOnLooking(job, age: age)
        }
    }

    private func adopt(_ row: RequestLogPage.Row, for job: Job) async throws(JobStoreError) {
        let now = context.time.now()
        do throws(JobStoreError) {
            try await context.record(
                .accepted(row.inferenceID, status: "found in the log", charge: row.charge, nextPoll: now), on: job)
            context.reached(.adopted)
        } catch {
            guard case .violated = error else { throw error }
            try await context.record(
                .stillUnconfirmed(
                    reason: "the API's log names generation \(row.inferenceID), which belongs to another job",
                    nextLookup: now.adding(.seconds(3600))), on: job)
        }
    }

    /// It failed, so it was not billed: it is sent again, but not for ever.
    private func resend(_ job: Job) async throws(JobStoreError) {
        guard job.attempts >= Self.tries else {
            try await context.record(.foundUnbilled, on: job)
            return
        }
        let failure = Failure(
            stage: .submit, message: "The API failed on this request \(job.attempts) times; nothing was charged.",
            problems: [
                Problem(
                    file: job.drop.stem, rule: "the API's log shows each try as failed",
                    remedy:
                        "Wait a while, then drop the files again. If it fails again, change the picture or the prompt.")
            ])
        let failed = try await context.record(.submissionFailed(failure), on: job)
        await Endings(context: context).settle(failed)
    }

    private func goOnLooking(_ job: Job, age: Duration) async throws(JobStoreError) {
        let now = context.time.now()
        guard age >= context.configuration.lookupPatience, try await hasLookedOften(job) else {
            let reason = "the request's answer was lost; the API's log does not show it yet, which proves nothing"
            try await context.record(.stillUnconfirmed(reason: reason, nextLookup: now.adding(pause(age))), on: job)
            return
        }
        if context.configuration.resubmitUnconfirmed {
            try await context.record(
                .resubmitted(
                    reason: "the API's log never showed the request, and api.resubmitUnconfirmed is on; "
                        + "if it was billed after all, this pays twice"), on: job)
            return
        }
        let reason =
            "the request's answer was lost and the API's log never showed it: look at the API's own pages, "
            + "then say hotreel resolve \(job.id) --generation ID or --not-billed"
        if job.reason != reason {
            context.notify(Notice(.unconfirmed, message: "\(job.name): \(reason)", at: now, job: job.id))
        }
        try await context.record(.stillUnconfirmed(reason: reason, nextLookup: now.adding(pause(age))), on: job)
    }

    private func hasLookedOften(_ job: Job) async throws(JobStoreError) -> Bool {
        let needed = min(Self.looks, Int(context.configuration.lookupPatience.seconds / 60))
        return try await context.store.history(of: job.id)
            .count { $0.event == JobEvent.Name.stillUnconfirmed.rawValue } >= needed
    }

    /// Pages through the log around the POST. The API's clock may not be ours, and the older the trouble, the wider the look.
    private func find(_ submission: Submission, age: Duration) async throws(PollError) -> RequestLogPage.Row? {
        let margin: TimeInterval = age < .seconds(600) ? 900 : 90_000
        let start = submission.started.addingTimeInterval(-margin)
        // A row is dated by its request: what came much later is another.
        let end = min(
            context.time.now().addingTimeInterval(margin), submission.started.addingTimeInterval(margin + 3600))
        var offset = 0
        while true {
            do { try await pace.wait(context.time) } catch { throw PollError(.stopped) }
            let page = try await context.client.requestLog(from: start, to: end, offset: offset)
            if let row = page.rows.first(where: { $0.clientRequestID == submission.clientRequestID.rawValue }) {
                return row
            }
            // Rows that could not be read count too.
            offset += page.count
            guard page.hasMore, page.count > 0 else { return nil }
        }
    }

    /// The longer it has been, the longer until the next look: a tenth of the age, from the shortest pause to an hour.
    private func pause(_ age: Duration) -> Duration {
        min(max(age / 10, context.configuration.lookupPause), .seconds(3600))
    }
}
