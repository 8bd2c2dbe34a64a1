import Foundation
import GRDB
import Jobs

extension SQLiteJobStore {
    package func insert(_ jobs: [Job], leasedUntil: Date?) async throws(JobStoreError) {
        let rows: [(columns: [String: DatabaseValue], job: Job)]
        do {
            rows = try jobs.map { job in
                var columns = try JobRow.columns(of: job)
                if !job.state.name.isEnded {
                    columns["leased_until"] = leasedUntil?.milliseconds.databaseValue ?? .null
                }
                return (columns, job)
            }
        } catch {
            throw JobStoreError(ledger: error)
        }
        try await write { db in
            for row in rows {
                let names = row.columns.keys.sorted()
                let sql =
                    "INSERT INTO job (\(names.joined(separator: ", "))) VALUES (:\(names.joined(separator: ", :")))"
                try db.cachedStatement(sql: sql).execute(arguments: StatementArguments(row.columns))
                try Self.append(.first(of: row.job), to: row.job, db)
            }
        }
    }

    package func replace(_ job: Job, with next: Job, event: HistoryEntry) async throws(JobStoreError) {
        let columns: [String: DatabaseValue]
        do {
            columns = try JobRow.movingColumns(of: next)
        } catch {
            throw JobStoreError(ledger: error)
        }
        let keepsLease = JobEvent.Name(rawValue: event.event)?.keepsLease ?? false
        try await write { db in
            let sets = columns.keys.sorted().map { "\($0) = :\($0)" }.joined(separator: ", ")
            let expected = [
                "id": job.id.rawValue.databaseValue, "old_version": job.version.databaseValue,
                "old_state": job.state.name.rawValue.databaseValue,
            ]
            try db.cachedStatement(
                sql: """
                    UPDATE job SET \(sets)\(keepsLease ? "" : ", leased_until = NULL")
                    WHERE id = :id AND version = :old_version AND state = :old_state
                    """
            ).execute(arguments: StatementArguments(columns.merging(expected) { $1 }))
            guard db.changesCount == 1 else { throw JobStoreError.lostRace(job.id) }
            try Self.append(event, to: next, db)
            try Self.learnPrice(from: next, after: job, db)
            if job.state.name.isEnded && !next.state.name.isEnded {
                try Self.setSettled(false, job.drop.id, db)
            }
        }
    }

    package func claimDue(
        _ state: JobState.Name, now: Date, leaseEnd: Date, limit: Int, without: Set<InboxName>
    ) async throws(JobStoreError) -> [Job] {
        try await write { db in
            // One step into the index for each priority: neither a long queue nor jobs due later are walked over.
            let due = try db.cachedStatement(
                sql: """
                    SELECT * FROM job WHERE state = ? AND priority = ? AND ready <= ?\(Self.passingOver(without)) \
                    ORDER BY ready LIMIT ?
                    """)
            let names = StatementArguments(without.map(\.rawValue))
            var jobs: [Job] = []
            for priority in (0...9).reversed() where jobs.count < limit {
                jobs += try Row.fetchAll(
                    due, arguments: [state.rawValue, priority, now.milliseconds] + names + [limit - jobs.count]
                ).map(JobRow.job)
            }
            let lease = try db.cachedStatement(sql: "UPDATE job SET leased_until = ? WHERE id = ?")
            for job in jobs { try lease.execute(arguments: [leaseEnd.milliseconds, job.id.rawValue]) }
            return jobs
        }
    }

    /// A condition with a place for the name of each inbox that is not wanted.
    static func passingOver(_ inboxes: Set<InboxName>) -> String {
        inboxes.isEmpty ? "" : " AND inbox NOT IN (\(places(inboxes.count)))"
    }

    /// `?, ?, ?`
    static func places(_ count: Int) -> String { Array(repeating: "?", count: count).joined(separator: ", ") }

    package func endLeases() async throws(JobStoreError) {
        try await write { db in
            try db.execute(
                sql: """
                    UPDATE job INDEXED BY job_ready SET leased_until = NULL
                    WHERE ready IS NOT NULL AND leased_until IS NOT NULL
                    """)
        }
    }

    package func endLeases(of drop: DropID) async throws(JobStoreError) {
        try await write { db in
            try db.execute(sql: "UPDATE job SET leased_until = NULL WHERE drop_id = ?", arguments: [drop.rawValue])
        }
    }

    package func shiftDue(by shift: Duration) async throws(JobStoreError) {
        // Whole milliseconds, the ledger's unit, and no more of them than there are dates. What is never due stays so.
        let most = Double(Date.distantFuture.milliseconds)
        let milliseconds = Int64(min(max((shift / .milliseconds(1)).rounded(), -most), most))
        let states = JobState.Name.allCases.filter { !$0.isEnded && $0 != .held }.map { "'\($0.rawValue)'" }
        try await write { db in
            try db.execute(
                sql: """
                    UPDATE job INDEXED BY job_ready SET due = due + :shift, leased_until = leased_until + :shift
                    WHERE ready IS NOT NULL AND state IN (\(states.joined(separator: ", "))) AND due < :never
                    """, arguments: ["shift": milliseconds, "never": Date.distantFuture.milliseconds])
        }
    }

    package func hasten(_ state: JobState.Name, to now: Date) async throws(JobStoreError) {
        try await write { db in
            try db.execute(
                sql: """
                    UPDATE job INDEXED BY job_ready SET due = :now WHERE ready IS NOT NULL AND state = :state AND due > :now
                    """, arguments: ["now": now.milliseconds, "state": state.rawValue])
        }
    }

    package func setClosedGates(_ gates: [ClosedGate]) async throws(JobStoreError) {
        try await write { db in
            try db.execute(sql: "DELETE FROM gate")
            let add = try db.cachedStatement(sql: "INSERT INTO gate (gate, since, reason) VALUES (?, ?, ?)")
            for closed in gates {
                try add.execute(arguments: [closed.gate.rawValue, closed.since.milliseconds, closed.reason])
            }
        }
    }

    package func markSettled(_ drop: DropID) async throws(JobStoreError) {
        try await write { db in try Self.setSettled(true, drop, db) }
    }

    private static func setSettled(_ settled: Bool, _ drop: DropID, _ db: Database) throws {
        try db.cachedStatement(sql: "UPDATE job SET settled = ? WHERE drop_id = ?")
            .execute(arguments: [settled, drop.rawValue])
    }

    private static func append(_ entry: HistoryEntry, to job: Job, _ db: Database) throws {
        try db.cachedStatement(
            sql: "INSERT INTO history (job_id, version, at, event, state, detail) VALUES (?, ?, ?, ?, ?, ?)"
        ).execute(arguments: [
            job.id.rawValue, job.version, entry.at.milliseconds, entry.event, entry.state.rawValue, entry.detail,
        ])
    }
}
