import Foundation
import GRDB
import Jobs

extension SQLiteJobStore {
    package func job(_ id: JobID) async throws(JobStoreError) -> Job? {
        try await jobs("SELECT * FROM job WHERE id = ?", [id.rawValue]).first
    }

    package func jobs(of drop: DropID) async throws(JobStoreError) -> [Job] {
        try await jobs("SELECT * FROM job WHERE drop_id = ? ORDER BY id", [drop.rawValue])
    }

    package func jobs(_ query: JobQuery) async throws(JobStoreError) -> [Job] {
        try await read { db in
            if query.states.isEmpty { return try Self.page(of: query, in: nil, db) }
            // A page of each state, because one query over several would read and sort all of them first.
            let pages = try query.states.flatMap { try Self.page(of: query, in: $0, db) }
            return Array(pages.sorted { $0.id.rawValue > $1.id.rawValue }.prefix(query.limit ?? .max))
        }
    }

    private static func page(of query: JobQuery, in state: JobState.Name?, _ db: Database) throws -> [Job] {
        let conditions: [(sql: String, value: any DatabaseValueConvertible)] = [
            state.map { ("state = ?", $0.rawValue) },
            query.folder.map { ("folder = ?", Data($0.bytes)) },
            query.before.map { ("id < ?", $0.rawValue) },
        ].compactMap(\.self)
        let inboxes = query.inboxes.map(\.rawValue)
        let rules = conditions.map(\.sql) + (inboxes.isEmpty ? [] : ["inbox IN (\(Self.places(inboxes.count)))"])
        let narrowed = rules.isEmpty ? "" : " WHERE " + rules.joined(separator: " AND ")
        return try Row.fetchAll(
            db, sql: "SELECT * FROM job\(narrowed) ORDER BY id DESC LIMIT ?",
            arguments: StatementArguments(conditions.map(\.value)) + StatementArguments(inboxes) + [query.limit ?? -1]
        ).map(JobRow.job)
    }

    package func unsettled() async throws(JobStoreError) -> [Job] {
        try await jobs("SELECT * FROM job WHERE settled = 0 ORDER BY id", [])
    }

    package func endedUnsettled() async throws(JobStoreError) -> [Job] {
        try await jobs(
            "SELECT * FROM job WHERE settled = 0 AND state IN ('delivered', 'failed', 'cancelled') ORDER BY id", [])
    }

    package func history(of id: JobID) async throws(JobStoreError) -> [HistoryEntry] {
        try await read { db in
            try Row.fetchAll(
                db, sql: "SELECT at, event, state, detail FROM history WHERE job_id = ? ORDER BY version",
                arguments: [id.rawValue]
            ).map(JobRow.historyEntry)
        }
    }

    package func nextDue(
        _ state: JobState.Name, without: Set<InboxName>
    ) async throws(JobStoreError) -> Date? {
        try await read { db in
            try Int64.fetchOne(
                db,
                sql: """
                    SELECT min((SELECT min(ready) FROM job
                        WHERE state = ? AND priority = level.value AND ready IS NOT NULL\(Self.passingOver(without))))
                    FROM json_each('[0,1,2,3,4,5,6,7,8,9]') AS level
                    """, arguments: [state.rawValue] + StatementArguments(without.map(\.rawValue))
            ).map(Date.init(milliseconds:)).flatMap { $0 < .distantFuture ? $0 : nil }
        }
    }

    package func countsByInbox() async throws(JobStoreError) -> [InboxName: [JobState.Name: Int]] {
        try await read { db in
            var counts: [InboxName: [JobState.Name: Int]] = [:]
            for row in try Row.fetchAll(db, sql: "SELECT inbox, state, jobs FROM tally WHERE jobs > 0") {
                counts[InboxName(rawValue: row["inbox"]), default: [:]][try JobRow.stateName(row["state"])] =
                    row["jobs"]
            }
            return counts
        }
    }

    package func lastChange() async throws(JobStoreError) -> Date? {
        try await read { db in
            try Int64.fetchOne(db, sql: "SELECT at FROM last_change").map(Date.init(milliseconds:))
        }
    }

    package func closedGates() async throws(JobStoreError) -> [ClosedGate] {
        try await read { db in
            try Row.fetchAll(db, sql: "SELECT gate, since, reason FROM gate ORDER BY position").map { row in
                ClosedGate(
                    gate: try JobRow.gate(row["gate"]), since: Date(milliseconds: row["since"]), reason: row["reason"])
            }
        }
    }

    private func jobs(_ sql: String, _ arguments: StatementArguments) async throws(JobStoreError) -> [Job] {
        try await read { db in try Row.fetchAll(db, sql: sql, arguments: arguments).map(JobRow.job) }
    }
}
