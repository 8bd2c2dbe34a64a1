import Foundation
import GRDB
import Jobs

/// A job as a row of the `job` table: plain columns for what is searched, JSON for what is only carried.
enum JobRow {
    /// All columns, under the names they have in the table.
    static func columns(of job: Job) throws -> [String: DatabaseValue] {
        try frozenColumns(of: job).merging(movingColumns(of: job)) { $1 }
    }

    /// What is written once, when the drop is claimed.
    private static func frozenColumns(of job: Job) throws -> [String: DatabaseValue] {
        [
            "id": job.id.rawValue.databaseValue,
            "drop_id": job.drop.id.rawValue.databaseValue,
            "inbox": job.drop.inbox.rawValue.databaseValue,
            "folder": Data(job.drop.folder.bytes).databaseValue,
            "top_folder": Data(job.drop.folder.topLevel.bytes).databaseValue,
            "name": job.wishedName.databaseValue,
            "sources": try LedgerJSON.text(job.drop.sources).databaseValue,
            "request": try job.request.map(LedgerJSON.text).databaseValue,
            "fingerprint": job.fingerprint.databaseValue,
            "priority": job.priority.databaseValue,
            "created": job.created.milliseconds.databaseValue,
        ]
    }

    /// What a transition may change.
    static func movingColumns(of job: Job) throws -> [String: DatabaseValue] {
        let generation = job.state.generation
        let cost = job.state.cost
        return [
            "state": job.state.name.rawValue.databaseValue,
            "state_payload": try LedgerJSON.text(job.state).databaseValue,
            "version": job.version.databaseValue,
            "attempts": job.attempts.databaseValue,
            "due": job.due.milliseconds.databaseValue,
            "reason": job.reason.databaseValue,
            "updated": job.updated.milliseconds.databaseValue,
            "client_request_id": (job.state.submission?.clientRequestID.rawValue).databaseValue,
            "generation_id": (generation?.id.rawValue).databaseValue,
            "completed": (generation?.completed?.milliseconds).databaseValue,
            "credits": (generation?.charge.credits).databaseValue,
            "usd": (generation?.charge.usd).databaseValue,
            "submitted": (cost?.submitted.milliseconds).databaseValue,
            "cost": (cost?.credits).databaseValue,
            "is_charged": (cost?.isCharged).databaseValue,
        ]
    }

    static func job(_ row: Row) throws -> Job {
        Job(
            id: JobID(rawValue: row["id"]),
            drop: Drop(
                id: DropID(rawValue: row["drop_id"]), folder: FileName(bytes: Array(row["folder"] as Data)),
                sources: try LedgerJSON.value(row["sources"]), inbox: InboxName(rawValue: row["inbox"])),
            request: try (row["request"] as String?).map { try LedgerJSON.value($0) },
            wishedName: row["name"], priority: row["priority"], fingerprint: row["fingerprint"],
            created: Date(milliseconds: row["created"]),
            state: try LedgerJSON.value(row["state_payload"]), version: row["version"], attempts: row["attempts"],
            due: Date(milliseconds: row["due"]), reason: row["reason"], updated: Date(milliseconds: row["updated"]))
    }

    static func historyEntry(_ row: Row) throws -> HistoryEntry {
        HistoryEntry(
            at: Date(milliseconds: row["at"]), event: row["event"], state: try stateName(row["state"]),
            detail: row["detail"])
    }

    static func gate(_ word: String) throws -> Gate {
        guard let gate = Gate(rawValue: word) else {
            throw JobStoreError.unusable("it knows a gate “\(word)” that this Hotreel does not. Install the newer one")
        }
        return gate
    }

    static func stateName(_ word: String) throws -> JobState.Name {
        guard let name = JobState.Name(rawValue: word) else {
            throw JobStoreError.unusable("it knows a state “\(word)” that this Hotreel does not. Install the newer one")
        }
        return name
    }
}

/// JSON as the ledger keeps it. A fraction without a remainder (`1.0`) is read back as the whole number it equals.
enum LedgerJSON {
    private static let encoder: JSONEncoder = {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .custom { date, encoder in
            var container = encoder.singleValueContainer()
            try container.encode(date.milliseconds)
        }
        return encoder
    }()

    private static let decoder: JSONDecoder = {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .custom { decoder in
            Date(milliseconds: try decoder.singleValueContainer().decode(Int64.self))
        }
        return decoder
    }()

    static func text(_ value: some Encodable) throws -> String {
        String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    static func value<Value: Decodable>(_ text: String) throws -> Value {
        try decoder.decode(Value.self, from: Data(text.utf8))
    }
}

extension Date {
    /// Milliseconds since 1970, the ledger's unit; far dates are drawn to the nearest that a calendar can show.
    var milliseconds: Int64 {
        Int64((min(max(self, .distantPast), .distantFuture).timeIntervalSince1970 * 1000).rounded())
    }

    init(milliseconds: Int64) { self.init(timeIntervalSince1970: Double(milliseconds) / 1000) }
}
