import Foundation

/// The ledger: every job, where it stands, and how it got there. Whatever a call returns from is durable.
package protocol JobStore: Sendable {
    /// Adds the jobs of one drop, all or none, each with its first history entry; leased until then, if at all, because
    /// their files are not yet where a step would look for them.
    func insert(_ jobs: [Job], leasedUntil: Date?) async throws(JobStoreError)

    /// Writes `next` over `job` if the ledger still holds `job`'s version and state, appends the history entry in the
    /// same transaction and ends the job's lease, unless the event's `keepsLease`; else throws `.lostRace`.
    func replace(_ job: Job, with next: Job, event: HistoryEntry) async throws(JobStoreError)

    /// Jobs in `state` due by `now` and leased to nobody, highest priority first, then longest due; leased until `leaseEnd`.
    /// Those of the inboxes in `without` are passed over.
    func claimDue(
        _ state: JobState.Name, now: Date, leaseEnd: Date, limit: Int, without: Set<InboxName>
    ) async throws(JobStoreError) -> [Job]

    /// The earliest time at which such a `claimDue` will find a job in `state`: it is due, and its lease, if it has one, is over. So a job
    /// whose step could not be recorded is taken up again. nil when there is none, or none that is ever due by itself.
    func nextDue(_ state: JobState.Name, without: Set<InboxName>) async throws(JobStoreError) -> Date?

    /// Ends every lease: this process has just started, so nobody works on anything.
    func endLeases() async throws(JobStoreError)
    /// Ends the leases on a drop's jobs: they may be worked on.
    func endLeases(of drop: DropID) async throws(JobStoreError)

    func job(_ id: JobID) async throws(JobStoreError) -> Job?
    func jobs(of drop: DropID) async throws(JobStoreError) -> [Job]
    /// Newest first.
    func jobs(_ query: JobQuery) async throws(JobStoreError) -> [Job]
    /// Oldest first.
    func history(of id: JobID) async throws(JobStoreError) -> [HistoryEntry]
    /// How many jobs of each inbox are in each state; every inbox that ever had one is told of.
    func countsByInbox() async throws(JobStoreError) -> [InboxName: [JobState.Name: Int]]
    /// How many jobs are with the vendor or may be: submitting, generating, and those unconfirmed whose POST was started
    /// since `date`; what was lost longer ago has surely ended there.
    func inFlight(unconfirmedSince date: Date) async throws(JobStoreError) -> Int

    /// What jobs whose POST was started since `date` cost (`JobState.cost`), by inbox and top-level folder, in order of their names.
    func spending(since date: Date) async throws(JobStoreError) -> [FolderSpend]
    /// Credits of the last charge for each kind of video.
    func prices() async throws(JobStoreError) -> [PriceKey: Double]
    /// Other jobs with `job`'s fingerprint whose video it could have: submitting, unconfirmed, generating, generated or
    /// delivered ones, and queued ones claimed before it. Those with a video first, then the oldest first; at most ten.
    func twins(of job: Job) async throws(JobStoreError) -> [Job]

    /// Jobs that wait for the video of `job`, or of one that asks for the same.
    func reusers(of job: Job) async throws(JobStoreError) -> [Job]

    /// The gates that are closed, as last written; what `hotreel status` tells.
    func closedGates() async throws(JobStoreError) -> [ClosedGate]
    func setClosedGates(_ gates: [ClosedGate]) async throws(JobStoreError)

    /// Moves every due time and lease of jobs that are not held or ended, because the calendar's clock was set.
    func shiftDue(by shift: Duration) async throws(JobStoreError)
    /// Makes every job in `state` that would be due later due at `now`, because what it waited for has come.
    func hasten(_ state: JobState.Name, to now: Date) async throws(JobStoreError)
    /// The time of the history entry written last, which need not be the latest: the clock may have been set back since.
    /// nil in an empty ledger.
    func lastChange() async throws(JobStoreError) -> Date?

    /// Notes that a drop's claim folder is empty and gone, so that start-up need not look at it again. When a job of it is
    /// retried, `replace` takes the note back.
    func markSettled(_ drop: DropID) async throws(JobStoreError)
    /// Jobs of drops not yet marked settled, ended or not: what start-up must heal.
    func unsettled() async throws(JobStoreError) -> [Job]
    /// Those of them that have ended: their files could not be given back, or another process ended them.
    func endedUnsettled() async throws(JobStoreError) -> [Job]
}

extension JobStore {
    package func insert(_ jobs: [Job]) async throws(JobStoreError) { try await insert(jobs, leasedUntil: nil) }

    package func claimDue(
        _ state: JobState.Name, now: Date, leaseEnd: Date, limit: Int
    ) async throws(JobStoreError) -> [Job] {
        try await claimDue(state, now: now, leaseEnd: leaseEnd, limit: limit, without: [])
    }

    package func nextDue(_ state: JobState.Name) async throws(JobStoreError) -> Date? {
        try await nextDue(state, without: [])
    }

    /// Of all inboxes together.
    package func counts() async throws(JobStoreError) -> [JobState.Name: Int] {
        try await countsByInbox().values.reduce(into: [:]) { sum, counts in sum.merge(counts, uniquingKeysWith: +) }
    }

    /// Applies `event` to `job` and makes it durable.
    @discardableResult
    package func record(_ event: JobEvent, on job: Job, at now: Date) async throws(JobStoreError) -> Job {
        let next: Job
        do {
            next = try job.applying(event, at: now)
        } catch {
            throw .illegal(error)
        }
        try await replace(
            job, with: next,
            event: HistoryEntry(at: now, event: event.name.rawValue, state: next.state.name, detail: event.detail))
        return next
    }
}

/// One line of a job's history.
package struct HistoryEntry: Hashable, Sendable, Codable {
    package let at: Date
    /// A `JobEvent.Name`, or `claimed` / `rejected` for the first.
    package let event: String
    /// The state after it.
    package let state: JobState.Name
    package let detail: String?

    package init(at: Date, event: String, state: JobState.Name, detail: String? = nil) {
        self.at = at
        self.event = event
        self.state = state
        self.detail = detail
    }

    /// The entry a job begins with.
    package static func first(of job: Job) -> HistoryEntry {
        HistoryEntry(
            at: job.created, event: job.request == nil ? "rejected" : "claimed", state: job.state.name,
            detail: job.reason)
    }
}

/// Which jobs to list.
package struct JobQuery: Hashable, Sendable {
    package var states: Set<JobState.Name>
    package var inboxes: Set<InboxName>
    package var folder: FileName?
    /// Only jobs older than this one: the page after it.
    package var before: JobID?
    package var limit: Int?

    /// Every job, unless narrowed. Empty `states` and `inboxes` mean all.
    package init(
        states: Set<JobState.Name> = [], inboxes: Set<InboxName> = [], folder: FileName? = nil, before: JobID? = nil,
        limit: Int? = nil
    ) {
        self.states = states
        self.inboxes = inboxes
        self.folder = folder
        self.before = before
        self.limit = limit
    }
}

package enum JobStoreError: Error, Hashable, CustomStringConvertible {
    /// Somebody else moved the job on; drop what you were doing.
    case lostRace(JobID)
    case illegal(IllegalTransition)
    /// A rule of the ledger was broken, such as a second job with the same generation id.
    case violated(String)
    /// The ledger cannot be read or written now: disk full, locked, gone.
    case unavailable(String)
    /// The ledger was written by a newer Hotreel, or is not a ledger.
    case unusable(String)

    package var description: String {
        switch self {
        case .lostRace(let id): "job \(id) was moved on by somebody else"
        case .illegal(let transition): transition.description
        case .violated(let rule): "the ledger refused a write: \(rule)"
        case .unavailable(let why): "the ledger cannot be written now: \(why)"
        case .unusable(let why): "the ledger cannot be used: \(why)"
        }
    }
}
