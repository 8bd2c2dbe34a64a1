import Folders
import Jobs
import SQLiteStore
import SystemPackage

/// Which API a ledger works with, kept beside it. Jobs of one API mean nothing to another: queued previews would be paid
/// for, and paid generations asked for where nobody knows them.
struct FarEnd {
    let api: Settings.API
    let state: FilePath

    private static func file(in state: FilePath) -> FilePath { state.appending("api") }

    /// Whether a ledger has worked with the stand-in, whose credits are nobody's money.
    static func isStandIn(state: FilePath) -> Bool { known(state: state) == "local" }

    /// The API a ledger works with; nil where it has not worked with any.
    static func known(state: FilePath) -> String? {
        (try? FileSystem.read(file(in: state), limit: 4096)).map { String(decoding: $0, as: UTF8.self) }
    }

    var name: String {
        switch api {
        case .local: "local"
        case .remote(let url): url.absoluteString
        }
    }

    /// Throws while the ledger still has jobs under way with another API.
    func claim(_ store: SQLiteJobStore) async throws {
        let file = Self.file(in: state)
        if FileSystem.exists(file) {
            let known = String(decoding: try FileSystem.read(file, limit: 4096), as: UTF8.self)
            guard known != name else { return }
            let open = try await store.counts().filter { !$0.key.isEnded }.values.reduce(0, +)
            guard open == 0 else {
                throw ConfigurationError(
                    place: "ledger in \(state)", key: ConfigurationKey.apiURL.rawValue, value: name,
                    rule: "\(open) jobs of this ledger are not finished yet, and they belong to \(known)",
                    remedy: "Let them finish there first, or give this API folders of its own.")
            }
        }
        try FileSystem.replace(file, with: Array(name.utf8))
    }
}
