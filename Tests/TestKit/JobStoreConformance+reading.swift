import Foundation
import Jobs

extension JobStoreConformance {
    private var now: Date { .sample }
    private var leaseEnd: Date { .sample + 30 }

    func checkLeases(_ store: any JobStore) async throws {
        let job = try await store.lead(1, [])
        func claim(at date: Date) async throws -> [JobID] {
            try await store.claimDue(.queued, now: date, leaseEnd: date + 30, limit: 5).map(\.id)
        }
        try require(try await claim(at: now - 1), is: [], "a job claimed before it is due")
        try require(try await claim(at: now), is: [job.id], "the first claim")
        try require(try await claim(at: now + 29), is: [], "a claim while the lease lasts")
        try require(try await claim(at: now + 30), is: [job.id], "a claim after the lease")
        try await store.endLeases()
        try require(try await claim(at: now + 31), is: [job.id], "a claim after all leases were ended")

        let claimed = try await store.job(job.id)
        try require(claimed, is: job, "a claimed job: claiming changes nothing of it")
        let held = try await store.record(.held(Hold(reason: .budget)), on: job, at: now + 32)
        try await store.record(.released, on: held, at: now + 32)
        try require(try await claim(at: now + 32), is: [job.id], "a claim after a transition, which ends the lease")

        let generated = try await store.lead(7, [.submissionStarted, .accepted, .completed])
        func claimDelivery() async throws -> [JobID] {
            try await store.claimDue(.generated, now: now + 90, leaseEnd: now + 200, limit: 5).map(\.id)
        }
        try require(try await claimDelivery(), is: [generated.id], "a claim of a delivery")
        try await store.record(.downloaded(.sample()), on: generated, at: now + 91)
        try require(try await claimDelivery(), is: [], "a claim in the middle of a delivery, which keeps its lease")

        let drop = Drop.sample(3)
        try await store.insert(
            [.sample(.queued, 3, drop: drop), .sample(.cancelled, 4, drop: drop)], leasedUntil: now + 60)
        try require(try await claim(at: now + 33), is: [], "a claim of what was inserted with a lease")
        try await store.endLeases(of: drop.id)
        try require(try await claim(at: now + 33), is: [.sample(3)], "a claim after the drop's leases were ended")

        let ended = try await store.lead(2, [.submissionStarted, .submissionRefused])
        try require(
            try await store.claimDue(.failed, now: now + 99, leaseEnd: now + 100, limit: 5), is: [],
            "claims of \(ended.id), which has ended")
    }

    func checkClaimOrder(_ store: any JobStore) async throws {
        for (number, (priority, age)) in [(5, 1.0), (9, 0), (5, 7), (0, 60), (9, 3)].enumerated() {
            _ = try await store.lead(number + 1, [], priority: priority, at: now - age)
        }
        func claim(_ limit: Int) async throws -> [JobID] {
            try await store.claimDue(.queued, now: now, leaseEnd: leaseEnd, limit: limit).map(\.id)
        }
        try require(try await claim(2), is: [.sample(5), .sample(2)], "the two most urgent jobs")
        try require(try await claim(0), is: [], "a claim of none")
        try require(try await claim(9), is: [.sample(3), .sample(1), .sample(4)], "the others")
        try require(
            try await store.claimDue(.generating, now: now, leaseEnd: leaseEnd, limit: 9), is: [], "other states")
    }

    func checkConcurrentClaims(_ store: any JobStore) async throws {
        try await store.insert((1...120).map { .sample(.queued, $0, priority: $0 % 10) })
        let claimed = try await withThrowingTaskGroup(of: [JobID].self) { group in
            for _ in 1...60 {
                group.addTask {
                    try await store.claimDue(.queued, now: now, leaseEnd: leaseEnd, limit: 3).map(\.id)
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        try require(claimed.count, is: 120, "claims handed out")
        try require(Set(claimed).count, is: 120, "different jobs handed out")
    }

    func checkNextDue(_ store: any JobStore) async throws {
        try require(try await store.nextDue(.queued), is: nil, "the next due time of an empty ledger")
        for (number, wait) in [40.0, 20, 60].enumerated() {
            _ = try await store.lead(number + 1, [], priority: number, at: now + wait)
        }
        try require(try await store.nextDue(.queued), is: now + 20, "the earliest due time")
        try require(try await store.nextDue(.generating), is: nil, "the due time in another state")
        _ = try await store.claimDue(.queued, now: now + 20, leaseEnd: now + 50, limit: 1)
        try require(try await store.nextDue(.queued), is: now + 40, "the due time beside a leased job")
        _ = try await store.claimDue(.queued, now: now + 40, leaseEnd: now + 70, limit: 1)
        try require(
            try await store.nextDue(.queued), is: now + 50, "the due time of a lease that ends before the rest is due")
        _ = try await store.lead(9, [.cancelled])
        try require(try await store.nextDue(.cancelled), is: nil, "the due time of ended jobs")
    }

    func checkCounts(_ store: any JobStore) async throws {
        try require(try await store.counts(), is: [:], "counts of an empty ledger")
        _ = try await store.lead(1, [])
        _ = try await store.lead(2, [.submissionStarted])
        _ = try await store.lead(3, [.submissionStarted, .submissionUnconfirmed, .stillUnconfirmed])
        let generating = try await store.lead(4, [.submissionStarted, .accepted])
        try require(
            try await store.counts(), is: [.queued: 1, .submitting: 1, .unconfirmed: 1, .generating: 1], "counts")
        try await store.record(.sample(.completed, 4), on: generating, at: now)
        try require(
            try await store.counts(), is: [.queued: 1, .submitting: 1, .unconfirmed: 1, .generated: 1],
            "counts after a transition")
    }

    func checkSettling(_ store: any JobStore) async throws {
        let failed = try await store.lead(1, [.submissionStarted, .submissionRefused])
        let other = try await store.lead(2, [])
        try require(try await store.unsettled(), is: [failed, other], "unsettled jobs, ended or not")
        try await store.markSettled(failed.drop.id)
        try require(try await store.unsettled(), is: [other], "unsettled jobs after one drop was settled")
        let retried = try await store.record(.retried, on: failed, at: now)
        try require(try await store.unsettled(), is: [retried, other], "unsettled jobs after a retry")
        try await store.markSettled(.make(at: now, chance: 1))
    }

    func checkLists(_ store: any JobStore) async throws {
        let folders: [FileName] = ["", "portraits", FileName(bytes: [0x63, 0xE9]), "portraits", ""]
        for (index, folder) in folders.enumerated() {
            let job = Job.sample(.queued, index + 1, drop: .sample(index + 1, folder: folder))
            try await store.insert([job])
            if index > 2 { try await store.record(.cancelled, on: job, at: now) }
        }
        func numbers(_ query: JobQuery) async throws -> [Int] {
            let ids = (1...5).map(JobID.sample)
            return try await store.jobs(query).map { (ids.firstIndex(of: $0.id) ?? -1) + 1 }
        }
        try require(try await numbers(JobQuery()), is: [5, 4, 3, 2, 1], "all jobs")
        try require(try await numbers(JobQuery(states: [.queued])), is: [3, 2, 1], "jobs of a state")
        try require(
            try await numbers(JobQuery(states: [.queued, .cancelled], limit: 2)), is: [5, 4], "the first page")
        try require(
            try await numbers(JobQuery(states: [.queued, .cancelled], before: .sample(4), limit: 2)), is: [3, 2],
            "the second page")
        try require(try await numbers(JobQuery(folder: "portraits")), is: [4, 2], "jobs of a folder")
        try require(try await numbers(JobQuery(folder: "")), is: [5, 1], "jobs of the inbox itself")
        try require(
            try await numbers(JobQuery(states: [.queued], folder: FileName(bytes: [0x63, 0xE9]))), is: [3],
            "jobs of a folder whose name is not UTF-8")
        try require(try await numbers(JobQuery(states: [.failed])), is: [], "jobs of an empty state")
    }
}
