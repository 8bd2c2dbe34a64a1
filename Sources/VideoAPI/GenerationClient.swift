import Foundation
import Jobs
import SystemPackage

/// The far end as the pipeline knows it. No method repeats a request by itself: what happens next is decided by whoever
/// keeps the ledger.
package protocol GenerationClient: Sendable {
    /// One POST, once. Never throws: every way it can end means something for the money.
    func submit(_ submission: OutgoingSubmission) async -> SubmissionOutcome

    func poll(_ id: GenerationID) async throws(PollError) -> GenerationUpdate

    /// One page of the vendor's request log, newest first.
    func requestLog(from start: Date, to end: Date, offset: Int) async throws(PollError) -> RequestLogPage

    /// Streams the result to `file`, which must not exist. The key is never sent along. Returns the bytes written, at most `limit`;
    /// the file is complete by its Content-Length, and synced.
    func download(_ url: URL, to file: FilePath, limit: Int) async throws(DownloadError) -> Int
}

/// What goes into one POST.
package struct OutgoingSubmission: Sendable {
    package let clientRequestID: ClientRequestID
    package let request: GenerationRequest
    /// The folder that holds the request's attachments.
    package let attachments: FilePath

    package init(clientRequestID: ClientRequestID, request: GenerationRequest, attachments: FilePath) {
        self.clientRequestID = clientRequestID
        self.request = request
        self.attachments = attachments
    }
}

/// How a POST ended, by what it means for the money.
package enum SubmissionOutcome: Hashable, Sendable {
    /// Billed or to be billed.
    case accepted(GenerationUpdate)
    /// Surely not taken: nothing was sent, or the answer says so and the request is not at fault (401, 402, 403, 429,
    /// and 404, 405 or a redirect, which mean that `api.url` is wrong).
    case notTaken(Trouble)
    /// Surely not taken, and the request is at fault (400, 413, 422, or 404 about the model): sending it again would
    /// end the same way.
    case refused(APIMessage)
    /// Anything else after the first byte went out. Perhaps billed.
    case unconfirmed(reason: String)
}

/// Trouble with the world, not with the job.
package struct Trouble: Error, Hashable, Sendable {
    package enum Kind: String, Hashable, Sendable {
        case unreachable, key, credit, rate, api
        /// The claimed files cannot be read, or are no longer what was frozen: nothing was sent.
        case files
    }
    package let kind: Kind
    /// For people: what is wrong and what to do.
    package let message: String
    /// How long the API asks to be left alone, if it says.
    package let retryAfter: Duration?

    package init(kind: Kind, message: String, retryAfter: Duration? = nil) {
        self.kind = kind
        self.message = message
        self.retryAfter = retryAfter
    }
}

/// The API's own words about an error, in one line of at most 2,000 characters.
package struct APIMessage: Hashable, Sendable {
    /// HTTP status; nil where the words came inside a successful answer.
    package let status: Int?
    package let text: String
    package init(status: Int?, text: String) {
        self.status = status
        self.text = text
    }
}

/// What an answer says about a generation.
package struct GenerationUpdate: Hashable, Sendable {
    package enum Phase: Hashable, Sendable {
        /// Queued, running, or a status nobody knows yet: still running either way.
        case running
        case completed(URL)
        case failed(APIMessage)
    }
    package let id: GenerationID
    /// In the vendor's spelling.
    package let status: String
    package let phase: Phase
    package let charge: Charge
    /// Something to tell people though work goes on: an unknown status, `completed` without a URL.
    package let remark: String?

    package init(id: GenerationID, status: String, phase: Phase, charge: Charge = Charge(), remark: String? = nil) {
        self.id = id
        self.status = status
        self.phase = phase
        self.charge = charge
        self.remark = remark
    }
}

/// A poll or look-up that brought no news. Never a job's failure.
package struct PollError: Error, Hashable, Sendable {
    package let trouble: Trouble
    package init(_ trouble: Trouble) { self.trouble = trouble }
}

package struct RequestLogPage: Hashable, Sendable {
    package struct Row: Hashable, Sendable {
        package let clientRequestID: String?
        package let inferenceID: GenerationID
        package let succeeded: Bool
        package let created: Date?
        package let charge: Charge

        package init(
            clientRequestID: String?, inferenceID: GenerationID, succeeded: Bool, created: Date?, charge: Charge
        ) {
            self.clientRequestID = clientRequestID
            self.inferenceID = inferenceID
            self.succeeded = succeeded
            self.created = created
            self.charge = charge
        }
    }
    package let rows: [Row]
    package let hasMore: Bool
    package init(rows: [Row], hasMore: Bool) {
        self.rows = rows
        self.hasMore = hasMore
    }
}

package enum DownloadError: Error, Hashable, Sendable {
    /// The link has run out or is refused (401, 403, 404, 410): ask the API for a new one, at no cost.
    case expired(status: Int)
    /// Try again later: unreachable, cut, 5xx, wrong length.
    case interrupted(String)
    /// What arrives cannot be the video: HTML, nothing, more than the limit.
    case notAVideo(String)
    /// The disk would not take it.
    case disk(String)
}
