import GRDB
import Jobs

extension SQLiteJobStore {
    package func reusers(of job: Job) async throws(JobStoreError) -> [Job] {
        guard let fingerprint = job.fingerprint else { return [] }
        return try await read { db in
            try Row.fetchAll(
                db.cachedStatement(
                    sql: "SELECT * FROM job WHERE fingerprint = ? AND state = 'reusing' AND id <> ? ORDER BY id"),
                arguments: [fingerprint, job.id.rawValue]
            ).map(JobRow.job)
        }
    }
}
