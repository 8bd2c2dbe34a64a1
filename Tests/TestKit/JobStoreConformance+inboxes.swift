import Foundation
import Jobs

extension JobStoreConformance {
    private var now: Date { .sample }

    func checkInboxes(_ store: any JobStore) async throws {
        let (ads, films) = (InboxName(rawValue: "ads"), InboxName(rawValue: "films.2"))
        func queued(_ number: Int, _ inbox: InboxName, priority: Int = 5, due: Date? = nil) async throws -> Job {
            let drop = Drop.sample(number, folder: "same")
            let job = Job.queued(
                .sample(number),
                drop: Drop(id: drop.id, folder: drop.folder, sources: drop.sources, inbox: inbox), request: .sample,
                name: "shot", priority: priority, held: false, at: due ?? now)
            try await store.insert([job])
            return job
        }
        let first = try await queued(1, ads)
        let urgent = try await queued(2, ads, priority: 9)
        let film = try await queued(3, films, due: now + 5)
        let old = try await queued(4, .unnamed, due: now + 9)
        for job in [first, urgent, film, old] {
            try require(try await store.job(job.id), is: job, "a job of the inbox “\(job.drop.inbox)”")
        }
        try require(
            try await store.countsByInbox(), is: [ads: [.queued: 2], films: [.queued: 1], .unnamed: [.queued: 1]],
            "counts by inbox")
        try require(try await store.counts(), is: [.queued: 4], "counts of all inboxes")
        try require(
            try await store.jobs(JobQuery(inboxes: [ads])).map(\.id), is: [urgent.id, first.id], "jobs of an inbox")
        try require(
            try await store.jobs(JobQuery(inboxes: [ads, .unnamed], limit: 2)).map(\.id), is: [old.id, urgent.id],
            "the newest jobs of two inboxes")
        try require(
            try await store.jobs(JobQuery(states: [.queued], inboxes: [films], folder: "same")).map(\.id),
            is: [film.id],
            "jobs of a folder of an inbox")

        try require(try await store.nextDue(.queued), is: now, "the next due time of all")
        try require(
            try await store.nextDue(.queued, without: [ads]), is: now + 5, "the next due time without one inbox")
        try require(
            try await store.nextDue(.queued, without: [ads, .unnamed, films]), is: nil, "the next due time of none")
        func claim(_ limit: Int, without: Set<InboxName>) async throws -> [JobID] {
            try await store.claimDue(
                .queued, now: now + 10, leaseEnd: now + 99, limit: limit, without: without
            ).map(\.id)
        }
        try require(try await claim(5, without: [ads, films, .unnamed]), is: [], "claims without any inbox")
        try require(try await claim(5, without: [ads]), is: [film.id, old.id], "claims without one inbox")
        try require(try await claim(5, without: [films]), is: [urgent.id, first.id], "claims when it is there again")

        try await store.lead(first, 1, [.submissionStarted, .accepted, .completed], at: now)
        try await store.lead(film, 3, [.submissionStarted], at: now)
        try await store.lead(old, 4, [.submissionStarted], at: now)
        func spend(_ inbox: InboxName, charged: Int = 0, expected: Int = 0) -> FolderSpend {
            FolderSpend(
                inbox: inbox, folder: "same", charged: 630_000 * Double(charged), videos: charged,
                expected: 600_000 * Double(expected), underWay: expected)
        }
        try require(
            try await store.spending(since: .distantPast),
            is: [spend(.unnamed, expected: 1), spend(ads, charged: 1), spend(films, expected: 1)],
            "spending of folders of one name in several inboxes")
        try require(
            try await store.countsByInbox(),
            is: [ads: [.queued: 1, .generated: 1], films: [.submitting: 1], .unnamed: [.submitting: 1]],
            "counts by inbox of jobs that have moved on")
    }
}
