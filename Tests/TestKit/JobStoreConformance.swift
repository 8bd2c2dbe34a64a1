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
    case holds = "a held job is due when its hold ends, one that waits for a person never"
    case shift = "a clock that was set moves due times and leases and nothing else"
    case hasten = "what waits in a state is due at once when it is hastened, and nothing else"
    case lastChange = "the last change is the one written last, whatever the clock says"
    case spending = "spending counts what was started since a date, by top-level folder, charged or expected"
    case prices = "the price of each kind of video is that of its last charge"
    case twins = "twins are those whose video a job could have, the delivered ones first"
    case inboxes = "jobs know their inbox, and are claimed, counted, listed and summed up by it"
    case inFlight = "jobs in flight are those with the vendor, and the lost ones of late"
    case gates = "closed gates are those written last"
    case counts = "counts follow the jobs"
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
        case .holds: try await checkHolds(store)
        case .shift: try await checkShift(store)
        case .hasten: try await checkHastening(store)
        case .lastChange: try await checkLastChange(store)
        case .spending: try await checkSpending(store)
        case .prices: try await checkPrices(store)
        case .twins: try await checkTwins(store)
        case .inboxes: try await checkInboxes(store)
        case .inFlight: try await checkInFlight(store)
        case .gates: try await checkGates(store)
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
    func lead(
        _ number: Int, _ events: [JobEvent.Name], folder: FileName = "portraits", priority: Int = 5,
        fingerprint: String? = nil, at now: Date = .sample
    ) async throws -> Job {
        let job = Job.sample(
            .queued, number, drop: .sample(number, folder: folder), priority: priority, fingerprint: fingerprint,
            at: now)
        try await insert([job])
        return try await lead(job, number, events, at: now)
    }

    /// Leads a job on by `events`.
    @discardableResult
    func lead(_ job: Job, _ number: Int, _ events: [JobEvent.Name], at now: Date = .sample) async throws -> Job {
        var job = job
        for event in events { job = try await record(.sample(event, number, at: now), on: job, at: now) }
        return job
    }
}
