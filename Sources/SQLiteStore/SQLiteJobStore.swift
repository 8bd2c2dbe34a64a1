import Foundation
import GRDB
import Jobs

/// The ledger in one SQLite file, on a local disk (WAL does not work over a network).
///
/// Every write is synced before its call returns; concurrent writes share a sync. Times are kept to the millisecond.
/// A second process may read it at any time, and may write to it: compare-and-set holds between processes too.
package final class SQLiteJobStore: JobStore {
    private let reader: any DatabaseReader
    /// nil when opened for reading only.
    private let commits: GroupCommit?

    /// Throws `.unusable` with what to do if the file is another program's, damaged, or written by a newer Hotreel; `.unavailable`
    /// if it cannot be opened now. With `readOnly` nothing is made: a missing ledger is `.unusable`, and each write throws.
    package init(path: String, readOnly: Bool = false, trace: StatementTrace? = nil) throws(JobStoreError) {
        do {
            if readOnly {
                reader = try Ledger.openReadOnly(path, trace: trace)
                commits = nil
            } else {
                let pool = try Ledger.open(path, trace: trace)
                reader = pool
                commits = GroupCommit(pool)
            }
        } catch {
            throw JobStoreError(ledger: error)
        }
    }

    func write<Value: Sendable>(
        _ work: @escaping @Sendable (Database) throws -> Value
    ) async throws(JobStoreError) -> Value {
        guard let commits else { throw .unavailable("it was opened for reading only") }
        return try await commits.write(work)
    }

    /// Reads what has been committed. Not ended by cancellation: reads are short, and a caller on its way out still wants
    /// to know where its job stands.
    func read<Value: Sendable>(
        _ work: @escaping @Sendable (Database) throws -> Value
    ) async throws(JobStoreError) -> Value {
        let result: Result<Value, JobStoreError> = await withCheckedContinuation { continuation in
            reader.asyncRead { db in
                continuation.resume(
                    returning: Result { try work(db.get()) }.mapError { JobStoreError(ledger: $0) })
            }
        }
        return try result.get()
    }
}
