import Foundation

/// One video to be made: its drop, the frozen request and where it stands. A value; only `applying` changes it.
package struct Job: Hashable, Sendable {
    package let id: JobID
    package let drop: Drop
    /// nil where the drop was refused, so that there is nothing to send.
    package let request: GenerationRequest?
    /// Output name without `.mp4`, as wished; the delivered video knows the one it got.
    package let wishedName: String
    /// 0…9, higher first.
    package let priority: Int
    /// Equal for jobs that ask for the same video: the same pictures, the same request, the same variation of it. nil where
    /// nothing may be reused: asked anew on purpose, or a picture that only the API sees.
    package let fingerprint: String?
    package let created: Date

    package internal(set) var state: JobState
    /// Grows by one with each transition; a store writes only over the version it was given.
    package internal(set) var version: Int
    /// POSTs that were or may have been taken by the API.
    package internal(set) var attempts: Int
    /// When the next step is due. Ended jobs keep their last.
    package internal(set) var due: Date
    /// Why the job waits, for people; nil while all goes well.
    package internal(set) var reason: String?
    package internal(set) var updated: Date

    /// A job as a store read it. New ones come from `queued`, `held` and `rejected`.
    package init(
        id: JobID, drop: Drop, request: GenerationRequest?, wishedName: String, priority: Int,
        fingerprint: String? = nil, created: Date, state: JobState, version: Int, attempts: Int, due: Date,
        reason: String?, updated: Date
    ) {
        self.id = id
        self.drop = drop
        self.request = request
        self.wishedName = wishedName
        self.priority = priority
        self.fingerprint = fingerprint
        self.created = created
        self.state = state
        self.version = version
        self.attempts = attempts
        self.due = due
        self.reason = reason
        self.updated = updated
    }

    /// A claimed drop that may be sent, or waits for a person first.
    package static func queued(
        _ id: JobID, drop: Drop, request: GenerationRequest, name: String, priority: Int, held: Bool,
        fingerprint: String? = nil, at now: Date
    ) -> Job {
        Job(
            id: id, drop: drop, request: request, wishedName: name, priority: priority, fingerprint: fingerprint,
            created: now, state: held ? .held(Hold(reason: .person)) : .queued, version: 1, attempts: 0,
            due: held ? .distantFuture : now,
            reason: held ? "held by its sidecar until somebody releases it" : nil, updated: now)
    }

    /// A drop that cannot be sent. It costs nothing and stands in the ledger so that nobody wonders where it went.
    package static func rejected(
        _ id: JobID, drop: Drop, name: String, failure: Failure, at now: Date
    ) -> Job {
        Job(
            id: id, drop: drop, request: nil, wishedName: name, priority: 5, created: now,
            state: .failed(failure, .rejected), version: 1, attempts: 0, due: now, reason: failure.message, updated: now
        )
    }

    /// Output name without `.mp4`: the one the video got, else the one wished for.
    package var name: String {
        switch state {
        case .delivered(_, let video): video.name
        case .generated(_, let video): video.downloaded?.name ?? wishedName
        case .reusing(let reuse): reuse.downloaded?.name ?? wishedName
        default: wishedName
        }
    }

    /// The id under which this job's next POST goes out. Each version can start one POST at most, so none has it twice.
    package var nextClientRequestID: ClientRequestID { .attempt(version, of: id) }
}
