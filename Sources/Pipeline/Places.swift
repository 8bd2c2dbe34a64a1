import Folders
import Jobs
import Media

/// Where inbox and outbox have to lie. While one is not there, nothing is read from it, written to it or concluded from it.
package struct Places: Sendable {
    let inbox: SharePresence
    let outbox: SharePresence
    private let inboxCalls = HangingCalls(label: "hotreel.inbox")
    private let outboxCalls = HangingCalls(label: "hotreel.outbox")

    package init(inbox: SharePresence, outbox: SharePresence) {
        self.inbox = inbox
        self.outbox = outbox
    }

    /// Looks at the inbox or the outbox. One that does not answer in time is as good as gone.
    func look(_ gate: Gate, atMost limit: Duration, by time: Timekeeper) async -> Presence {
        let (presence, calls) = gate == .inbox ? (inbox, inboxCalls) : (outbox, outboxCalls)
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

extension Context {
    /// Whether a step may be taken now; looks at the folders it needs first.
    func admission(_ work: Work) async -> GateStates.Admission {
        if !work.needs.isDisjoint(with: [.inbox, .outbox]) { await lookAtPlaces() }
        return gates.admission(work)
    }

    /// Closes the gates of folders that are not in their place; opening them again is the gatekeeper's. Gives back why.
    @discardableResult
    func lookAtPlaces() async -> [Gate: String] {
        guard let places else { return [:] }
        async let inbox = places.look(.inbox, atMost: configuration.mountPatience, by: time)
        async let outbox = places.look(.outbox, atMost: configuration.mountPatience, by: time)
        let looks = await [(Gate.inbox, inbox), (.outbox, outbox)]
        var absent: [Gate: String] = [:]
        for case (let gate, .absent(let reason)) in looks {
            gates.close(gate, reason: reason)
            absent[gate] = reason
        }
        return absent
    }

    /// Throws unless the folders are in their place: the last look before something is written there.
    func requirePlaces(_ needed: [Gate] = [.inbox, .outbox]) async throws(PlaceGone) {
        let absent = await lookAtPlaces()
        if let reason = needed.lazy.compactMap({ absent[$0] }).first { throw PlaceGone(description: reason) }
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
            if [.shareGone, .readOnly].contains(error.meaning), claims.isOnAnotherMount(error.path) {
                // The trouble of one mount below the inbox; the lookout tells of it, and the rest goes on.
                bells.lookout.ring()
                logger.debug("\(error)")
                return true
            }
            return gates.close(by: error, in: [(.inbox, claims.inbox), (.outbox, outbox.root)])
        case let problem as ImageProblem where problem.systemError != nil:
            // A picture is fitted into its claim folder, which lies in the inbox.
            guard let code = problem.systemError, note(FileError("fit a picture into", claims.root, code)) else {
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
