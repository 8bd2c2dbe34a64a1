import Foundation
import Jobs
import Synchronization

/// A ledger on a bad day: between the pipeline and a real one.
final class TroubledStore: JobStore {
    enum Trouble: Sendable {
        /// Nothing can be written; what is there can be read.
        case readOnly
        /// Nothing can be read or written, as for a process that has ended.
        case dead
        /// So many writes fail, then all is well.
        case failing(writes: Int)
        /// It dies at the write after so many, before or after that write is durable.
        case dying(writes: Int, after: Bool)
    }

    private let store: any JobStore
    private let trouble = Mutex<Trouble?>(nil)
    private let refused = Mutex(0)

    init(_ store: any JobStore) { self.store = store }

    func set(_ trouble: Trouble?) { self.trouble.withLock { $0 = trouble } }
    var isDead: Bool { trouble.withLock { if case .dead = $0 { true } else { false } } }
    /// How many calls have met trouble.
    var refusals: Int { refused.withLock { $0 } }

    private enum Fate { case lives, fails, diesAfter }

    private func unavailable() -> JobStoreError {
        refused.withLock { $0 += 1 }
        return .unavailable("of the test's making")
    }

    private func read<Value: Sendable>(
        _ work: () async throws(JobStoreError) -> Value
    ) async throws(JobStoreError) -> Value {
        if isDead { throw unavailable() }
        return try await work()
    }

    private func write<Value: Sendable>(
        _ work: () async throws(JobStoreError) -> Value
    ) async throws(JobStoreError) -> Value {
        let fate: Fate = trouble.withLock { trouble in
            switch trouble {
            case nil: return .lives
            case .readOnly, .dead: return .fails
            case .failing(let writes):
                trouble = writes > 1 ? .failing(writes: writes - 1) : nil
                return .fails
            case .dying(let writes, let after):
                guard writes <= 0 else {
                    trouble = .dying(writes: writes - 1, after: after)
                    return .lives
                }
                trouble = .dead
                return after ? .diesAfter : .fails
            }
        }
        if fate == .fails { throw unavailable() }
        let value = try await work()
        if fate == .diesAfter { throw unavailable() }
        return value
    }

    func insert(_ jobs: [Job], leasedUntil: Date?) async throws(JobStoreError) {
        try await write { () async throws(JobStoreError) in try await store.insert(jobs, leasedUntil: leasedUntil) }
    }
    func replace(_ job: Job, with next: Job, event: HistoryEntry) async throws(JobStoreError) {
        try await write { () async throws(JobStoreError) in try await store.replace(job, with: next, event: event) }
    }
    func claimDue(
        _ state: JobState.Name, now: Date, leaseEnd: Date, limit: Int, without: Set<InboxName>
    ) async throws(JobStoreError) -> [Job] {
        try await write { () async throws(JobStoreError) in
            try await store.claimDue(state, now: now, leaseEnd: leaseEnd, limit: limit, without: without)
        }
    }
    func nextDue(_ state: JobState.Name, without: Set<InboxName>) async throws(JobStoreError) -> Date? {
        try await read { () async throws(JobStoreError) in try await store.nextDue(state, without: without) }
    }
    func endLeases() async throws(JobStoreError) {
        try await write { () async throws(JobStoreError) in try await store.endLeases() }
    }
    func endLeases(of drop: DropID) async throws(JobStoreError) {
        try await write { () async throws(JobStoreError) in try await store.endLeases(of: drop) }
    }
    func job(_ id: JobID) async throws(JobStoreError) -> Job? {
        try await read { () async throws(JobStoreError) in try await store.job(id) }
    }
    func jobs(of drop: DropID) async throws(JobStoreError) -> [Job] {
        try await read { () async throws(JobStoreError) in try await store.jobs(of: drop) }
    }
    func jobs(_ query: JobQuery) async throws(JobStoreError) -> [Job] {
        try await read { () async throws(JobStoreError) in try await store.jobs(query) }
    }
    func history(of id: JobID) async throws(JobStoreError) -> [HistoryEntry] {
        try await read { () async throws(JobStoreError) in try await store.history(of: id) }
    }
    func countsByInbox() async throws(JobStoreError) -> [InboxName: [JobState.Name: Int]] {
        try await read { () async throws(JobStoreError) in try await store.countsByInbox() }
    }
    func inFlight(unconfirmedSince date: Date) async throws(JobStoreError) -> Int {
        try await read { () async throws(JobStoreError) in try await store.inFlight(unconfirmedSince: date) }
    }
    func spending(since date: Date) async throws(JobStoreError) -> [FolderSpend] {
        try await read { () async throws(JobStoreError) in try await store.spending(since: date) }
    }
    func prices() async throws(JobStoreError) -> [PriceKey: Double] {
        try await read { () async throws(JobStoreError) in try await store.prices() }
    }
    func twins(of job: Job) async throws(JobStoreError) -> [Job] {
        try await read { () async throws(JobStoreError) in try await store.twins(of: job) }
    }
    func reusers(of job: Job) async throws(JobStoreError) -> [Job] {
        try await read { () async throws(JobStoreError) in try await store.reusers(of: job) }
    }
    func closedGates() async throws(JobStoreError) -> [ClosedGate] {
        try await read { () async throws(JobStoreError) in try await store.closedGates() }
    }
    func setClosedGates(_ gates: [ClosedGate]) async throws(JobStoreError) {
        try await write { () async throws(JobStoreError) in try await store.setClosedGates(gates) }
    }
    func hasten(_ state: JobState.Name, to now: Date) async throws(JobStoreError) {
        try await write { () async throws(JobStoreError) in try await store.hasten(state, to: now) }
    }
    func shiftDue(by shift: Duration) async throws(JobStoreError) {
        try await write { () async throws(JobStoreError) in try await store.shiftDue(by: shift) }
    }
    func lastChange() async throws(JobStoreError) -> Date? {
        try await read { () async throws(JobStoreError) in try await store.lastChange() }
    }
    func markSettled(_ drop: DropID) async throws(JobStoreError) {
        try await write { () async throws(JobStoreError) in try await store.markSettled(drop) }
    }
    func unsettled() async throws(JobStoreError) -> [Job] {
        try await read { () async throws(JobStoreError) in try await store.unsettled() }
    }
    func endedUnsettled() async throws(JobStoreError) -> [Job] {
        try await read { () async throws(JobStoreError) in try await store.endedUnsettled() }
    }
}
