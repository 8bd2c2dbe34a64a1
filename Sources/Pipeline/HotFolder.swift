import Catalog
import Folders
import Jobs
import Synchronization

/// An inbox and the outbox that belongs to it. One service may look after several, over one ledger, budget and key.
package struct HotFolder: Sendable {
    /// Its jobs bear it in the ledger; unnamed where a service has only this one.
    package let name: InboxName
    /// Names it had before: jobs that bear one are its own too.
    package let formerNames: Set<InboxName>
    package let claims: Claims
    package let outbox: Outbox
    /// Where both have to lie; nil believes whatever is there.
    package let places: Places?
    /// What holds for each of its drops unless its folder defaults or its sidecar say otherwise; nil where nothing is set.
    package let defaults: SettingsLayer?

    package init(
        name: InboxName = .unnamed, formerly formerNames: Set<InboxName> = [], claims: Claims, outbox: Outbox,
        places: Places? = nil,
        defaults: SettingsLayer? = nil
    ) {
        self.name = name
        self.formerNames = formerNames
        self.claims = claims
        self.outbox = outbox
        self.places = places
        self.defaults = defaults
    }

    /// All names under which its jobs stand in the ledger.
    package var names: Set<InboxName> { formerNames.union([name]) }
}

extension Sequence<HotFolder> {
    /// The one that is called so, or was.
    package func named(_ name: InboxName) -> HotFolder? { first { $0.names.contains(name) } }
}

/// The hot folders whose claim folders have not been brought into agreement with the ledger since the start: until then nothing
/// is claimed, sent or put away there.
final class Unhealed: Sendable {
    private let inboxes = Mutex<Set<InboxName>>([])

    var names: Set<InboxName> { inboxes.withLock { $0 } }
    func begin(_ names: some Sequence<InboxName>) { inboxes.withLock { $0.formUnion(names) } }
    func end(_ name: InboxName) { inboxes.withLock { _ = $0.remove(name) } }
}

/// What a process keeps in mind of a hot folder.
struct FolderMemory: Sendable {
    /// What waits in the inbox, and why.
    let waits: InboxWaits
    let resends: Resends
    /// What was seen in the inbox, and which of its trees are away.
    let sightings = Sightings()
    /// For tries that may hang where a server does not answer.
    let inboxCalls = HangingCalls(label: "hotreel.inbox gate")
    let outboxCalls = HangingCalls(label: "hotreel.outbox gate")
}
