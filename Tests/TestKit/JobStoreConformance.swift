import Foundation
import Jobs

/// What any ledger must do, whatever database is behind it. A store's tests run every rule, each on a fresh empty store:
///
///     @Test(arguments: JobStoreConformance.allCases)
///     func `keeps the rule`(_ rule: JobStoreConformance) async throws { try await rule.check(makeStore()) }
package enum JobStoreConformance: String, CaseIterable, Sendable, CustomStringConvertible {
    case insertsAllOrNone = "the jobs of one drop are inserted all or none"
    case keepsEveryState = "every state comes back as it was written"
    case replacesOnlyWhatItKnows = "a write over another version or state loses the race"
    case oneRacerWins = "of 200 concurrent writes over one job exactly one wins"
    case racersKeepApart = "200 jobs moved at once by two racers each move once"
    case appendsHistory = "each transition is one line of history, a refused one none"
    case leases = "a claimed job is nobody else's until its lease ends"
    case claimsInOrder = "the higher priority is claimed first, then what has been due longest"
    case concurrentClaims = "concurrent claims never hand out one job twice"
    case nextDue = "the next due time is the earliest at which a job may be claimed"
    case uniqueGeneration = "a generation belongs to one job for ever"
    case uniqueClientRequest = "a client request id is used once, even by the job that used it"
    case spend = "spend counts what completed since a date"
    case counts = "counts and jobs in flight follow the jobs"
    case settling = "a settled drop is not healed again, unless a job of it is retried"
    case lists = "jobs are listed newest first, narrowed and paged"

    package var description: String { rawValue }

    /// Throws `Nonconformance` if the store breaks this rule. The store must be empty.
    package func check(_ store: any JobStore) async throws {
        switch self {
        case .insertsAllOrNone: try await checkInsertion(store)
        case .keepsEveryState: try await checkRoundTrips(store)
        case .replacesOnlyWhatItKnows: try await checkCompareAndSet(store)
        case .oneRacerWins: try await checkOneWinner(store)
        case .racersKeepApart: try await checkRacers(store)
        case .appendsHistory: try await checkHistory(store)
        case .leases: try await checkLeases(store)
        case .claimsInOrder: try await checkClaimOrder(store)
        case .concurrentClaims: try await checkConcurrentClaims(store)
        case .nextDue: try await checkNextDue(store)
        case .uniqueGeneration: try await checkUniqueGeneration(store)
        case .uniqueClientRequest: try await checkUniqueClientRequest(store)
        case .spend: try await checkSpend(store)
        case .counts: try await checkCounts(store)
        case .settling: try await checkSettling(store)
        case .lists: try await checkLists(store)
        }
    }
}

/// A rule of the ledger that a store does not keep.
package struct Nonconformance: Error, CustomStringConvertible {
    package let description: String
}

/// Throws if two values differ.
func require<Value: Equatable>(_ value: Value, is expected: Value, _ what: String, line: Int = #line) throws {
    if value != expected {
        throw Nonconformance(description: "\(what): \(value), expected \(expected) (line \(line))")
    }
}

/// Throws unless `work` fails with an error that `matches`.
func requireFailure(
    _ what: String, _ matches: (JobStoreError) -> Bool, line: Int = #line,
    _ work: () async throws(JobStoreError) -> Void
) async throws {
    do {
        try await work()
    } catch {
        if matches(error) { return }
        throw Nonconformance(description: "\(what) failed with “\(error)” (line \(line))")
    }
    throw Nonconformance(description: "\(what) was allowed (line \(line))")
}

extension JobStoreError {
    var isViolation: Bool { if case .violated = self { true } else { false } }
    var isLostRace: Bool { if case .lostRace = self { true } else { false } }
}

extension JobStore {
    /// Inserts a fresh job and leads it to the state of `sample` by the same events.
    func lead(_ number: Int, _ events: [JobEvent.Name], priority: Int = 5, at now: Date = .sample) async throws -> Job {
        var job = Job.sample(.queued, number, priority: priority, at: now)
        try await insert([job])
        for event in events { job = try await record(.sample(event, number, at: now), on: job, at: now) }
        return job
    }
}
