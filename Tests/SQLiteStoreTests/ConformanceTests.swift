import Foundation
import Jobs
import SQLiteStore
import TestKit
import Testing

@Suite("The SQLite ledger")
struct ConformanceTests {
    @Test("keeps the rules of every ledger", .timeLimit(.minutes(1)), arguments: JobStoreConformance.allCases)
    func keepsTheRules(_ rule: JobStoreConformance) async throws {
        let folder = try TemporaryFolder()
        try await rule.check(SQLiteJobStore(path: folder["ledger.sqlite"].string))
    }
}
