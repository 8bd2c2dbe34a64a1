import Folders
import Jobs
import Media

/// Where inbox and outbox have to lie. While one is not there, nothing is read from it, written to it or concluded from it.
package struct Places: Sendable {
    let inbox: SharePresence
    let outbox: SharePresence

    package init(inbox: SharePresence, outbox: SharePresence) {
        self.inbox = inbox
        self.outbox = outbox
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
        let looks = await files.run { [(Gate.inbox, places.inbox.look()), (.outbox, places.outbox.look())] }
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

    /// Closes the gate that an error speaks of. False where it is the job's or file's own trouble.
    @discardableResult
    func note(_ error: any Error) -> Bool {
        switch error {
        case let error as FileError:
            return gates.close(by: error, in: [(.inbox, claims.inbox), (.outbox, outbox.root)])
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
