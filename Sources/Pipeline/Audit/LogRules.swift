import Jobs
import VideoAPI

/// What the API's log says of a request of ours, held against the ledger.
enum LogRules {
    /// - Parameters:
    ///   - job: whose request it is by its id; nil where the ledger has no such job.
    ///   - history: the job's, to its last step.
    static func findings(
        _ row: RequestLogPage.Row, request: String, job: Job?, history: [HistoryEntry]
    ) -> [AuditFinding] {
        guard let job else {
            return [
                AuditFinding(
                    .otherRequest,
                    "The API's log has request \(request), generation \(row.inferenceID), of a job this ledger does not know.",
                    remedy:
                        "Nothing need be done where another Hotreel has the same key. If the ledger was replaced, it was made before."
                )
            ]
        }
        guard history.contains(where: { $0.event == JobEvent.Name.submissionStarted.rawValue && $0.detail == request })
        else {
            return [
                AuditFinding(
                    .postUnknown, job: job.id,
                    "The API's log has request \(request) of \(job.place), which the ledger never recorded\(isPaid(row) ? ", and it was charged" : "").",
                    remedy:
                        "The ledger was put back to an older copy, or another Hotreel works with one. Generation \(row.inferenceID) "
                        + "can be had on the API's own pages.")
            ]
        }
        let isKnown =
            job.state.generation?.id == row.inferenceID
            || history.contains {
                $0.event == JobEvent.Name.accepted.rawValue && $0.detail == row.inferenceID.rawValue
            }
        return isKnown ? known(row, job) : unknown(row, request, job, history)
    }

    private static func isPaid(_ row: RequestLogPage.Row) -> Bool {
        switch row.outcome {
        case .succeeded: true
        case .failed: false
        case .unknown: (row.charge.credits ?? 0) > 0 || (row.charge.usd ?? 0) > 0
        }
    }

    private static func known(_ row: RequestLogPage.Row, _ job: Job) -> [AuditFinding] {
        func differs(_ message: String) -> [AuditFinding] {
            [
                AuditFinding(
                    .logDiffers, job: job.id, message,
                    remedy: "Compare generation \(row.inferenceID) with the API's own pages.")
            ]
        }
        let isCurrent = job.state.generation?.id == row.inferenceID
        let isCharged = isCurrent && job.state.generation?.completed != nil
        if isPaid(row), !isCurrent || job.isFailedUnpaid {
            return [
                AuditFinding(
                    .paidFailed, job: job.id,
                    "The API's log has generation \(row.inferenceID) of \(job.place) as made and charged, and the ledger as failed and unpaid.",
                    remedy:
                        "Look for it on the API's own pages: the video may be had there, or the money be asked back.")
            ]
        }
        if row.outcome == .failed, isCharged {
            return differs(
                "The API's log has the generation of \(job.place) as failed and not charged, and the ledger as completed."
            )
        }
        if isCharged, let told = row.charge.credits, let held = job.state.generation?.charge.credits, told > 0,
            abs(told - held) >= 1
        {
            return differs(
                "The API's log has \(job.place) charged with \(told.credits), and the ledger with \(held.credits).")
        }
        return []
    }

    private static func unknown(
        _ row: RequestLogPage.Row, _ request: String, _ job: Job, _ history: [HistoryEntry]
    ) -> [AuditFinding] {
        // Not billed, so nothing hangs on its generation.
        if row.outcome == .failed { return [] }
        let isOpen = job.state.submission?.clientRequestID.rawValue == request
        if isOpen, job.state.name == .unconfirmed || job.state.name == .submitting {
            return [
                AuditFinding(
                    .lookUpPending, job: job.id,
                    "The API's log has the request of \(job.place) whose answer was lost, as generation \(row.inferenceID).",
                    remedy: "Hotreel takes it over by itself at its next look, while it runs.")
            ]
        }
        // What is neither paid nor failed may still fail.
        guard isPaid(row) else { return [] }
        if wasGivenUp(request, history) {
            return [
                AuditFinding(
                    .paidAfterAll, job: job.id,
                    "Request \(request) of \(job.place) was given up as not billed, and it was: generation \(row.inferenceID).",
                    remedy: "The video can be had on the API's own pages under that id.")
            ]
        }
        if let generation = job.state.generation, !job.isFailedUnpaid {
            return [
                AuditFinding(
                    .paidTwice, job: job.id,
                    "\(job.place) was paid for twice: the ledger has generation \(generation.id), and the API's log has \(row.inferenceID) as well.",
                    remedy:
                        "The other video can be had on the API's own pages. Keep a copy of the state folder: this must not happen."
                )
            ]
        }
        return [
            AuditFinding(
                .paidUnknown, job: job.id,
                "The API's log has request \(request) of \(job.place) as charged, generation \(row.inferenceID), and the ledger does not know it; the job is \(job.state.name.rawValue).",
                remedy:
                    "The video can be had on the API's own pages under that id. Do not send the job again before you have looked."
            )
        ]
    }

    /// Whether somebody, or a setting that says what it risks, decided that this request was not billed.
    private static func wasGivenUp(_ request: String, _ history: [HistoryEntry]) -> Bool {
        guard
            let sent = history.lastIndex(where: {
                $0.event == JobEvent.Name.submissionStarted.rawValue && $0.detail == request
            })
        else { return false }
        let following = history[(sent + 1)...].prefix { $0.event != JobEvent.Name.submissionStarted.rawValue }
        let ends: Set<String> = [JobEvent.Name.foundUnbilled.rawValue, JobEvent.Name.resubmitted.rawValue]
        return following.contains { ends.contains($0.event) }
    }
}

extension Job {
    /// Whether the ledger takes what this job asked for last as not billed.
    var isFailedUnpaid: Bool {
        switch state {
        case .failed(_, .unpaid), .failed(_, .rejected): true
        default: false
        }
    }
}
