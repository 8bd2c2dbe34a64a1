import Foundation
import GRDB
import Jobs

extension JobStoreError {
    /// What an error met in the ledger means to the rest of the house, with what to do about it.
    init(ledger error: any Error) {
        switch error {
        case let error as JobStoreError:
            self = error
        case let error as DatabaseError:
            self.init(sqlite: error)
        case is DecodingError, is RowDecodingError:
            self = .unusable("an entry cannot be read (\(error)). Was it changed by hand, or by a newer Hotreel?")
        default:
            self = .unavailable(String(describing: error))
        }
    }

    private init(sqlite error: DatabaseError) {
        let message = error.message ?? "SQLite error \(error.extendedResultCode.rawValue)"
        switch error.resultCode {
        case .SQLITE_CONSTRAINT, .SQLITE_MISMATCH:
            self = .violated(message)
        // A ledger that is opened makes its index of the log, and SQLite has this word for not having the room.
        case _ where error.extendedResultCode == .SQLITE_IOERR_SHMSIZE, .SQLITE_FULL:
            self = .unavailable("the disk of the state folder is full. Free some space; Hotreel goes on by itself")
        case .SQLITE_BUSY, .SQLITE_LOCKED:
            self = .unavailable("another program holds the ledger's lock. Close what has it open")
        case .SQLITE_IOERR:
            self = .unavailable("the disk of the state folder does not read or write (\(message)). Check the disk")
        case .SQLITE_CANTOPEN, .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_AUTH:
            self = .unavailable(
                "the state folder is missing or may not be written (\(message)). Check that it exists and belongs to "
                    + "the user that runs Hotreel")
        case .SQLITE_NOTADB:
            self = .unusable("the file is not a ledger. Move it away, or point `state` to another folder")
        case .SQLITE_CORRUPT:
            self = .unusable(
                "the file is damaged (\(message)). Stop Hotreel and put back the last backup of the state folder; "
                    + "do not delete the file, it may name paid videos")
        default:
            self = .unavailable(message)
        }
    }
}
