import Foundation

/// Something that happened to a job. The names are those of the history.
package enum JobEvent: Hashable, Sendable {
    case held(Hold)
    case released
    /// Another job has, or will have, the video of this very picture and request.
    case reuseFound(JobID)
    /// That job's video cannot be had after all.
    case reuseAbandoned(reason: String)
    /// About to POST under this id; recorded before the first byte is sent.
    /// `expected` is what it will cost by experience, in credits.
    case submissionStarted(ClientRequestID, expected: Double? = nil)
    /// Surely not accepted, and not the job's fault: it keeps its place and no attempt is counted.
    case submissionDeferred(reason: String, until: Date)
    /// A definite refusal, unbilled.
    case submissionRefused(Failure)
    /// The outcome is unknown, perhaps billed; `nextLookup` is when to search the vendor's log.
    case submissionUnconfirmed(reason: String, nextLookup: Date)
    /// The vendor has given an id: in its answer, or in its log.
    case accepted(GenerationID, status: String, charge: Charge, nextPoll: Date)
    case stillUnconfirmed(reason: String, nextLookup: Date)
    /// The vendor's log or a person says that the POST was not billed.
    case foundUnbilled
    /// The vendor's log shows that it failed, unbilled, and so often that sending it again is no use.
    case submissionFailed(Failure)
    /// Sent again though nobody knows whether it was billed: `api.resubmitUnconfirmed`.
    case resubmitted(reason: String)
    /// Still running, or the poll itself failed; `reason` says so to people.
    case polled(status: String?, reason: String?, nextPoll: Date)
    case completed(URL, charge: Charge)
    /// The API says that it could not; unbilled.
    case generationFailed(Failure)
    case linkExpired(reason: String, nextPoll: Date)
    /// Verified on disk beside its destination; the name is chosen, not yet taken.
    case downloaded(DeliveredVideo)
    case deliveryPostponed(reason: String, until: Date)
    case delivered(DeliveredVideo)
    case deliveryFailed(Failure)
    case cancelled
    case retried

    package enum Name: String, Hashable, Sendable, Codable, CaseIterable {
        case held
        case released
        case reuseFound = "reuse_found"
        case reuseAbandoned = "reuse_abandoned"
        case submissionStarted = "submission_started"
        case submissionDeferred = "submission_deferred"
        case submissionRefused = "submission_refused"
        case submissionUnconfirmed = "submission_unconfirmed"
        case accepted
        case stillUnconfirmed = "still_unconfirmed"
        case foundUnbilled = "found_unbilled"
        case submissionFailed = "submission_failed"
        case resubmitted
        case polled
        case completed
        case generationFailed = "generation_failed"
        case linkExpired = "link_expired"
        case downloaded
        case deliveryPostponed = "delivery_postponed"
        case delivered
        case deliveryFailed = "delivery_failed"
        case cancelled
        case retried

        /// Whether whoever records it goes on with the same step, so that nobody else may take the job up meanwhile.
        package var keepsLease: Bool { self == .downloaded }
    }

    package var name: Name {
        switch self {
        case .held: .held
        case .released: .released
        case .reuseFound: .reuseFound
        case .reuseAbandoned: .reuseAbandoned
        case .submissionStarted: .submissionStarted
        case .submissionDeferred: .submissionDeferred
        case .submissionRefused: .submissionRefused
        case .submissionUnconfirmed: .submissionUnconfirmed
        case .accepted: .accepted
        case .stillUnconfirmed: .stillUnconfirmed
        case .foundUnbilled: .foundUnbilled
        case .submissionFailed: .submissionFailed
        case .resubmitted: .resubmitted
        case .polled: .polled
        case .completed: .completed
        case .generationFailed: .generationFailed
        case .linkExpired: .linkExpired
        case .downloaded: .downloaded
        case .deliveryPostponed: .deliveryPostponed
        case .delivered: .delivered
        case .deliveryFailed: .deliveryFailed
        case .cancelled: .cancelled
        case .retried: .retried
        }
    }

    /// What the history says beside the name; nil where the name says it all.
    package var detail: String? {
        switch self {
        case .held(let hold): hold.words ?? hold.reason.rawValue
        case .reuseFound(let original): original.rawValue
        case .submissionStarted(let id, _): id.rawValue
        case .submissionDeferred(let reason, _), .submissionUnconfirmed(let reason, _),
            .stillUnconfirmed(let reason, _), .linkExpired(let reason, _), .deliveryPostponed(let reason, _),
            .reuseAbandoned(let reason), .resubmitted(let reason):
            reason
        case .submissionRefused(let failure), .submissionFailed(let failure), .generationFailed(let failure),
            .deliveryFailed(let failure):
            failure.message
        case .accepted(let id, _, _, _): id.rawValue
        case .polled(let status, let reason, _): reason ?? status
        case .downloaded(let video), .delivered(let video): video.name
        case .released, .foundUnbilled, .completed, .cancelled, .retried: nil
        }
    }
}
