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
    /// Looks that must have been in vain before time may decide anything, so that a clock that was set decides nothing.
    private static let looks = 20
    /// Longest time between two looks.
    private static let longestPause = Duration.seconds(3600)

    var loop: DueLoop {
        DueLoop(
            state: .unconfirmed, work: .lookUp, width: 2, lease: .seconds(300), finishesSteps: false, context: context,
            step: lookUp)
    }

    /// Jobs in the middle of a POST when the process last ended: nobody knows how it went, unless it surely had not begun.
    func adoptInterrupted() async throws(JobStoreError) {
        let now = context.time.now()
        for job in try await context.store.jobs(JobQuery(states: [.submitting])) {
            let isUnsent = await SendingMarks(context: context).showUnsent(job)
            do throws(JobStoreError) {
                try await context.record(
                    isUnsent
                        ? .submissionDeferred(reason: "Hotreel was stopped before the request went out", until: now)
                        : .submissionUnconfirmed(
                            reason:
                                "Hotreel was stopped while the request was being sent; looking for it in the API's log",
                            nextLookup: now), on: job)
            } catch {
                guard case .lostRace = error else { throw error }
            }
        }
    }

    @Sendable
    private func lookUp(_ job: Job) async throws(JobStoreError) {
        guard case .unconfirmed(let submission) = job.state else { return }
        let now = context.time.now()
        let age = age(of: submission, at: now)
        let moment = context.gates.moment
        let found: RequestLogPage.Row?
        do {
            found = try await find(submission, age: age)
        } catch {
            // Cut off by our own end, which is no news about the API.
            if Task.isCancelled { return }
            context.gates.close(by: error.trouble, during: .lookUp)
            try await context.record(
                .stillUnconfirmed(
                    reason: Self.unreadable + error.trouble.message,
                    nextLookup: now.adding(max(error.trouble.retryAfter ?? .zero, pause(age)))), on: job)
            return
        }
        context.reached(.lookedUp)
        context.gates.succeeded(.lookUp, begun: moment)
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
            try await ask(
                job, "the API's log names generation \(row.inferenceID), which belongs to another job",
                pause: Self.longestPause, told: try await looks(for: job))
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
        let patience = context.configuration.lookupPatience
        let looks = try await looks(for: job)
        let inVain = looks.count { !$0.hasPrefix(Self.unreadable) }
        guard age >= patience, inVain >= min(Self.looks, Int(patience.seconds / 60)) else {
            let reason = "the request's answer was lost; the API's log does not show it yet, which proves nothing"
            try await context.record(.stillUnconfirmed(reason: reason, nextLookup: now.adding(pause(age))), on: job)
            return
        }
        // Even where the clock went ahead after the first looks, the rest of them take as long as the patience.
        if context.configuration.resubmitUnconfirmed, inVain >= Int(patience / Self.longestPause) {
            try await context.record(
                .resubmitted(
                    reason: "the API's log never showed the request, and api.resubmitUnconfirmed is on; "
                        + "if it was billed after all, this pays twice"), on: job)
            return
        }
        try await ask(
            job, "the request's answer was lost and the API's log never showed it", pause: pause(age), told: looks)
    }

    /// Has a person find out, and goes on looking. The admin hears of it once.
    private func ask(_ job: Job, _ trouble: String, pause: Duration, told: [String]) async throws(JobStoreError) {
        let now = context.time.now()
        let reason =
            "\(trouble): look at the API's own pages, then say hotreel resolve \(job.id) --generation ID or --not-billed"
        if !told.contains(reason) {
            context.notify(Notice(.unconfirmed, message: "\(job.name): \(reason)", at: now, job: job.id))
        }
        try await context.record(.stillUnconfirmed(reason: reason, nextLookup: now.adding(pause)), on: job)
    }

    /// What the looks for a job's last POST have brought, in words.
    private func looks(for job: Job) async throws(JobStoreError) -> [String] {
        let history = try await context.store.history(of: job.id)
        let posted = history.lastIndex { $0.event == JobEvent.Name.submissionStarted.rawValue } ?? 0
        return history[posted...].filter { $0.event == JobEvent.Name.stillUnconfirmed.rawValue }.compactMap(\.detail)
    }

    private static let unreadable = "the API's log cannot be read: "

    /// Pages through the log around the POST. The API's clock may not be ours, and the older the trouble, the wider the look.
    ///
    /// A row that failed proves nothing where another shows the same request as taken.
    private func find(_ submission: Submission, age: Duration) async throws(PollError) -> RequestLogPage.Row? {
        let margin: TimeInterval = age < .seconds(600) ? 900 : 90_000
        let now = context.time.now()
        // A POST from the future was sent before the clock was set back, nobody knows how long ago.
        let started = min(submission.started, now)
        // A row is dated by its request: what came much later is another.
        let end = min(now.addingTimeInterval(margin), started.addingTimeInterval(margin + 3600))
        var offset = 0
        var failed: RequestLogPage.Row?
        while true {
            do { try await pace.wait(context.time) } catch { throw PollError(.stopped) }
            let page = try await context.client.requestLog(
                from: started.addingTimeInterval(-margin), to: end, offset: offset)
            for row in page.rows where row.clientRequestID == submission.clientRequestID.rawValue {
                guard row.outcome == .failed else { return row }
                failed = failed ?? row
            }
            // Rows that could not be read count too.
            offset += page.count
            guard page.hasMore, page.count > 0 else { return failed }
        }
    }

    /// How long ago the POST was; what is dated well after now was sent before the clock was set back, and counts as old.
    private func age(of submission: Submission, at now: Date) -> Duration {
        let age = now.timeIntervalSince(submission.started)
        return age < -900 ? context.configuration.lookupPatience : .seconds(max(0, age))
    }

    /// The longer it has been, the longer until the next look: a tenth of the age, from the shortest pause to an hour.
    private func pause(_ age: Duration) -> Duration {
        min(max(age / 10, context.configuration.lookupPause), Self.longestPause)
    }
}
