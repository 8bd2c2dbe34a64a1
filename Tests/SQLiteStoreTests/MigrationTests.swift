import Foundation
import GRDB
import Jobs
import TestKit
import Testing

@testable import SQLiteStore

@Suite("A ledger of the first Hotreel", .timeLimit(.minutes(1)))
struct MigrationTests {
    let folder: TemporaryFolder
    var path: String { folder["ledger.sqlite"].string }

    init() throws { folder = try TemporaryFolder() }

    @Test("is brought up to date with every job, its history and its place")
    func keepsEverything() async throws {
        _ = try FirstLedger(path: path)
        let carried = """
            SELECT id, drop_id, folder, name, sources, request, priority, created, state, state_payload, version, attempts, reason,
                updated, client_request_id, generation_id, completed, credits, usd, leased_until, settled FROM job ORDER BY id
            """
        let (jobs, history) = (try rows(carried), try rows("SELECT * FROM history"))
        #expect(jobs.count == 14 && history.count == 15)

        let store = try SQLiteJobStore(path: path)
        #expect(try rows(carried) == jobs)
        #expect(try rows("SELECT * FROM history") == history)
        #expect(try rows("PRAGMA foreign_key_check").isEmpty && rows("PRAGMA integrity_check").count == 1)
        #expect(
            try await store.counts() == [
                .queued: 1, .held: 2, .submitting: 1, .unconfirmed: 1, .generating: 1, .generated: 1, .delivered: 1,
                .failed: 5, .cancelled: 1,
            ])
        #expect(try await store.unsettled().count == 13)
        #expect(try await store.lastChange() == .sample + 3)

        let delivered = try #require(try await store.job(.sample(7)))
        guard case .delivered(.generation(let generation), let video) = delivered.state else {
            Issue.record("\(delivered.state)")
            return
        }
        #expect(generation.id == .sample(7) && generation.charge.credits == 630_000)
        #expect(video == .sample(7))
        let unpaid = try #require(try await store.job(.sample(11)))
        #expect(unpaid.state.cost == nil && unpaid.state.generation?.id == .sample(11))
    }

    @Test("holds what waits for a person for ever, and lets a budget's hold end as it would have")
    func holds() async throws {
        _ = try FirstLedger(path: path)
        let store = try SQLiteJobStore(path: path)
        #expect(try await store.job(.sample(2))?.due == .distantFuture)
        #expect(try await store.job(.sample(10))?.due == .sample)
        try await store.endLeases()
        let due = try await store.claimDue(.held, now: .sample + 1e6, leaseEnd: .sample + 2e6, limit: 9)
        #expect(due.map(\.id) == [.sample(10)])
    }

    @Test("knows what was spent and what videos cost, though it never said")
    func money() async throws {
        _ = try FirstLedger(path: path)
        let store = try SQLiteJobStore(path: path)
        func spend(_ folder: FileName, videos: Int, underWay: Int) -> FolderSpend {
            FolderSpend(
                folder: folder, charged: 630_000 * Double(videos), videos: videos, expected: 0, underWay: underWay)
        }
        #expect(
            try await store.spending(since: .sample) == [
                spend("", videos: 0, underWay: 1), spend("a", videos: 1, underWay: 1),
                spend("portraits", videos: 3, underWay: 1),
            ])
        #expect(try await store.spending(since: .sample + 1) == [])
        #expect(try await store.prices() == [GenerationRequest.sample.priceKey: 630_000])
        #expect(try await store.inFlight(unconfirmedSince: .sample) == 3)
    }

    @Test("is worked on as any other")
    func goesOn() async throws {
        _ = try FirstLedger(path: path)
        let store = try SQLiteJobStore(path: path)
        for (number, event) in [
            (1, .submissionStarted), (2, .released), (3, .accepted), (4, .accepted), (5, .completed), (6, .delivered),
            (8, .retried), (10, .released), (11, .retried), (50, .retried), (51, .retried),
        ] as [(Int, JobEvent.Name)] {
            let job = try #require(try await store.job(.sample(number)))
            let next = try await store.record(.sample(event, number), on: job, at: .sample + 9)
            #expect(try await store.job(job.id) == next)
        }
        await #expect(throws: JobStoreError.self, "a generation of the old ledger") {
            let job = try #require(try await store.job(.sample(1)))
            try await store.record(.sample(.accepted, 7), on: job, at: .sample)
        }
    }

    @Test("has the tables of a new one")
    func sameTables() throws {
        _ = try FirstLedger(path: path)
        _ = try SQLiteJobStore(path: path)
        let new = folder["new.sqlite"].string
        _ = try SQLiteJobStore(path: new)
        let schema = "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name"
        #expect(try rows(schema) == rows(schema, in: new))
        #expect(
            try rows("SELECT name FROM sqlite_schema WHERE sql LIKE '%new_job %' OR sql LIKE '%new_job\"%'").isEmpty)
    }

    @Test("has all its jobs in the inbox without a name, and takes new ones of others")
    func inbox() async throws {
        _ = try FirstLedger(path: path)
        let store = try SQLiteJobStore(path: path)
        #expect(try await store.jobs(JobQuery()).allSatisfy { $0.drop.inbox.isUnnamed })
        #expect(try await store.countsByInbox().mapValues { $0.values.reduce(0, +) } == [.unnamed: 14])
        let drop = Drop.sample(70)
        let ads = InboxName(rawValue: "ads")
        try await store.insert([
            .queued(
                .sample(70), drop: Drop(id: drop.id, folder: "", sources: drop.sources, inbox: ads), request: .sample,
                name: "shot", priority: 5, held: false, at: .sample)
        ])
        #expect(try await store.countsByInbox()[ads] == [.queued: 1])
        #expect(try await store.jobs(JobQuery(inboxes: [ads])).map(\.id) == [.sample(70)])
    }

    /// A change to a released migration would make two kinds of ledger with one name.
    @Test("is what the first migration has always made")
    func firstMigrationIsFrozen() throws {
        _ = try FirstLedger(path: path)
        let sql = try DatabaseQueue(path: path).read { db in
            try String.fetchAll(
                db, sql: "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'grdb%' ORDER BY name")
        }
        let fingerprint = sql.joined(separator: "\n").utf8.reduce(UInt64(0xCBF2_9CE4_8422_2325)) {
            ($0 ^ UInt64($1)) &* 0x100_0000_01B3
        }
        #expect(String(fingerprint, radix: 16) == "6e08c956c6615d69")
    }

    @Test("with an entry that cannot be read is refused and left as it was")
    func nonsense() throws {
        _ = try FirstLedger(
            path: path, also: [.init(number: 60, state: "held", payload: #"{"_0":{"reason":"mood"}}"#)])
        let before = try rows("SELECT * FROM job")
        let failure = #expect(throws: JobStoreError.self) { try SQLiteJobStore(path: path) }
        #expect(failure?.isUnusable(because: "cannot be read") == true)
        #expect(try rows("SELECT * FROM job") == before)
        #expect(try rows("SELECT * FROM grdb_migrations").count == 1)
    }

    @Test(
        "on a full disk is left as it was, and brought up to date when there is room",
        .enabled(if: SmallDisk.isAvailable, "\(SmallDisk.remedy)"), arguments: [0, 60_000, 400_000])
    func fullDisk(bytesLeft: Int) async throws {
        let disk = try SmallDisk(bytes: 8 << 20)
        let path = disk["ledger.sqlite"].string
        _ = try FirstLedger(path: path, also: (100...600).map { .init(number: $0, state: "queued", payload: "{}") })
        try disk.fill(leaving: bytesLeft)
        let failure = #expect(throws: JobStoreError.self) { try SQLiteJobStore(path: path) }
        #expect(failure?.isUnavailable(because: "is full") == true)
        try disk.makeRoom()
        #expect(try rows("SELECT * FROM grdb_migrations", in: path).count == 1)
        #expect(try await SQLiteJobStore(path: path).jobs(JobQuery()).count == 515)
    }

    private func rows(_ sql: String, in other: String? = nil) throws -> [Row] {
        try DatabaseQueue(path: other ?? path).read { db in try Row.fetchAll(db, sql: sql) }
    }
}
