import Synchronization

/// Keeps the statements a ledger has run.
final class Recorder: Sendable {
    private let statements = Mutex<[String]>([])
    func add(_ sql: String) { statements.withLock { $0.append(sql) } }
    var all: [String] { statements.withLock { $0 } }
}
