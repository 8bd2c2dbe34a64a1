import Foundation
import Jobs

/// Something an admin should hear of, though the log and the status page say it too. Each is told once.
package struct Notice: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        case gateClosed(Gate)
        case gateOpened(Gate)
        /// A request was lost and only a person can find out whether it was billed.
        case unconfirmed
        /// A generation takes far longer than any should.
        case overdue
        /// Paid for, and could not be brought home.
        case notRetrieved
    }

    package let kind: Kind
    /// For people: what is wrong and what to do.
    package let message: String
    package let at: Date
    /// The job it is about, if it is about one.
    package let job: JobID?

    package init(_ kind: Kind, message: String, at: Date, job: JobID? = nil) {
        self.kind = kind
        self.message = message
        self.at = at
        self.job = job
    }

    /// The word for scripts.
    package var event: String {
        switch kind {
        case .gateClosed: "gate_closed"
        case .gateOpened: "gate_opened"
        case .unconfirmed: "unconfirmed"
        case .overdue: "overdue"
        case .notRetrieved: "not_retrieved"
        }
    }

    /// What the notification hook is given. Its keys are a promise to scripts.
    package var document: JSONValue {
        var object: [String: JSONValue] = ["event": .string(event), "message": .string(message), "at": .time(at)]
        switch kind {
        case .gateClosed(let gate), .gateOpened(let gate): object["gate"] = .string(gate.rawValue)
        case .unconfirmed, .overdue, .notRetrieved: break
        }
        if let job { object["job"] = .string(job.rawValue) }
        return .object(object)
    }
}
