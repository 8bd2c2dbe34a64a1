import GRDB
import Jobs
import Synchronization

/// Gathers the writes of concurrent callers into one transaction, because what a durable write costs is the sync at its end:
/// while one transaction is being synced, the next callers queue up and share the one after it.
///
/// Each write has its own savepoint, so one that breaks a rule fails alone. A caller hears of its result only after the
/// commit: success means that the write is on disk. A write that has been handed in is carried out even if its caller is
/// cancelled, so that nobody has to wonder.
final class GroupCommit: Sendable {
    private struct Write: Sendable {
        /// Writes, and returns what tells the caller so.
        let perform: @Sendable (Database) throws -> @Sendable () -> Void
        let fail: @Sendable (JobStoreError) -> Void
    }

    private let writer: any DatabaseWriter
    private let waiting = Mutex<[Write]>([])

    init(_ writer: any DatabaseWriter) { self.writer = writer }

    func write<Value: Sendable>(
        _ work: @escaping @Sendable (Database) throws -> Value
    ) async throws(JobStoreError) -> Value {
        let result = await withCheckedContinuation { continuation in
            add(work) { continuation.resume(returning: $0) }
        }
        return try result.get()
    }

    /// Hands in a write and returns at once; `done` hears of it after the commit.
    func add<Value: Sendable>(
        _ work: @escaping @Sendable (Database) throws -> Value,
        done: @escaping @Sendable (Result<Value, JobStoreError>) -> Void
    ) {
        let write = Write(
            perform: { db in
                let value = try work(db)
                return { done(.success(value)) }
            }, fail: { done(.failure($0)) })
        let isFirst = waiting.withLock { waiting in
            waiting.append(write)
            return waiting.count == 1
        }
        if isFirst {
            writer.asyncWriteWithoutTransaction { db in self.commitWaiting(db) }
        }
    }

    private func commitWaiting(_ db: Database) {
        let writes = waiting.withLock { waiting in
            defer { waiting = [] }
            return waiting
        }
        var answers: [@Sendable () -> Void] = []
        do {
            try db.inTransaction(.immediate) {
                for write in writes { answers.append(try Self.perform(write, db)) }
                return .commit
            }
        } catch {
            let failure = JobStoreError(ledger: error)
            answers = writes.map { write in { write.fail(failure) } }
        }
        for answer in answers { answer() }
    }

    /// Throws only when the whole transaction is lost: SQLite ends it by itself on a full disk and the like.
    private static func perform(_ write: Write, _ db: Database) throws -> @Sendable () -> Void {
        var answer: (@Sendable () -> Void)?
        do {
            try db.inSavepoint {
                answer = try write.perform(db)
                return .commit
            }
        } catch  where db.isInsideTransaction {
            let failure = JobStoreError(ledger: error)
            return { write.fail(failure) }
        }
        return answer ?? {}
    }
}
