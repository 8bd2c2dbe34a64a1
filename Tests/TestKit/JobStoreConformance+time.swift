import Foundation
import Jobs

extension JobStoreConformance {
    private var now: Date { .sample }

    func checkHolds(_ store: any JobStore) async throws {
        let person = Job.queued(
            .sample(1), drop: .sample(1), request: .sample, name: "shot1", priority: 9, held: true, at: now)
        try await store.insert([person])
        func claim(_ state: JobState.Name = .held, at date: Date) async throws -> [JobID] {
            try await store.claimDue(state, now: date, leaseEnd: date + 30, limit: 5).map(\.id)
        }
        try require(try await store.job(person.id), is: person, "a job that waits for a person")
        try require(try await store.nextDue(.held), is: nil, "the due time of a job that waits for a person")
        try require(try await claim(at: now + 1e9), is: [], "claims of it a generation later")

        let budget = try await store.lead(2, [.held])
        try require(try await store.job(budget.id), is: budget, "a job that waits for the budget")
        try require(try await store.nextDue(.held), is: now + 60, "the end of its hold")
        try require(try await claim(at: now + 59), is: [], "claims before the hold ends")
        try require(try await claim(at: now + 60), is: [budget.id], "claims when the hold ends")
        try require(try await store.nextDue(.held), is: now + 90, "the end of the lease on it")
        try await store.record(.released, on: budget, at: now + 61)
        try require(try await claim(.queued, at: now + 61), is: [budget.id], "claims of a job that was released")
        try require(try await store.nextDue(.held), is: nil, "the due time when only the other one is held")

        let reusing = try await store.lead(3, [.reuseFound])
        try require(try await claim(.reusing, at: now), is: [reusing.id], "claims of a reusing job")
        try await store.record(.sample(.deliveryPostponed), on: reusing, at: now)
        try require(try await store.nextDue(.reusing), is: now + 60, "the due time of a postponed reuse")
    }

    func checkShift(_ store: any JobStore) async throws {
        let queued = try await store.lead(1, [])
        let moving = [
            queued, try await store.lead(2, [.submissionStarted]),
            try await store.lead(3, [.submissionStarted, .submissionUnconfirmed]),
            try await store.lead(4, [.submissionStarted, .accepted]),
            try await store.lead(5, [.submissionStarted, .accepted, .completed]),
            try await store.lead(6, [.reuseFound]),
        ]
        let person = Job.queued(
            .sample(7), drop: .sample(7), request: .sample, name: "shot7", priority: 5, held: true, at: now)
        try await store.insert([person])
        let staying = [
            person, try await store.lead(8, [.held]), try await store.lead(9, [.cancelled]),
            try await store.lead(10, [.submissionStarted, .submissionRefused]),
        ]
        _ = try await store.claimDue(.queued, now: now, leaseEnd: now + 30, limit: 1)

        let day: Double = 86_400
        try await store.shiftDue(by: .seconds(day))
        for job in moving {
            try require(
                try await store.job(job.id)?.due, is: job.due + day, "the due time of a job in \(job.state.name)")
        }
        for job in staying { try require(try await store.job(job.id), is: job, "a job in \(job.state.name)") }
        try require(try await store.nextDue(.queued), is: now + day + 30, "the end of a lease")
        try require(try await store.nextDue(.held), is: now + 60, "the end of a hold, which the calendar tells")
        try require(try await store.history(of: queued.id).count, is: 1, "lines of history")

        try await store.shiftDue(by: .milliseconds(-1_500))
        try require(try await store.job(queued.id)?.due, is: now + day - 1.5, "the due time after a second shift")
        try await store.shiftDue(by: .milliseconds(1_500) - .seconds(day))
        for job in moving { try require(try await store.job(job.id), is: job, "a job that was moved to and fro") }
        try await store.shiftDue(by: .zero)
        try await store.record(.sample(.submissionStarted), on: queued, at: now)
    }

    func checkHastening(_ store: any JobStore) async throws {
        let waiting = try await store.lead(1, [.submissionStarted, .accepted, .completed])
        let later = try await store.record(
            .deliveryPostponed(reason: "the inbox is away", until: now + 300), on: waiting, at: now)
        let polled = try await store.lead(2, [.submissionStarted, .accepted])
        try await store.hasten(.generated, to: now + 10)
        try require(try await store.job(later.id)?.due, is: now + 10, "the due time of what was hastened")
        try require(try await store.job(polled.id)?.due, is: polled.due, "the due time of a job in another state")
        try await store.hasten(.generated, to: now + 20)
        try require(try await store.job(later.id)?.due, is: now + 10, "the due time of what was due before")
        try await store.record(
            .deliveryPostponed(reason: "again", until: now + 300), on: later, at: now + 11)
    }

    func checkLastChange(_ store: any JobStore) async throws {
        try require(try await store.lastChange(), is: nil, "the last change of an empty ledger")
        let job = try await store.lead(1, [])
        try require(try await store.lastChange(), is: now, "the last change after an insertion")
        let held = try await store.record(.sample(.held), on: job, at: now + 5)
        try require(try await store.lastChange(), is: now + 5, "the last change after a transition")
        try await requireFailure("a write over an old version", \.isLostRace) { () throws(JobStoreError) in
            try await store.record(.cancelled, on: job, at: now + 9)
        }
        _ = try await store.claimDue(.held, now: now + 100, leaseEnd: now + 200, limit: 1)
        try await store.shiftDue(by: .seconds(3))
        try require(try await store.lastChange(), is: now + 5, "the last change after what is no transition")
        try await store.record(.released, on: held, at: now - 100)
        try require(try await store.lastChange(), is: now - 100, "the last change after the clock was set back")
    }

    func checkGates(_ store: any JobStore) async throws {
        try require(try await store.closedGates(), is: [], "closed gates of a new ledger")
        let credit = ClosedGate(gate: .credit, since: now + 5, reason: "the account is empty. Top it up")
        let outbox = ClosedGate(gate: .outbox, since: now, reason: "“/mnt/out” is not mounted")
        try await store.setClosedGates([credit, outbox])
        try require(try await store.closedGates(), is: [credit, outbox], "closed gates")
        let later = ClosedGate(gate: .outbox, since: now, reason: "it is read-only now")
        try await store.setClosedGates([later])
        try require(try await store.closedGates(), is: [later], "closed gates written anew")
        try await store.setClosedGates(Gate.allCases.map { ClosedGate(gate: $0, since: now, reason: "why") })
        try require(try await store.closedGates().map(\.gate), is: Gate.allCases, "all gates")
        try await store.setClosedGates([])
        try require(try await store.closedGates(), is: [], "gates that were opened")
    }
}
