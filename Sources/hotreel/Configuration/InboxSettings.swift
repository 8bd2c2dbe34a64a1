import Catalog
import Folders
import Jobs
import Pipeline
import SystemPackage

/// One of several inboxes, as it stands in the configuration file under `inboxes`.
struct InboxSettings {
    static let group = "inboxes"
    static let keys = ["name", "inbox", "outbox", "defaults", "budget", "formerly"]

    var name: InboxName = .unnamed
    /// Names under which its jobs may stand in the ledger too; the unnamed one where it was the only inbox once.
    var formerNames: Set<InboxName> = []
    var inbox: FilePath
    var outbox: FilePath
    /// What holds for each of its drops, below all folder defaults.
    var defaults: SettingsLayer?
    var budget = Budget()
}

extension Settings {
    /// The hot folders of the pipeline, with what is known of where they have to lie.
    func hotFolders(_ known: KnownPlaces) -> [HotFolder] {
        folders.map { folder in
            HotFolder(
                name: folder.name, formerly: folder.formerNames, claims: Claims(inbox: folder.inbox),
                outbox: Outbox(root: folder.outbox, permissions: permissions),
                places: known.known(folder), defaults: folder.defaults)
        }
    }
}
