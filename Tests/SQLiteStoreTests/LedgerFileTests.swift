import Foundation
import GRDB
import Glibc
import Jobs
import SQLiteStore
import SystemPackage
import TestKit
import Testing

@Suite("The ledger's file", .timeLimit(.minutes(1)))
struct LedgerFileTests {
    let folder: TemporaryFolder
    var path: String { folder["ledger.sqlite"].string }

    init() throws { folder = try TemporaryFolder() }

    @Test("what was acknowledged is there after a kill")
    func survivesKill() async throws {
        let store = try SQLiteJobStore(path: path)
        try await store.insert([.sample(.generating, 1), .sample(.queued, 2)])
        try await store.record(.sample(.completed), on: .sample(.generating, 1), at: .sample)
        // What a killed process leaves: its files as they are at this moment, nothing closed, nothing checkpointed.
        let killed = try folder.folder("killed")
        for name in ["ledger.sqlite", "ledger.sqlite-wal"] {
            try folder.write(try Data(contentsOf: URL(fileURLWithPath: folder[name].string)), to: "killed/\(name)")
        }
        let reopened = try SQLiteJobStore(path: killed.appending("ledger.sqlite").string)
        #expect(try await reopened.jobs(JobQuery()).map(\.state.name) == [.queued, .generated])
        #expect(try await reopened.history(of: .sample(1)).map(\.event) == ["claimed", "completed"])
    }

    /// A frame is a page of 4,096 bytes and its header of 24; the last one of a transaction says that it is whole.
    @Test(
        "a ledger whose last transaction was torn off holds all before it, and goes on",
        arguments: [1, 24, 2_000, 4_119, 4_120])
    func tornTransaction(bytesLost: Int) async throws {
        let store = try SQLiteJobStore(path: path)
        try await store.insert([.sample(.queued, 1)])
        let submitting = try await store.record(.sample(.submissionStarted), on: .sample(.queued, 1), at: .sample)
        let generating = try await store.record(.sample(.accepted), on: submitting, at: .sample)
        let before = try Data(contentsOf: URL(fileURLWithPath: path + "-wal")).count
        try await store.record(.sample(.completed), on: generating, at: .sample)
        let log = try Data(contentsOf: URL(fileURLWithPath: path + "-wal"))
        #expect(log.count > before)

        let ledger = try Data(contentsOf: URL(fileURLWithPath: path))
        let copy = try folder.write(ledger, to: "torn/ledger.sqlite").string
        try folder.write(log.dropLast(bytesLost), to: "torn/ledger.sqlite-wal")
        let torn = try SQLiteJobStore(path: copy)
        #expect(try await torn.job(.sample(1)) == generating)
        #expect(try await torn.history(of: .sample(1)).map(\.event) == ["claimed", "submission_started", "accepted"])
        #expect(try await torn.counts() == [.generating: 1])
        #expect(try await torn.prices() == [:])
        try await torn.record(.sample(.completed), on: generating, at: .sample)
        #expect(try await SQLiteJobStore(path: copy).job(.sample(1))?.state.name == .generated)
    }

    @Test("a last transaction with a wrong byte in it counts as torn off")
    func spoiltTransaction() async throws {
        let store = try SQLiteJobStore(path: path)
        try await store.insert([.sample(.queued, 1)])
        let before = try Data(contentsOf: URL(fileURLWithPath: path + "-wal")).count
        try await store.record(.sample(.submissionStarted), on: .sample(.queued, 1), at: .sample)
        var log = try Data(contentsOf: URL(fileURLWithPath: path + "-wal"))
        log[before + 100] ^= 0xFF
        let ledger = try Data(contentsOf: URL(fileURLWithPath: path))
        let copy = try folder.write(ledger, to: "spoilt/ledger.sqlite").string
        try folder.write(log, to: "spoilt/ledger.sqlite-wal")
        #expect(try await SQLiteJobStore(path: copy).job(.sample(1)) == .sample(.queued, 1))
    }

    @Test("a second connection sees and may move what the first wrote")
    func sharesWithOthers() async throws {
        let service = try SQLiteJobStore(path: path)
        let command = try SQLiteJobStore(path: path)
        try await service.insert([.sample(.queued, 1)])
        let cancelled = try await command.record(.cancelled, on: .sample(.queued, 1), at: .sample)
        #expect(try await service.job(.sample(1)) == cancelled)
        await #expect(throws: JobStoreError.lostRace(.sample(1))) {
            try await service.record(.sample(.submissionStarted), on: .sample(.queued, 1), at: .sample)
        }
    }

    @Test("somebody who only looks sees a running service's jobs, and those of one that has ended")
    func readOnly() async throws {
        var service: SQLiteJobStore? = try SQLiteJobStore(path: path)
        try await service?.insert([.sample(.queued, 1)])
        let looking = try SQLiteJobStore(path: path, readOnly: true)
        #expect(try await looking.job(.sample(1)) == .sample(.queued, 1))
        try await service?.insert([.sample(.queued, 2)])
        #expect(try await looking.counts() == [.queued: 2])
        service = nil
        #expect(try await SQLiteJobStore(path: path, readOnly: true).counts() == [.queued: 2])
        await #expect(throws: JobStoreError.unavailable("it was opened for reading only")) {
            try await looking.insert([.sample(.queued, 3)])
        }
    }

    @Test("looking at a ledger that is not there says so and makes nothing")
    func missing() throws {
        let failure = #expect(throws: JobStoreError.self) { try SQLiteJobStore(path: path, readOnly: true) }
        #expect(
            failure
                == .unusable("no ledger at \(path): has `hotreel run` been started with this state folder?"))
        #expect(folder.files() == [])
    }

    @Test("a state folder that is not there is told with what to do")
    func missingFolder() throws {
        let failure = #expect(throws: JobStoreError.self) { try SQLiteJobStore(path: folder["none/l.sqlite"].string) }
        #expect(failure?.description.contains("Check that it exists") == true)
    }

    @Test(
        "a state folder that may not be written is told with what to do, and is read on",
        .enabled(if: geteuid() != 0, "root may write anywhere; on a read-only disk even root may not"))
    func readOnlyFolder() async throws {
        try await SQLiteJobStore(path: path).insert([.sample(.generating, 1)])
        for file in folder.files() { #expect(chmod(folder[file].string, 0o444) == 0) }
        #expect(chmod(folder.path.string, 0o555) == 0)
        #expect(try await SQLiteJobStore(path: path, readOnly: true).job(.sample(1)) == .sample(.generating, 1))
        let failure = await #expect(throws: JobStoreError.self) {
            try await SQLiteJobStore(path: path).record(.sample(.completed), on: .sample(.generating, 1), at: .sample)
        }
        #expect(failure?.isUnavailable(because: "may not be written") == true, "\(failure?.description ?? "")")
    }

    @Test("a newer Hotreel's ledger is left alone", arguments: [true, false])
    func newer(readOnly: Bool) async throws {
        try await SQLiteJobStore(path: path).insert([.sample()])
        try raw("INSERT INTO grdb_migrations VALUES ('999 something new')")
        let failure = #expect(throws: JobStoreError.self) { try SQLiteJobStore(path: path, readOnly: readOnly) }
        #expect(failure?.isUnusable(because: "newer Hotreel") == true)
    }

    @Test("an older Hotreel's ledger cannot be looked at before the service has brought it up to date")
    func older() throws {
        _ = try SQLiteJobStore(path: path)
        try raw("DELETE FROM grdb_migrations")
        let failure = #expect(throws: JobStoreError.self) { try SQLiteJobStore(path: path, readOnly: true) }
        #expect(failure?.isUnusable(because: "Start `hotreel run` once") == true)
    }

    @Test(
        "a ledger whose making was cut short is made whole at the next start",
        arguments: ["PRAGMA journal_mode = WAL", "CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY)"])
    func begun(sql: String) async throws {
        try raw(sql)
        let failure = #expect(throws: JobStoreError.self) { try SQLiteJobStore(path: path, readOnly: true) }
        #expect(failure?.isUnusable(because: "Start `hotreel run` once") == true)
        try await SQLiteJobStore(path: path).insert([.sample()])
    }

    @Test("another program's database is refused and not touched")
    func foreign() throws {
        try raw("CREATE TABLE recipe (name TEXT)")
        let before = try Data(contentsOf: URL(fileURLWithPath: path))
        for readOnly in [true, false] {
            let failure = #expect(throws: JobStoreError.self) { try SQLiteJobStore(path: path, readOnly: readOnly) }
            #expect(failure?.isUnusable(because: "another program's database") == true)
        }
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
        #expect(folder.files() == ["ledger.sqlite"])
    }

    @Test("a file that is no database is refused and not touched", arguments: [true, false])
    func noDatabase(readOnly: Bool) throws {
        let text = String(repeating: "This is a shopping list.\n", count: 400)
        try folder.write(text, to: "ledger.sqlite")
        let failure = #expect(throws: JobStoreError.self) { try SQLiteJobStore(path: path, readOnly: readOnly) }
        #expect(failure?.isUnusable(because: "not a ledger") == true)
        #expect(try folder.text(of: "ledger.sqlite") == text)
    }

    @Test("a torn file is refused, wherever it was cut", arguments: [1, 3, 8, 15])
    func torn(pagesLeft: Int) async throws {
        let store = try SQLiteJobStore(path: path)
        try await store.insert((1...40).map { .sample(.queued, $0) })
        try raw("PRAGMA wal_checkpoint(TRUNCATE)")
        let whole = try Data(contentsOf: URL(fileURLWithPath: path))
        #expect(whole.count > 16 * 4096)
        let torn = try folder.write(whole.prefix(pagesLeft * 4096), to: "torn/ledger.sqlite")
        let failure = #expect(throws: JobStoreError.self) { try SQLiteJobStore(path: torn.string) }
        #expect(failure?.isUnusable(because: "put back the last backup") == true)
    }

    @Test("an empty file becomes a ledger: that is what a crash at the very first start leaves")
    func empty() async throws {
        try folder.write("", to: "ledger.sqlite")
        #expect(try await SQLiteJobStore(path: path).counts() == [:])
    }

    @Test("an entry changed into nonsense is told, not guessed at")
    func nonsense() async throws {
        let store = try SQLiteJobStore(path: path)
        try await store.insert([.sample(.held, 1)])
        try raw(#"UPDATE job SET state_payload = '{"held":{"_0":{"reason":"mood"}}}', version = version + 1"#)
        let failure = await #expect(throws: JobStoreError.self) { try await store.job(.sample(1)) }
        #expect(failure?.isUnusable(because: "cannot be read") == true)
    }

    @Test("each commit is synced")
    func synced() async throws {
        let statements = Recorder()
        _ = try SQLiteJobStore(path: path) { statements.add($0) }
        #expect(statements.all.last { $0.contains("synchronous") } == "PRAGMA synchronous = FULL")
        #expect(try raw("PRAGMA journal_mode") == "wal")
    }

    @discardableResult
    private func raw(_ sql: String) throws -> String? {
        try DatabaseQueue(path: path).writeWithoutTransaction { db in try String.fetchOne(db, sql: sql) }
    }
}

extension JobStoreError {
    func isUnusable(because words: String) -> Bool {
        if case .unusable(let why) = self { why.contains(words) } else { false }
    }
}
