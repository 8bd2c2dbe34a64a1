import Folders
import Jobs
import Media
import SystemPackage

/// Where inbox and outbox have to lie. While one is not there, nothing is read from it, written to it or concluded from it.
package struct Places: Sendable {
    package let inbox: SharePresence
    package let outbox: SharePresence
    private let inboxCalls = HangingCalls(label: "hotreel.inbox")
    private let outboxCalls = HangingCalls(label: "hotreel.outbox")

    package init(inbox: SharePresence, outbox: SharePresence) {
        self.inbox = inbox
        self.outbox = outbox
    }

    /// Looks at the inbox or the outbox. One that does not answer in time is as good as gone.
    func look(_ part: Gate.Kind, atMost limit: Duration, by time: Timekeeper) async -> Presence {
        let (presence, calls) = part == .inbox ? (inbox, inboxCalls) : (outbox, outboxCalls)
        if let found = await calls.run(atMost: limit, by: time, { presence.look() }) { return found }
        return .absent(
            reason: "the \(presence.role) \(presence.root) on \(presence.place.shown) does not answer. "
                + "Check the share; Hotreel goes on by itself.")
    }
}

/// A folder was not in its place when it was needed; its gate is closed.
struct PlaceGone: Error, CustomStringConvertible {
    let description: String
}

/// For which jobs a kind of step may be taken now.
struct Clearance: Hashable, Sendable {
    let admission: GateStates.Admission
    /// The inboxes whose jobs must wait, though others' need not.
    let without: Set<InboxName>
}

extension Context {
    /// Whether a step may be taken in this hot folder now; looks at the folders it needs first.
    func admission(_ work: Work) async -> GateStates.Admission {
        if work.needsFolders { await lookAtPlaces() }
        return gates.admission(work, in: folder.name)
    }

    /// Where steps may be taken now, over all hot folders; closed only where no folder's jobs may go on.
    func clearance(_ work: Work) async -> Clearance {
        if work.needsFolders { await lookAtPlaces() }
        var stopped = gates.stopped(work)
        if work.needsFolders { stopped.formUnion(unhealed.names) }
        let without = Set(stopped.flatMap { name in folders.named(name)?.names ?? [name] })
        let admissions = folders.map { (name: $0.name, admission: gates.admission(work, in: $0.name)) }
        // What stands before all stands before each, so one folder whose own gates are open speaks for the others.
        if let open = admissions.first(where: { !without.contains($0.name) }) {
            return Clearance(admission: open.admission, without: without)
        }
        let looks = admissions.map { folder -> Duration in
            if case .closed(let until) = folder.admission { until } else { time.uptime() + .seconds(10) }
        }
        return Clearance(admission: .closed(until: looks.min() ?? .zero), without: without)
    }

    /// Closes the gates of folders that are not in their place; opening them again is the gatekeeper's. Gives back why.
    @discardableResult
    func lookAtPlaces() async -> [Gate: String] {
        let limit = configuration.mountPatience
        let looks = await withTaskGroup(of: (Gate, Presence).self) { group in
            for folder in foldersInView {
                guard let places = folder.places else { continue }
                group.addTask { (.inbox(of: folder.name), await places.look(.inbox, atMost: limit, by: time)) }
                group.addTask { (.outbox(of: folder.name), await places.look(.outbox, atMost: limit, by: time)) }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        var absent: [Gate: String] = [:]
        for case (let gate, .absent(let reason)) in looks {
            gates.close(gate, reason: reason)
            absent[gate] = reason
        }
        return absent
    }

    /// Throws unless the hot folder is in its place: the last look before something is written there.
    func requirePlaces(_ needed: [Gate.Kind] = [.inbox, .outbox]) async throws(PlaceGone) {
        let absent = await within(folder).lookAtPlaces()
        for kind in needed {
            if let reason = absent.first(where: { $0.key.kind == kind })?.value { throw PlaceGone(description: reason) }
        }
    }

    private var allPlaces: [(gate: Gate, root: FilePath)] {
        folders.flatMap {
            [(.inbox(of: $0.name), $0.claims.inbox), (.outbox(of: $0.name), $0.outbox.root)]
        }
    }

    /// Throws while a mount below the inbox that a drop came from is away: what is put back there now would lie beneath it.
    func requireTrees(of drop: Drop) throws(PlaceGone) {
        for source in drop.sources {
            let folder = InboxPath(from: drop.folder, following: source.file).folder
            if let absence = sightings.absence(of: folder) { throw PlaceGone(description: absence) }
        }
    }

    /// Closes the gate that an error speaks of. False where it is the job's or file's own trouble.
    @discardableResult
    func note(_ error: any Error) -> Bool {
        switch error {
        case let error as FileError:
            if [.shareGone, .readOnly].contains(error.meaning),
                folders.contains(where: { $0.claims.isOnAnotherMount(error.path) })
            {
                // The trouble of one mount below the inbox; the lookout tells of it, and the rest goes on.
                bells.lookout.ring()
                logger.debug("\(error)")
                return true
            }
            return gates.close(by: error, in: allPlaces)
        case let problem as ImageProblem where problem.systemError != nil:
            // A picture is fitted into its claim folder, which lies in the inbox.
            guard let code = problem.systemError, note(FileError("fit a picture into", claims.root.path, code)) else {
                logger.error("\(problem.rule)")
                return false
            }
            return true
        case is PlaceGone: return true
        case JobStoreError.unavailable(let why):
            gates.close(.ledger, reason: "the ledger cannot be written: \(why)")
            return true
        default:
            logger.error("\(error)")
            return false
        }
    }
}
