import Foundation
import Jobs
import VideoAPI

/// Finds out what became of POSTs whose answer never came, in the vendor's log of requests.
///
/// A row with our id is the truth. No row proves nothing, because it may appear only when the generation ends.
struct Reconciler: Sendable {
    let context: Context

    var loop: DueLoop {
        DueLoop(
            state: .unconfirmed, width: 2, lease: .seconds(300), finishesSteps: false, context: context, step: lookUp)
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
        let found: RequestLogPage.Row?
        do {
            found = try await find(submission)
        } catch {
            // Cut off by our own end, which is no news about the API.
            if Task.isCancelled { return }
            try await context.record(
                .stillUnconfirmed(
                    reason: "the API's log cannot be read: \(error.trouble.message)",
                    nextLookup: now.adding(max(error.trouble.retryAfter ?? .zero, Self.pause(age)))), on: job)
            return
        }
        switch found {
        case let row? where row.succeeded:
            try await context.record(
                .accepted(row.inferenceID, status: "found in the log", charge: row.charge, nextPoll: now), on: job)
        case _?:
            try await context.record(.foundUnbilled, on: job)
        case nil:
            let reason =
                age < context.configuration.lookupPatience
                ? "the request's answer was lost; the API's log does not show it yet, which proves nothing"
                : "the request's answer was lost and the API's log never showed it: look at the API's own pages, "
                    + "then say hotreel resolve \(job.id) --generation ID or --not-billed"
            try await context.record(
                .stillUnconfirmed(reason: reason, nextLookup: now.adding(Self.pause(age))), on: job)
        }
    }

    /// Pages through the log from a little before the POST until now.
    private func find(_ submission: Submission) async throws(PollError) -> RequestLogPage.Row? {
        let start = submission.started.addingTimeInterval(-600)
        let end = context.time.now().addingTimeInterval(600)
        var offset = 0
        while true {
            let page = try await context.client.requestLog(from: start, to: end, offset: offset)
            if let row = page.rows.first(where: { $0.clientRequestID == submission.clientRequestID.rawValue }) {
                return row
            }
            offset += page.rows.count
            guard page.hasMore, !page.rows.isEmpty else { return nil }
        }
    }

    /// The longer it has been, the longer until the next look: a tenth of the age, from ten seconds to an hour.
    private static func pause(_ age: Duration) -> Duration { min(max(age / 10, .seconds(10)), .seconds(3600)) }
}
