import Foundation
import GRDB
import Jobs
import TestKit

@testable import SQLiteStore

/// A ledger as the first Hotreel wrote it: its tables made by the first migration, its rows in the words that it used.
struct FirstLedger {
    let path: String

    init(path: String, also more: [Entry] = []) throws {
        self.path = path
        let pool = try DatabasePool(path: path)
        try Migrations.migrator.migrate(pool, upTo: "1 jobs and their history")
        try pool.write { db in
            for entry in Self.entries + more { try entry.write(to: db) }
            // A job with two lines of history, leased; and one that has been settled.
            try db.execute(
                sql: """
                    UPDATE job SET state = 'held', state_payload = '{"held":{"_0":{"reason":"budget"}}}', version = 2,
                        leased_until = 1800000009000 WHERE id = ?
                    """, arguments: [JobID.sample(10).rawValue])
            try db.execute(
                sql: "INSERT INTO history VALUES (?, 2, 1800000003000, 'held', 'held', 'budget')",
                arguments: [JobID.sample(10).rawValue])
            try db.execute(
                sql: "UPDATE job SET settled = 1 WHERE id = ?", arguments: [JobID.sample(9).rawValue])
        }
    }

    struct Entry {
        let number: Int
        let state: String
        let payload: String
        var folder: FileName = "portraits"
        var version = 1
        var attempts = 0
        var reason: String?
        var hasRequest = true
        var clientRequestID: String?
        var generationID: String?
        var isCharged = false

        func write(to db: Database) throws {
            let drop = Drop.sample(number, folder: folder)
            let charged: (Int, Double, Double)? = isCharged ? (1_800_000_000_000, 630_000, 0.315) : nil
            try db.execute(
                sql: """
                    INSERT INTO job (id, drop_id, folder, name, sources, request, priority, created, state, state_payload, version,
                        attempts, due, reason, updated, client_request_id, generation_id, completed, credits, usd)
                    VALUES (?, ?, ?, ?, ?, ?, 5, 1800000000000, ?, ?, ?, ?, 1800000000000, ?, 1800000000000, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    JobID.sample(number).rawValue, drop.id.rawValue, Data(folder.bytes), "shot\(number)",
                    LedgerJSON.text(drop.sources), hasRequest ? LedgerJSON.text(GenerationRequest.sample) : nil, state,
                    #"{"\#(state)":\#(payload)}"#, version, attempts, reason, clientRequestID, generationID, charged?.0,
                    charged?.1, charged?.2,
                ])
            try db.execute(
                sql: "INSERT INTO history VALUES (?, ?, 1800000000000, 'claimed', ?, NULL)",
                arguments: [JobID.sample(number).rawValue, version, state])
        }

        /// In a state from the intent on.
        static func sent(
            _ number: Int, _ state: String, _ payload: String, folder: FileName = "portraits", version: Int,
            reason: String? = nil, generation: Bool = true, isCharged: Bool = false
        ) -> Entry {
            Entry(
                number: number, state: state, payload: payload, folder: folder, version: version, attempts: 1,
                reason: reason, clientRequestID: "hotreel-\(JobID.sample(number))-\(number)",
                generationID: generation ? "-kling/\(number):video_1" : nil, isCharged: isCharged)
        }
    }

    private static let entries: [Entry] = [
        Entry(number: 1, state: "queued", payload: "{}"),
        Entry(
            number: 2, state: "held", payload: #"{"_0":{"reason":"person"}}"#,
            reason: "held by its sidecar until somebody releases it"),
        .sent(3, "submitting", #"{"_0":\#(submission(3))}"#, version: 2, generation: false),
        .sent(
            4, "unconfirmed", #"{"_0":\#(submission(4))}"#, folder: "", version: 3, reason: "lost", generation: false),
        .sent(5, "generating", #"{"_0":\#(running(5))}"#, folder: "a/b", version: 3),
        .sent(6, "generated", #"{"_0":\#(done(6)),"_1":{"url":"\#(url)"}}"#, folder: "a", version: 4, isCharged: true),
        .sent(
            7, "delivered",
            #"{"_0":\#(done(7)),"_1":{"bytes":4321000,"facts":{"duration":5.04,"height":1080,"width":1920},"#
                + #""name":"shot7 (2)","sha256":"\#(String(repeating: "12", count: 32))"}}"#, version: 6,
            isCharged: true),
        .sent(
            8, "failed", #"{"_0":\#(failure("submit")),"_1":{"unpaid":{"_0":\#(submission(8))}}}"#, version: 3,
            reason: sorry, generation: false),
        Entry(number: 9, state: "cancelled", payload: "{}", version: 2),
        Entry(number: 10, state: "queued", payload: "{}"),
        .sent(
            11, "failed",
            #"{"_0":\#(failure("generation")),"_1":{"unpaid":{"_0":\#(submission(11)),"_1":\#(running(11))}}}"#,
            version: 4, reason: sorry),
        .sent(
            50, "failed", #"{"_0":\#(failure("delivery")),"_1":{"paid":{"_0":\#(done(50)),"_1":{"url":"\#(url)"}}}}"#,
            version: 5, reason: sorry, isCharged: true),
        .sent(
            51, "failed", #"{"_0":\#(failure("generation")),"_1":{"paid":{"_0":\#(done(51))}}}"#, version: 6,
            reason: sorry, isCharged: true),
        Entry(
            number: 52, state: "failed", payload: #"{"_0":\#(failure("intake")),"_1":{"rejected":{}}}"#, reason: sorry,
            hasRequest: false),
    ]

    private static let sorry = "it could not be done"
    private static let url = "https://cdn.example/video.mp4?signature=a%2Fb&expires=1"

    private static func submission(_ number: Int) -> String {
        #"{"clientRequestID":"hotreel-\#(JobID.sample(number))-\#(number)","started":1800000000000}"#
    }

    private static func running(_ number: Int) -> String {
        #"{"accepted":1800000000000,"charge":{},"id":"-kling/\#(number):video_1","status":"queued","#
            + #""submission":\#(submission(number))}"#
    }

    private static func done(_ number: Int) -> String {
        #"{"accepted":1800000000000,"charge":{"credits":630000,"usd":0.315},"completed":1800000000000,"#
            + #""id":"-kling/\#(number):video_1","status":"completed","submission":\#(submission(number))}"#
    }

    private static func failure(_ stage: String) -> String {
        #"{"message":"\#(sorry)","problems":[],"stage":"\#(stage)"}"#
    }
}
