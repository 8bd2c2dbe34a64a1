import Foundation

/// A part of the world that all jobs need. While one is in trouble its gate is closed: jobs keep their place, and nothing fails.
package enum Gate: String, Hashable, Sendable, Codable, CaseIterable {
    /// The API accepts the key.
    case key
    /// The API's account can pay.
    case credit
    /// The API answers as it should.
    case api
    /// The API takes more requests now.
    case rate
    /// There is room for videos and for what is claimed.
    case disk
    /// The outbox is there and may be written.
    case outbox
    /// The inbox is there and may be changed.
    case inbox
    /// The ledger takes writes.
    case ledger
}

/// A gate that is closed, as people are told of it.
package struct ClosedGate: Hashable, Sendable, Codable {
    package let gate: Gate
    package let since: Date
    /// What is wrong and what to do.
    package let reason: String

    package init(gate: Gate, since: Date, reason: String) {
        self.gate = gate
        self.since = since
        self.reason = reason
    }
}
