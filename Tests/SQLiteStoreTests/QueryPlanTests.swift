import Foundation
import GRDB
import Jobs
import SQLiteStore
import TestKit
import Testing

@Suite("The ledger's queries")
struct QueryPlanTests {
    /// Every statement that the store runs, found by running every rule on it, must reach jobs through an index: a ledger
    /// grows for years, and a scan that nobody notices today stalls a service then.
    @Test("each uses an index", .timeLimit(.minutes(1)))
    func eachUsesAnIndex() async throws {
        let folder = try TemporaryFolder()
        let recorder = Recorder()
        for (number, rule) in JobStoreConformance.allCases.enumerated() {
            let path = folder["\(number).sqlite"].string
            // Migrations, which may scan, are run first and not recorded.
            _ = try SQLiteJobStore(path: path)
            let store = try SQLiteJobStore(path: path) { recorder.add($0) }
            try await rule.check(store)
        }
        let statements = Set(recorder.all.filter { $0.contains(/^(SELECT|INSERT|UPDATE|WITH)/) && $0.contains("job") })
        #expect(statements.count > 15)

        let raw = try DatabaseQueue(path: folder["0.sqlite"].string)
        for sql in statements.sorted() {
            let plan = try await raw.read { db in
                let explanation = try db.makeStatement(sql: "EXPLAIN QUERY PLAN " + sql)
                explanation.setUncheckedArguments([])
                return try Row.fetchAll(explanation).map { $0["detail"] as String }
            }
            for step in plan where step.contains(/^SCAN (job|history)|TEMP B-TREE/) {
                #expect(allowed(step, in: sql), "\(sql)\n  \(plan.joined(separator: "\n  "))")
            }
        }
    }

    @Test("add up and look up in the indexes made for it")
    func indexes() async throws {
        let folder = try TemporaryFolder()
        let path = folder["ledger.sqlite"].string
        let recorder = Recorder()
        let store = try SQLiteJobStore(path: path) { recorder.add($0) }
        try await store.insert([.sample(.generating, 1, fingerprint: "same")])
        let opened = recorder.all.count
        _ = try await store.spending(since: .sample)
        _ = try await store.twins(of: .sample(.queued, 2, fingerprint: "same"))
        _ = try await store.inFlight(unconfirmedSince: .sample)
        let raw = try DatabaseQueue(path: path)
        var used: Set<String> = []
        for sql in recorder.all.dropFirst(opened) where sql.hasPrefix("SELECT") {
            let plan = try await raw.read { db in
                let explanation = try db.makeStatement(sql: "EXPLAIN QUERY PLAN " + sql)
                explanation.setUncheckedArguments([])
                return try Row.fetchAll(explanation).map { $0["detail"] as String }
            }
            used.formUnion(plan.filter { $0.contains(" job ") })
        }
        #expect(
            used == [
                "SEARCH job USING COVERING INDEX job_spending ((inbox,top_folder)>(?,?))",
                "SEARCH job USING COVERING INDEX job_spending (inbox=? AND top_folder=? AND is_charged=? AND submitted>?)",
                "SEARCH job USING INDEX job_fingerprint (fingerprint=? AND state=?)",
                "SEARCH job USING INDEX job_fingerprint (fingerprint=? AND state=? AND id<?)",
                "SEARCH job USING COVERING INDEX job_unconfirmed (state=? AND submitted>?)",
            ])
    }

    /// Lists walk the jobs in their order until the page is full; healing looks only at what is alive or unsettled.
    private func allowed(_ step: String, in sql: String) -> Bool {
        step.hasPrefix("SCAN job USING INDEX sqlite_autoindex_job_1") && sql.contains("ORDER BY id DESC")
            || step == "SCAN job USING INDEX job_ready" && sql.contains("SET leased_until = NULL")
            || step == "SCAN job USING INDEX job_unsettled"
    }
}
