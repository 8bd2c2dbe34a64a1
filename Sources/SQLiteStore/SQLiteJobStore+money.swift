import Foundation
import GRDB
import Jobs

extension SQLiteJobStore {
    package func inFlight(unconfirmedSince date: Date) async throws(JobStoreError) -> Int {
        try await read { db in
            try Int.fetchOne(
                db,
                sql: """
                    SELECT (SELECT sum(jobs) FROM tally WHERE state IN ('submitting', 'generating'))
                        + (SELECT count(*) FROM job INDEXED BY job_unconfirmed WHERE state = 'unconfirmed' AND submitted >= ?)
                    """, arguments: [date.milliseconds]) ?? 0
        }
    }

    package func spending(since date: Date) async throws(JobStoreError) -> [FolderSpend] {
        try await read { db in
            // From folder to folder, so that each sum is one stretch of the index and nothing need be sorted.
            func from(_ comparison: String) -> String {
                """
                SELECT inbox, top_folder FROM job WHERE submitted IS NOT NULL AND (inbox, top_folder) \(comparison) (?, ?)
                ORDER BY inbox, top_folder LIMIT 1
                """
            }
            let next = try db.cachedStatement(sql: from(">"))
            let sum = try db.cachedStatement(
                sql: """
                    SELECT total(cost) AS credits, count(*) AS jobs FROM job
                    WHERE inbox = ? AND top_folder = ? AND is_charged = ? AND submitted >= ?
                    """)
            func sums(_ inbox: String, _ folder: Data, isCharged: Bool) throws -> (credits: Double, jobs: Int) {
                let row = try Row.fetchOne(sum, arguments: [inbox, folder, isCharged, date.milliseconds])
                return (row?["credits"] ?? 0, row?["jobs"] ?? 0)
            }
            var spends: [FolderSpend] = []
            var row = try Row.fetchOne(db.cachedStatement(sql: from(">=")), arguments: ["", Data()])
            while let place = row {
                let (inbox, folder): (String, Data) = (place["inbox"], place["top_folder"])
                let charged = try sums(inbox, folder, isCharged: true)
                let expected = try sums(inbox, folder, isCharged: false)
                if charged.jobs + expected.jobs > 0 {
                    spends.append(
                        FolderSpend(
                            inbox: InboxName(rawValue: inbox), folder: FileName(bytes: Array(folder)),
                            charged: charged.credits, videos: charged.jobs, expected: expected.credits,
                            underWay: expected.jobs))
                }
                row = try Row.fetchOne(next, arguments: [inbox, folder])
            }
            return spends
        }
    }

    package func prices() async throws(JobStoreError) -> [PriceKey: Double] {
        try await read { db in
            try Row.fetchAll(db, sql: "SELECT model, seconds, credits FROM price").reduce(into: [:]) { prices, row in
                prices[PriceKey(model: row["model"], seconds: row["seconds"])] = row["credits"]
            }
        }
    }

    package func twins(of job: Job) async throws(JobStoreError) -> [Job] {
        guard let fingerprint = job.fingerprint else { return [] }
        return try await read { db in
            func twins(in states: [JobState.Name]) throws -> [Job] {
                // A few of each state, because one query over several would read and sort all of them first.
                try states.flatMap { state in
                    try Row.fetchAll(
                        db.cachedStatement(
                            sql: """
                                SELECT * FROM job WHERE fingerprint = ? AND state = ? AND id <> ? \
                                \(state == .queued ? "AND id < ? " : "")ORDER BY id LIMIT \(Self.mostTwins)
                                """),
                        arguments: [fingerprint, state.rawValue, job.id.rawValue]
                            + (state == .queued ? [job.id.rawValue] : [])
                    ).map(JobRow.job)
                }.sorted { $0.id.rawValue < $1.id.rawValue }
            }
            let delivered = try twins(in: [.delivered])
            if delivered.count == Self.mostTwins { return delivered }
            let others = try twins(in: [.queued, .submitting, .unconfirmed, .generating, .generated])
            return Array((delivered + others).prefix(Self.mostTwins))
        }
    }

    private static var mostTwins: Int { 10 }

    /// Keeps what `next` was charged as the price of its kind, unless a later video has one.
    static func learnPrice(from next: Job, after job: Job, _ db: Database) throws {
        guard let cost = next.state.cost, cost.isCharged, cost != job.state.cost,
            let completed = next.state.generation?.completed, let key = next.request?.priceKey
        else { return }
        try db.cachedStatement(
            sql: """
                INSERT INTO price (model, seconds, credits, at) VALUES (?, ?, ?, ?)
                ON CONFLICT DO UPDATE SET credits = excluded.credits, at = excluded.at WHERE excluded.at >= at
                """
        ).execute(arguments: [key.model, key.seconds, cost.credits, completed.milliseconds])
    }
}
