import Folders
import Jobs

/// Files that were claimed lately. A look that began before that may have seen them still in the inbox, and must not bring them back.
struct ClaimedMeanwhile {
    private var files: [InboxPath: (identity: FileIdentity, at: Duration)] = [:]

    mutating func add(_ paths: [InboxPath], of table: InboxTable, at now: Duration) {
        for path in paths { if let file = table.file(path) { files[path] = (file.status.identity, now) } }
    }

    /// Whether what a look that began at `begun` saw there was claimed since.
    func wasTaken(_ path: InboxPath, _ status: FileStatus?, since begun: Duration) -> Bool {
        guard !files.isEmpty, let status, let claimed = files[path] else { return false }
        return claimed.at >= begun && claimed.identity == status.identity
    }

    /// No look that began before is under way any more.
    mutating func forget(before begun: Duration) { files = files.filter { $0.value.at >= begun } }
}
