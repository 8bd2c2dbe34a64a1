import Foundation
import GRDB
import Jobs
import SQLiteStore
import TestKit
import Testing

/// What the tables themselves refuse, whoever asks.
@Suite("The ledger's tables")
struct ConstraintTests {
    struct Write: CustomTestStringConvertible, Sendable {
        let sql: String
        let refusal: String
        init(_ sql: String, _ refusal: String) { (self.sql, self.refusal) = (sql, refusal) }
        var testDescription: String { sql }

        /// An update of the job in `state`, with the version grown as a transition does.
        static func move(_ state: JobState.Name, _ sets: String, _ refusal: String) -> Write {
            Write("UPDATE job SET version = version + 1, \(sets) WHERE state = '\(state.rawValue)'", refusal)
        }
    }

    @Test(
        "refuse what could not have come about",
        arguments: [
            .move(.queued, "state = 'lost'", "CHECK constraint failed: state IN"),
            .move(.queued, "state = 'held'", "payload_is_of_the_state"),
            .move(.queued, #"state = 'submitting', state_payload = '{"submitting":{}}'"#, "client_request_id_from"),
            .move(.submitting, #"state = 'queued', state_payload = '{"queued":{}}'"#, "client_request_id_from"),
            .move(.submitting, "client_request_id = NULL", "client_request_id_from"),
            .move(.unconfirmed, "client_request_id = NULL", "client_request_id_from"),
            .move(.submitting, "attempts = 0", "client_request_id_from"),
            .move(.generating, "generation_id = NULL", "generation_id_from"),
            .move(.generated, "generation_id = NULL", "generation_id_from"),
            .move(.submitting, "generation_id = 'x'", "generation_id_from"),
            .move(.generated, "completed = NULL", "a_result_is_of_a_completed_generation"),
            .move(.queued, "credits = 5", "charges_are_of_a_generation"),
            .move(.generating, "generation_id = '-kling/7:video_1'", "UNIQUE constraint failed: job.generation_id"),
            .move(.generating, "generation_id = ''", "CHECK constraint failed: length(generation_id)"),
            .move(.reusing, "client_request_id = 'x'", "client_request_id_from"),
            .move(.reusing, "generation_id = 'x'", "generation_id_from"),
            .move(
                .reusing,
                #"state = 'delivered', state_payload = '{"delivered":{"_0":{"id":"x"},"_1":{}}}'"#, "generation_id_from"
            ),
            .move(
                .generated,
                #"state = 'delivered', state_payload = '{"delivered":{"_0":{"original":"x"},"_1":{}}}'"#,
                "generation_id_from"),
            .move(.submitting, "cost = NULL", "a_cost_has_its_time"),
            .move(.submitting, "submitted = NULL", "a_cost_has_its_time"),
            .move(.submitting, "is_charged = NULL", "a_cost_has_its_time"),
            .move(.submitting, "cost = NULL, submitted = NULL, is_charged = NULL", "a_cost_from_the_intent_on"),
            .move(.generated, "cost = NULL, submitted = NULL, is_charged = NULL", "a_cost_from_the_intent_on"),
            .move(.queued, "cost = 1, submitted = 1, is_charged = 0", "a_cost_from_the_intent_on"),
            .move(.reusing, "cost = 1, submitted = 1, is_charged = 0", "a_cost_from_the_intent_on"),
            Write(
                "UPDATE job SET version = version + 1, cost = NULL, submitted = NULL, is_charged = NULL "
                    + "WHERE state = 'failed' AND completed IS NOT NULL", "a_cost_from_the_intent_on"),
            Write(
                "UPDATE job SET version = version + 1, cost = 1, submitted = 1, is_charged = 0 "
                    + "WHERE state = 'failed' AND completed IS NULL", "a_cost_from_the_intent_on"),
            .move(.submitting, "cost = -1", "CHECK constraint failed: cost"),
            .move(.generating, "is_charged = 1", "a_charge_is_of_a_completed_generation"),
            .move(.generated, "cost = 5", "a_charge_is_of_a_completed_generation"),
            .move(.queued, "attempts = -1", "CHECK constraint failed: attempts"),
            .move(.delivered, "state = 'queued'", "nothing follows"),
            .move(.cancelled, "state = 'queued'", "nothing follows"),
            Write("UPDATE job SET leased_until = 1 WHERE state = 'delivered'", "an_ended_job_is_leased_to_nobody"),
            Write("UPDATE job SET version = version + 2 WHERE state = 'queued'", "version grow by one"),
            Write("UPDATE job SET attempts = 3 WHERE state = 'queued'", "version grow by one"),
            Write("UPDATE job SET request = NULL WHERE state = 'queued'", "what was asked is frozen"),
            Write("UPDATE job SET priority = 9 WHERE state = 'queued'", "what was asked is frozen"),
            Write("UPDATE job SET due = 'soon', version = version + 1 WHERE state = 'queued'", "cannot store TEXT"),
            Write("UPDATE job SET settled = 2", "CHECK constraint failed: settled"),
            Write("UPDATE job SET fingerprint = 'x' WHERE state = 'queued'", "what was asked is frozen"),
            Write("INSERT INTO gate (gate, since, reason) VALUES ('', 0, '')", "CHECK constraint failed: length(gate)"),
            Write("INSERT INTO price VALUES ('model', 5, 0, 0)", "CHECK constraint failed: credits > 0"),
            Write("INSERT INTO last_change VALUES (2, 0)", "CHECK constraint failed: only"),
            Write("DELETE FROM job", "a job is never deleted"),
            Write("DELETE FROM history", "the history is only added to"),
            Write("UPDATE history SET at = 0", "the history is only added to"),
            Write("INSERT INTO history VALUES ('nobody', 1, 0, 'claimed', 'queued', NULL)", "of the version it led to"),
            Write(
                "INSERT INTO history SELECT job_id, version + 1, at, event, state, detail FROM history",
                "of the version it led to"),
            Write(
                "INSERT INTO history SELECT job_id, version, at, 'polled', state, detail FROM history",
                "UNIQUE constraint failed: history.job_id, history.version"),
        ] as [Write])
    func refuse(_ write: Write) async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteJobStore(path: folder["ledger.sqlite"].string)
        let jobs = Job.samplesOfEveryState()
        try await store.insert(jobs)
        let failure = #expect(throws: DatabaseError.self) {
            try DatabaseQueue(path: folder["ledger.sqlite"].string).write { db in try db.execute(sql: write.sql) }
        }
        #expect(failure?.message?.contains(write.refusal) == true, "\(failure?.message ?? "")")
        #expect(try await Set(store.jobs(JobQuery())) == Set(jobs))
    }

    @Test("let nothing but due time, lease and settledness change without a new version")
    func versions() async throws {
        let folder = try TemporaryFolder()
        let path = folder["ledger.sqlite"].string
        try await SQLiteJobStore(path: path).insert([.sample(.queued, 1)])
        let ledger = try DatabaseQueue(path: path)
        let columns = try await ledger.read { db in
            try String.fetchAll(db, sql: "SELECT name FROM pragma_table_xinfo('job') WHERE hidden = 0")
        }
        #expect(columns.count > 20)
        let free: Set = ["due", "leased_until", "settled"]
        #expect(free.isSubset(of: columns))
        for column in columns {
            // To the value it has: a trigger looks at what is written, not at whether it differs.
            let write = Result {
                try ledger.write { db in try db.execute(sql: "UPDATE job SET \(column) = \(column)") }
            }
            #expect(((try? write.get()) != nil) == free.contains(column), "\(column)")
        }
    }

    @Test(
        "refuse a new job that makes no sense",
        arguments: [
            ("priority", "10"), ("priority", "-1"), ("version", "0"), ("name", "''"), ("id", "''"), ("drop_id", "''"),
            ("request", "NULL"), ("request", "'not JSON'"), ("sources", "'not JSON'"), ("folder", "NULL"),
            ("client_request_id", "''"), ("state", "'failed'"), ("top_folder", "NULL"), ("fingerprint", "''"),
        ])
    func refuseInsert(column: String, value: String) async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteJobStore(path: folder["ledger.sqlite"].string)
        try await store.insert([.sample(.queued, 1)])
        let columns = [
            "id", "drop_id", "folder", "name", "sources", "request", "priority", "created", "state", "state_payload",
            "version", "attempts", "due", "updated", "client_request_id", "top_folder", "fingerprint",
        ]
        func copy(_ values: [String: String]) throws {
            let selected = columns.map { values[$0] ?? $0 }.joined(separator: ", ")
            try DatabaseQueue(path: folder["ledger.sqlite"].string).write { db in
                try db.execute(
                    sql: "INSERT INTO job (\(columns.joined(separator: ", "))) SELECT \(selected) FROM job LIMIT 1")
            }
        }
        var values = ["id": "'other'"]
        try copy(values)
        values["id"] = "'third'"
        values[column] = value
        #expect(throws: DatabaseError.self) { try copy(values) }
    }
}
