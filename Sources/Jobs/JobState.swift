import Foundation

/// Where a job stands. What a state knows sits in the state, so `generating` cannot lack its generation id.
package enum JobState: Hashable, Sendable, Codable {
    /// The whole drop is claimed, the request validated and frozen; nothing spent by this attempt. Left by the Submitter.
    case queued
    /// Waits for a person or for the budget's next day. Left by a release.
    case held(Hold)
    /// Waits for, or copies, the video that another job of the same picture and request has or will have; costs nothing.
    /// Left by the Reuser.
    case reusing(Reuse)
    /// The intent is on disk; the POST may be under way. Left by the Submitter, after a crash by the Reconciler.
    case submitting(Submission)
    /// The POST's outcome is unknown, perhaps billed. Left by the Reconciler or a person, never by itself to `queued`.
    case unconfirmed(Submission)
    /// The vendor's id is on disk. Left by the Poller.
    case generating(Generation)
    /// The API has completed. Left by the Deliverer.
    case generated(Generation, GeneratedVideo)
    /// Video and receipt are in the outbox. Final.
    case delivered(Origin, DeliveredVideo)
    /// Final unless a person retries; a retry resumes where `progress` says and never pays twice silently.
    case failed(Failure, Progress)
    /// Final; only from states in which nothing is being billed.
    case cancelled

    /// The state without what it knows: the column in the ledger, the word in `hotreel jobs`.
    package enum Name: String, Hashable, Sendable, Codable, CaseIterable {
        case queued, held, reusing, submitting, unconfirmed, generating, generated, delivered, failed, cancelled

        /// Nothing moves the job on by itself any more.
        package var isEnded: Bool { self == .delivered || self == .failed || self == .cancelled }
    }

    package var name: Name {
        switch self {
        case .queued: .queued
        case .held: .held
        case .reusing: .reusing
        case .submitting: .submitting
        case .unconfirmed: .unconfirmed
        case .generating: .generating
        case .generated: .generated
        case .delivered: .delivered
        case .failed: .failed
        case .cancelled: .cancelled
        }
    }

    /// The POST this state stems from, if any.
    package var submission: Submission? {
        switch self {
        case .queued, .held, .reusing, .cancelled, .delivered(.reuse, _): nil
        case .submitting(let submission), .unconfirmed(let submission): submission
        case .generating(let generation), .generated(let generation, _), .delivered(.generation(let generation), _):
            generation.submission
        case .failed(_, let progress): progress.submission
        }
    }

    /// The paid (or about to be paid) generation this state stems from, if any.
    package var generation: Generation? {
        switch self {
        case .generating(let generation), .generated(let generation, _), .delivered(.generation(let generation), _):
            generation
        case .failed(_, let progress): progress.generation
        default: nil
        }
    }
}

package struct Hold: Hashable, Sendable, Codable {
    package enum Reason: String, Hashable, Sendable, Codable { case person, budget }
    package let reason: Reason
    /// When it ends by itself; nil where only a person ends it.
    package let until: Date?
    /// For people: whose budget is used up, and how far.
    package let words: String?

    package init(reason: Reason, until: Date? = nil, words: String? = nil) {
        self.reason = reason
        self.until = until
        self.words = words
    }
}

/// One POST to the create operation.
package struct Submission: Hashable, Sendable, Codable {
    package let clientRequestID: ClientRequestID
    package let started: Date
    /// Credits it is expected to cost, by what such requests have cost; nil where nobody asked.
    package let expected: Double?

    package init(clientRequestID: ClientRequestID, started: Date, expected: Double? = nil) {
        self.clientRequestID = clientRequestID
        self.started = started
        self.expected = expected
    }
}

/// Where a delivered video comes from.
package enum Origin: Hashable, Sendable {
    case generation(Generation)
    case reuse(Reuse)
}

/// A video that is not generated anew because another job has it or will have it.
package struct Reuse: Hashable, Sendable, Codable {
    /// The job that pays or has paid for it.
    package let original: JobID
    /// Set once the copy is verified on disk and its name chosen, before that name exists.
    package var downloaded: DeliveredVideo?

    package init(original: JobID, downloaded: DeliveredVideo? = nil) {
        self.original = original
        self.downloaded = downloaded
    }
}

extension Origin: Codable {
    /// A generation stands as itself, as it did before there was reuse.
    package init(from decoder: any Decoder) throws {
        if let reuse = try? Reuse(from: decoder) {
            self = .reuse(reuse)
        } else {
            self = .generation(try Generation(from: decoder))
        }
    }

    package func encode(to encoder: any Encoder) throws {
        switch self {
        case .generation(let generation): try generation.encode(to: encoder)
        case .reuse(let reuse): try reuse.encode(to: encoder)
        }
    }
}

/// A generation the vendor has accepted.
package struct Generation: Hashable, Sendable, Codable {
    package let id: GenerationID
    package let submission: Submission
    package let accepted: Date
    /// The vendor's last word on it, in the vendor's spelling.
    package var status: String
    package var completed: Date?
    package var charge: Charge

    package init(
        id: GenerationID, submission: Submission, accepted: Date, status: String, completed: Date? = nil,
        charge: Charge = Charge()
    ) {
        self.id = id
        self.submission = submission
        self.accepted = accepted
        self.status = status
        self.completed = completed
        self.charge = charge
    }
}

/// What the vendor says it charged; nil where it has not said.
package struct Charge: Hashable, Sendable, Codable {
    package var credits: Double?
    /// US dollars. 1 USD = 2,000,000 credits.
    package var usd: Double?

    package init(credits: Double? = nil, usd: Double? = nil) {
        self.credits = credits
        self.usd = usd
    }

    /// The newer word where there is one.
    package func updated(by newer: Charge) -> Charge {
        Charge(credits: newer.credits ?? credits, usd: newer.usd ?? usd)
    }
}

/// A result that can be fetched.
package struct GeneratedVideo: Hashable, Sendable, Codable {
    /// Signed, on another host, expires.
    package let url: URL
    /// Set once the video is verified on disk and its name chosen, before that name exists.
    package var downloaded: DeliveredVideo?

    package init(url: URL, downloaded: DeliveredVideo? = nil) {
        self.url = url
        self.downloaded = downloaded
    }
}

/// A verified video under its name in the outbox.
package struct DeliveredVideo: Hashable, Sendable, Codable {
    /// Output name without `.mp4`.
    package let name: String
    package let sha256: String
    package let bytes: Int
    package let facts: VideoFacts

    package init(name: String, sha256: String, bytes: Int, facts: VideoFacts) {
        self.name = name
        self.sha256 = sha256
        self.bytes = bytes
        self.facts = facts
    }
}

/// Why a job failed, for people.
package struct Failure: Hashable, Sendable, Codable {
    package enum Stage: String, Hashable, Sendable, Codable {
        /// The drop itself was at fault; nothing was sent.
        case intake
        /// The API refused the request; nothing was billed.
        case submit
        /// The API accepted and could not make the video; not billed.
        case generation
        /// The video is paid for and could not be brought home.
        case delivery
        /// Somebody gave it up before it was sent.
        case cancelled
        /// The files were in keeping and the ledger does not know them; nobody can tell whether they were paid for.
        case unknown
    }

    package let stage: Stage
    package let message: String
    package let problems: [Problem]

    package init(stage: Stage, message: String, problems: [Problem] = []) {
        self.stage = stage
        self.message = message
        self.problems = problems
    }
}

/// How far a failed job had come: where a retry resumes.
package enum Progress: Hashable, Sendable, Codable {
    /// The drop was not fit to send; only a new drop helps.
    case rejected
    /// Refused or failed unbilled: a retry submits anew. Knows the last POST and generation, if there were any.
    case unpaid(Submission?, Generation?)
    /// Paid for: a retry fetches, it never submits. Without a video where the API first completed and then no longer had
    /// its result: a retry asks for it again.
    case paid(Generation, GeneratedVideo?)

    var submission: Submission? {
        switch self {
        case .rejected: nil
        case .unpaid(let submission, let generation): generation?.submission ?? submission
        case .paid(let generation, _): generation.submission
        }
    }

    var generation: Generation? {
        switch self {
        case .rejected: nil
        case .unpaid(_, let generation): generation
        case .paid(let generation, _): generation
        }
    }
}
