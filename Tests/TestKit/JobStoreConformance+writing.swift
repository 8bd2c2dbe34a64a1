import Foundation
import Jobs

extension JobStoreConformance {
    func checkInsertion(_ store: any JobStore) async throws {
        let drop = Drop.sample(1)
        let jobs = (1...3).map { Job.sample(.queued, $0, drop: drop) }
        try await store.insert(jobs)
        try require(try await store.jobs(of: drop.id), is: jobs, "the drop's jobs")
        try require(
            try await store.history(of: jobs[0].id),
            is: [HistoryEntry(at: jobs[0].created, event: "claimed", state: .queued)], "the first line of history")

        let second = Drop.sample(9)
        try await requireFailure("inserting a job that exists", \.isViolation) { () throws(JobStoreError) in
            try await store.insert([.sample(.queued, 4, drop: second), .sample(.queued, 2, drop: second)])
        }
        try require(try await store.jobs(of: second.id), is: [], "jobs of a drop that was refused")
        try require(try await store.history(of: .sample(4)), is: [], "history of a job that was refused")
        try await store.insert([])
    }

    func checkRoundTrips(_ store: any JobStore) async throws {
        let jobs = Job.samplesOfEveryState()
        for job in jobs {
            // Its first history line is that of a job which begins in this state.
            let begun = Job(
                id: job.id, drop: job.drop, request: job.request, wishedName: job.wishedName, priority: job.priority,
                fingerprint: "of \(job.id)", created: job.created, state: job.state, version: job.version,
                attempts: job.attempts, due: job.due,
                reason: job.reason, updated: job.updated)
            try await store.insert([begun])
            try require(try await store.job(job.id), is: begun, "a job in \(job.state.name)")
        }
        try require(try await store.jobs(JobQuery()).count, is: jobs.count, "jobs in the ledger")
        try require(try await store.job(.sample(99)), is: nil, "a job that was never inserted")
    }

    func checkCompareAndSet(_ store: any JobStore) async throws {
        let queued = try await store.lead(1, [])
        let held = try await store.record(.held(Hold(reason: .person)), on: queued, at: .sample + 1)
        try require(try await store.job(queued.id), is: held, "the job after a transition")
        try await requireFailure("a write over an old version", \.isLostRace) { () throws(JobStoreError) in
            try await store.record(.cancelled, on: queued, at: .sample + 2)
        }
        let disguised = Job(
            id: held.id, drop: held.drop, request: held.request, wishedName: held.wishedName, priority: held.priority,
            created: held.created, state: .queued, version: held.version, attempts: 0, due: held.due, reason: nil,
            updated: held.updated)
        try await requireFailure("a write over another state", \.isLostRace) { () throws(JobStoreError) in
            try await store.record(.cancelled, on: disguised, at: .sample + 2)
        }
        try await requireFailure("a write over a job that is not there", \.isLostRace) { () throws(JobStoreError) in
            try await store.record(.cancelled, on: .sample(.queued, 2), at: .sample + 2)
        }
        try await requireFailure(
            "an event that cannot happen", { if case .illegal = $0 { true } else { false } }
        ) { () throws(JobStoreError) in
            try await store.record(.retried, on: held, at: .sample + 2)
        }
        try require(try await store.job(queued.id), is: held, "the job after refused writes")
        try require(try await store.history(of: queued.id).count, is: 2, "lines of history after refused writes")
    }

    func checkOneWinner(_ store: any JobStore) async throws {
        let job = try await store.lead(1, [])
        let winners = try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 1...200 {
                group.addTask {
                    do {
                        try await store.record(.sample(.submissionStarted), on: job, at: .sample)
                        return true
                    } catch JobStoreError.lostRace {
                        return false
                    }
                }
            }
            return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        try require(winners, is: 1, "winners of a race for one job")
        try require(try await store.history(of: job.id).map(\.event), is: ["claimed", "submission_started"], "history")
    }

    func checkRacers(_ store: any JobStore) async throws {
        let jobs = (1...200).map { Job.sample(.queued, $0) }
        try await store.insert(jobs)
        let winners = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 1...2 {
                group.addTask {
                    try await withThrowingTaskGroup(of: Int.self) { racers in
                        for (index, job) in jobs.enumerated() {
                            racers.addTask {
                                do {
                                    try await store.record(
                                        .sample(.submissionStarted, index + 1), on: job, at: .sample + 1)
                                    return 1
                                } catch JobStoreError.lostRace {
                                    return 0
                                }
                            }
                        }
                        return try await racers.reduce(0, +)
                    }
                }
            }
            return try await group.reduce(0, +)
        }
        try require(winners, is: 200, "winners of 200 races")
        try require(try await store.counts(), is: [.submitting: 200], "counts after the races")
        for job in jobs {
            try require(try await store.history(of: job.id).count, is: 2, "lines of history of \(job.id)")
        }
    }

    func checkHistory(_ store: any JobStore) async throws {
        let events: [JobEvent.Name] = [
            .submissionStarted, .submissionUnconfirmed, .accepted, .completed, .linkExpired, .completed, .delivered,
        ]
        let job = try await store.lead(1, events)
        let history = try await store.history(of: job.id)
        try require(history.map(\.event), is: ["claimed"] + events.map(\.rawValue), "the events in order")
        try require(
            history.map(\.state),
            is: [.queued, .submitting, .unconfirmed, .generating, .generated, .generating, .generated, .delivered],
            "the states in order")
        try require(
            history[3],
            is: HistoryEntry(
                at: .sample, event: "accepted", state: .generating, detail: GenerationID.sample(1).rawValue),
            "the line that says which generation")
        let rejection = Job.sampleRejection(2)
        try await store.insert([rejection])
        try require(
            try await store.history(of: rejection.id),
            is: [HistoryEntry(at: .sample, event: "rejected", state: .failed, detail: rejection.reason)],
            "the history of a refused drop")
    }

    func checkUniqueGeneration(_ store: any JobStore) async throws {
        let first = try await store.lead(1, [.submissionStarted, .accepted])
        let second = try await store.lead(2, [.submissionStarted])
        let theft = JobEvent.accepted(.sample(1), status: "queued", charge: Charge(), nextPoll: .sample)
        try await requireFailure("a second job with the same generation", \.isViolation) { () throws(JobStoreError) in
            try await store.record(theft, on: second, at: .sample)
        }
        try require(try await store.job(second.id), is: second, "the job that was refused")

        let failed = try await store.record(.sample(.generationFailed), on: first, at: .sample)
        try await store.record(.retried, on: failed, at: .sample)
        try await requireFailure("the generation of a retried job", \.isViolation) { () throws(JobStoreError) in
            try await store.record(theft, on: second, at: .sample)
        }
    }

    func checkUniqueClientRequest(_ store: any JobStore) async throws {
        let used = JobEvent.submissionStarted(.attempt(1, of: .sample(1)))
        let first = try await store.lead(1, [.submissionStarted])
        let second = try await store.lead(2, [])
        try await requireFailure("another job's client request id", \.isViolation) { () throws(JobStoreError) in
            try await store.record(used, on: second, at: .sample)
        }
        let again = try await store.record(.sample(.submissionDeferred), on: first, at: .sample)
        for job in [again, second] {
            try await requireFailure("a used client request id", \.isViolation) { () throws(JobStoreError) in
                try await store.record(used, on: job, at: .sample)
            }
        }
        try await store.record(.submissionStarted(.attempt(2, of: again.id)), on: again, at: .sample)
    }
}
