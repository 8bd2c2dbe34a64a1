import Foundation
import Jobs
import SystemPackage

/// The far end as the pipeline knows it. No method repeats a request by itself: what happens next is decided by whoever
/// keeps the ledger.
package protocol GenerationClient: Sendable {
    /// One POST, once. Never throws: every way it can end means something for the money.
    func submit(_ submission: OutgoingSubmission) async -> SubmissionOutcome

    func poll(_ id: GenerationID) async throws(PollError) -> GenerationUpdate

    /// One page of the vendor's request log, newest first. At most 92 days from `start` are looked through (AI/ML API), and whole
    /// seconds.
    /// - Parameter offset: rows to pass over: the `count`s of the pages before, added up.
    func requestLog(from start: Date, to end: Date, offset: Int) async throws(PollError) -> RequestLogPage

    /// What the account holds. An upper bound: what runs is charged when it ends.
    func balance() async throws(PollError) -> Balance

    /// Brings the result to `file`, whole and synced, and returns its length in bytes, at most `limit`. The key is never sent along.
    ///
    /// `file` may hold the beginning that an earlier try has brought, through whichever link. It is gone on from where the server
    /// can do that (`Range`, 206) and the last bytes held prove to be the same video's: some are asked for again and compared,
    /// so no validator needs remembering, which not every file system could. Otherwise the file is begun anew.
    ///
    /// After `interrupted` and `disk` the file keeps what has come, synced; `expired` and `addressRefused` leave it as it was;
    /// after `notAVideo` there is none. A second download to the same file at a time is `interrupted`.
    ///
    /// Redirects are followed up to five times, never in a circle, from https to http or to anything but a web address; and
    /// where the client does not allow private hosts, a link or redirect into a private network is refused, by what its name
    /// resolves to. That a body without a length has all come cannot be told from here: the caller probes the video.
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
    /// and 404, 405 or a redirect, which mean that `api.url` is wrong). An answer that names a charge or a generation at the
    /// same time is `unconfirmed`.
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
        /// The claimed files cannot be read: nothing was sent.
        case files
        /// The claimed files are no longer what was frozen: nothing was sent, and nothing ever will be.
        case changed
    }
    package let kind: Kind
    /// For people: what is wrong and what to do.
    package let message: String
    /// How long the API asks to be left alone, if it says.
    package let retryAfter: Duration?
    /// HTTP status; nil where there was no answer.
    package let status: Int?

    package init(kind: Kind, message: String, retryAfter: Duration? = nil, status: Int? = nil) {
        self.status = status
        self.kind = kind
        self.message = message
        self.retryAfter = retryAfter
    }
}

extension Trouble {
    /// Hotreel ends before it could ask.
    package static let stopped = Trouble(kind: .unreachable, message: "Hotreel was told to stop.")
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
        package enum Outcome: Hashable, Sendable {
            case succeeded
            /// Not billed (AI/ML API: failed rows cost zero).
            case failed
            /// Neither, in the vendor's spelling: perhaps still running, perhaps billed. Its generation can be asked about.
            case unknown(String)
        }
        package let clientRequestID: String?
        package let inferenceID: GenerationID
        package let outcome: Outcome
        package let created: Date?
        package let charge: Charge

        package init(
            clientRequestID: String?, inferenceID: GenerationID, outcome: Outcome, created: Date?, charge: Charge
        ) {
            self.clientRequestID = clientRequestID
            self.inferenceID = inferenceID
            self.outcome = outcome
            self.created = created
            self.charge = charge
        }

        package var succeeded: Bool { outcome == .succeeded }
    }
    package let rows: [Row]
    /// Rows the vendor gave, with those that could not be read and so are not in `rows`: the next page begins after so many.
    package let count: Int
    package let hasMore: Bool

    /// - Parameter count: nil where all rows could be read.
    package init(rows: [Row], count: Int? = nil, hasMore: Bool) {
        self.rows = rows
        self.count = count ?? rows.count
        self.hasMore = hasMore
    }
}

/// What an account holds.
package struct Balance: Hashable, Sendable {
    /// In `currency`; below zero where the account owes.
    package let amount: Double
    /// ISO 4217; AI/ML API: USD.
    package let currency: String
    package init(amount: Double, currency: String = "USD") {
        self.amount = amount
        self.currency = currency
    }
}

/// Why a video is not there yet. None of these costs anything, and what is paid for stays paid.
package enum DownloadError: Error, Hashable, Sendable {
    /// The link has run out or is refused (401, 403, 404, 410): ask the API for a new one, at no cost.
    case expired(status: Int)
    /// Try again later, from where it broke off: unreachable, cut, 5xx, too slow, wrong length.
    case interrupted(String)
    /// What arrives cannot be the video: HTML, nothing, more than the limit.
    case notAVideo(String)
    /// The disk would not take it, and why: no room, read-only, gone.
    case disk(String, code: Errno)
    /// The link leads where Hotreel does not go: into a private network, off the web, from https to http. Ask the API for a new
    /// one, at no cost; where the network is wanted, an admin allows it. The words name the host and the remedy.
    case addressRefused(String)
}

extension DownloadError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .expired(let status): "The video's link has run out (HTTP \(status))."
        case .interrupted(let why), .notAVideo(let why), .disk(let why, _), .addressRefused(let why): why
        }
    }
}
