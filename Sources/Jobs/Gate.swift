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

extension Gate {
    /// What is waited for while it is closed: “waiting for …”.
    package var lacking: String {
        switch self {
        case .key: "a key that the API accepts"
        case .credit: "credit"
        case .api: "the API"
        case .rate: "the API's leave to send more"
        case .disk: "room on the disk"
        case .outbox: "the outbox"
        case .inbox: "the inbox"
        case .ledger: "the ledger"
        }
    }

    /// That it is open again: “… after 5 min”.
    package var restored: String {
        switch self {
        case .key: "the API accepts the key again"
        case .credit: "there is credit again"
        case .api: "the API works again"
        case .rate: "the API takes more again"
        case .disk: "there is room on the disk again"
        case .outbox: "the outbox is there again"
        case .inbox: "the inbox is there again"
        case .ledger: "the ledger can be written again"
        }
    }
}
