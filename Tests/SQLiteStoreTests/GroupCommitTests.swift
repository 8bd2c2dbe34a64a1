import Dispatch
import GRDB
import Jobs
import Synchronization
import TestKit
import Testing

@testable import SQLiteStore

@Suite("Group commit", .timeLimit(.minutes(1)))
struct GroupCommitTests {
    let folder: TemporaryFolder
    let pool: DatabasePool
    let commits: GroupCommit

    init() throws {
        folder = try TemporaryFolder()
        pool = try DatabasePool(path: folder["some.sqlite"].string)
        try pool.write { db in
            try db.execute(sql: "CREATE TABLE note (number INTEGER PRIMARY KEY CHECK (number <> 13), page BLOB)")
        }
        commits = GroupCommit(pool)
    }

    @Test("what comes while a transaction runs shares the next one, and a refused write fails alone")
    func sharesTransactions() async throws {
        let transactions = CommitCount()
        pool.add(transactionObserver: transactions, extent: .databaseLifetime)
        let outcomes = try await outcomes(ofWritingTogether: 1...100)
        #expect(transactions.count.withLock { $0 } == 2, "one for the write in progress, one for the hundred behind it")
        #expect(outcomes.filter { $0.value != nil }.keys.sorted() == [13])
        #expect(outcomes[13]??.isViolation == true)
        #expect(try await numbers() == Set(0...100).subtracting([13]))
    }

    @Test("a full disk fails whom it concerns, tells nobody a lie, and is over when there is room")
    func fullDisk() async throws {
        let pages = try await pool.writeWithoutTransaction { db in
            let used = try Int.fetchOne(db, sql: "PRAGMA page_count") ?? 0
            return try Int.fetchOne(db, sql: "PRAGMA max_page_count = \(used + 20)") ?? 0
        }
        let outcomes = try await outcomes(ofWritingTogether: 20...60, bytes: 4_000)
        let failures = outcomes.values.compactMap { $0 }
        #expect(!failures.isEmpty)
        #expect(failures.allSatisfy { if case .unavailable(let why) = $0 { why.contains("full") } else { false } })
        let told = Set(outcomes.filter { $0.value == nil }.keys)
        #expect(try await numbers() == told)

        try await pool.writeWithoutTransaction { db in
            try db.execute(sql: "PRAGMA max_page_count = \(pages + 1000)")
        }
        try await commits.write { db in try db.execute(sql: "INSERT INTO note VALUES (99, NULL)") }
        #expect(try await numbers() == told.union([99]))
    }

    @Test("another program's lock is told as such, and the write after it goes through")
    func foreignLock() async throws {
        var configuration = Configuration()
        configuration.allowsUnsafeTransactions = true
        let other = try DatabaseQueue(path: folder["some.sqlite"].string, configuration: configuration)
        try await other.writeWithoutTransaction { db in try db.execute(sql: "BEGIN IMMEDIATE") }
        await #expect(
            throws: JobStoreError.unavailable("another program holds the ledger's lock. Close what has it open")
        ) {
            try await commits.write { db in try db.execute(sql: "INSERT INTO note VALUES (1, NULL)") }
        }
        try await other.writeWithoutTransaction { db in try db.execute(sql: "ROLLBACK") }
        try await commits.write { db in try db.execute(sql: "INSERT INTO note VALUES (1, NULL)") }
        #expect(try await numbers() == [1])
    }

    @Test("a write whose caller is cancelled is carried out and answered")
    func cancelledCaller() async throws {
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            try await commits.write { db in try db.execute(sql: "INSERT INTO note VALUES (1, NULL)") }
        }
        try await task.value
        #expect(try await numbers() == [1])
    }

    /// Writes 0, and while that is in progress hands in `numbers`; what each heard, nil for success.
    private func outcomes(
        ofWritingTogether numbers: ClosedRange<Int>, bytes: Int = 0
    ) async throws -> [Int: JobStoreError?] {
        let (answers, answer) = AsyncStream<(Int, JobStoreError?)>.makeStream()
        let (beginnings, begun) = AsyncStream<Void>.makeStream()
        let gate = DispatchSemaphore(value: 0)
        @Sendable func add(_ number: Int, first: @escaping @Sendable () -> Void = {}) {
            commits.add { db in
                first()
                try db.execute(sql: "INSERT INTO note VALUES (?, zeroblob(?))", arguments: [number, bytes])
            } done: { result in
                if case .failure(let error) = result {
                    answer.yield((number, error))
                } else {
                    answer.yield((number, nil))
                }
            }
        }
        // Waits on the writer's own queue; no task's thread is held.
        add(0) {
            begun.yield()
            gate.wait()
        }
        for await _ in beginnings { break }
        for number in numbers { add(number) }
        gate.signal()

        var outcomes: [Int: JobStoreError?] = [:]
        for await (number, error) in answers {
            outcomes.updateValue(error, forKey: number)
            if outcomes.count == numbers.count + 1 { break }
        }
        return outcomes
    }

    private func numbers() async throws -> Set<Int> {
        try await pool.read { db in try Int.fetchSet(db, sql: "SELECT number FROM note") }
    }
}

private final class CommitCount: TransactionObserver, Sendable {
    let count = Mutex(0)
    func observes(eventsOfKind eventKind: DatabaseEventKind) -> Bool { true }
    func databaseDidChange(with event: DatabaseEvent) {}
    func databaseDidCommit(_ db: Database) { count.withLock { $0 += 1 } }
    func databaseDidRollback(_ db: Database) {}
}

extension JobStoreError {
    fileprivate var isViolation: Bool { if case .violated = self { true } else { false } }
}
