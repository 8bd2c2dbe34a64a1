import Foundation
import GRDB
import GRDBSQLite
import Jobs

/// Opens the ledger's file, for the service or for somebody who only looks.
enum Ledger {
    /// For the service and the commands that change jobs. Makes the ledger if there is none, and brings an older one up to date.
    static func open(_ path: String, trace: StatementTrace?) throws -> DatabasePool {
        // Looked at before it is touched: opening for writing would already turn another program's file into WAL.
        if let size = fileSize(path), size > 0 {
            let reader = try DatabaseQueue(path: path, configuration: configuration(readOnly: true))
            if try !reader.read(isUnbegun) { try refuseForeign(reader, at: path) }
        }
        let pool = try DatabasePool(path: path, configuration: configuration(trace: trace))
        try pool.writeWithoutTransaction { db in
            // GRDB chooses NORMAL for WAL, which may lose the last commits when the power goes: an intent, a paid id.
            try db.execute(sql: "PRAGMA synchronous = FULL")
            try db.execute(sql: "PRAGMA journal_size_limit = \(64 << 20)")
        }
        try Migrations.migrator.migrate(pool)
        return pool
    }

    /// For looking, beside a running service or without one. Never makes or changes anything.
    static func openReadOnly(_ path: String, trace: StatementTrace?) throws -> DatabaseQueue {
        guard let size = fileSize(path), size > 0 else {
            throw JobStoreError.unusable(
                "no ledger at \(path): has `hotreel run` been started with this state folder?")
        }
        let queue = try DatabaseQueue(path: path, configuration: configuration(readOnly: true, trace: trace))
        guard try !queue.read(isUnbegun) else {
            throw JobStoreError.unusable(
                "the ledger \(path) was only begun. Start `hotreel run` once; it makes it whole")
        }
        try refuseForeign(queue, at: path)
        guard try queue.read(Migrations.migrator.hasCompletedMigrations) else {
            throw JobStoreError.unusable(
                "\(path) was written by an older Hotreel. Start `hotreel run` once; it brings the ledger up to date")
        }
        return queue
    }

    /// Whether nobody has put anything into it: the process that was about to make the ledger was ended before.
    private static func isUnbegun(_ db: Database) throws -> Bool {
        guard try Int.fetchOne(db, sql: "PRAGMA application_id") == 0 else { return false }
        // The list of migrations comes first, each migration with its entry in one transaction.
        let tables = try String.fetchAll(db, sql: "SELECT name FROM sqlite_schema WHERE type = 'table'")
        if tables.isEmpty { return try Int.fetchOne(db, sql: "PRAGMA user_version") == 0 }
        return try tables == ["grdb_migrations"] && Int.fetchOne(db, sql: "SELECT count(*) FROM grdb_migrations") == 0
    }

    private static func refuseForeign(_ reader: DatabaseQueue, at path: String) throws {
        try reader.read { db in
            guard try Int.fetchOne(db, sql: "PRAGMA application_id") == Migrations.applicationID else {
                throw JobStoreError.unusable(
                    "\(path) is another program's database. Move it away, or point `state` to another folder")
            }
            if try Migrations.migrator.hasBeenSuperseded(db) {
                throw JobStoreError.unusable(
                    "\(path) was written by a newer Hotreel. Install that version again; this one could misread it")
            }
        }
    }

    private static func configuration(readOnly: Bool = false, trace: StatementTrace? = nil) -> Configuration {
        var configuration = Configuration()
        configuration.readonly = readOnly
        configuration.foreignKeysEnabled = true
        configuration.busyMode = .timeout(5)
        configuration.prepareDatabase { db in
            if let trace { db.trace { if case .statement(let statement) = $0 { trace(statement.sql) } } }
            guard !readOnly else { return }
            // The WAL file stays when the last connection closes: without it, a user who may read but not write the
            // state folder could not open the ledger while the service is down.
            var keep: CInt = 1
            _ = sqlite3_file_control(db.sqliteConnection, nil, SQLITE_FCNTL_PERSIST_WAL, &keep)
        }
        return configuration
    }

    private static func fileSize(_ path: String) -> Int? {
        try? URL(fileURLWithPath: path).resourceValues(forKeys: [.fileSizeKey]).fileSize
    }
}

/// Hears each SQL statement the ledger runs, without its values.
package typealias StatementTrace = @Sendable (String) -> Void
