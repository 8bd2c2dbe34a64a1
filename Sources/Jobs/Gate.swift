import Foundation

/// A part of the world that all jobs need. While one is in trouble its gate is closed: jobs keep their place, and nothing fails.
///
/// Where a service has several inboxes, each has `disk`, `outbox` and `inbox` for itself, `inbox:commercials`: a share that is gone
/// stops nobody else's work.
package struct Gate: Hashable, Sendable, Codable, CaseIterable {
    package enum Kind: String, Hashable, Sendable, CaseIterable {
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

        /// Whether each inbox has one for itself.
        package var isOfOneInbox: Bool {
            switch self {
            case .disk, .outbox, .inbox: true
            case .key, .credit, .api, .rate, .ledger: false
            }
        }
    }

    package let kind: Kind
    /// Whose work it stops; nil where it stands before all work.
    package let inbox: InboxName?

    private init(_ kind: Kind, of inbox: InboxName? = nil) {
        self.kind = kind
        self.inbox = kind.isOfOneInbox ? inbox ?? .unnamed : nil
    }

    package static let key = Gate(.key)
    package static let credit = Gate(.credit)
    package static let api = Gate(.api)
    package static let rate = Gate(.rate)
    package static let ledger = Gate(.ledger)
    /// Those of the one inbox without a name.
    package static let disk = disk(of: .unnamed)
    package static let outbox = outbox(of: .unnamed)
    package static let inbox = inbox(of: .unnamed)

    package static func disk(of inbox: InboxName) -> Gate { Gate(.disk, of: inbox) }
    package static func outbox(of inbox: InboxName) -> Gate { Gate(.outbox, of: inbox) }
    package static func inbox(of inbox: InboxName) -> Gate { Gate(.inbox, of: inbox) }

    /// Those of a service with one inbox.
    package static let allCases = Kind.allCases.map { Gate($0) }
}

extension Gate: RawRepresentable {
    /// The word for scripts: `credit`, `inbox`, `inbox:commercials`.
    package var rawValue: String {
        guard let inbox, !inbox.isUnnamed else { return kind.rawValue }
        return "\(kind.rawValue):\(inbox)"
    }

    package init?(rawValue: String) {
        let parts = rawValue.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard let kind = Kind(rawValue: parts[0]) else { return nil }
        guard parts.count > 1 else {
            self.init(kind)
            return
        }
        guard kind.isOfOneInbox, !parts[1].isEmpty else { return nil }
        self.init(kind, of: InboxName(rawValue: parts[1]))
    }
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
        switch kind {
        case .key: "a key that the API accepts"
        case .credit: "credit"
        case .api: "the API"
        case .rate: "the API's leave to send more"
        case .disk: "room on the disk\(whose)"
        case .outbox: "the outbox\(whose)"
        case .inbox: "the inbox\(name)"
        case .ledger: "the ledger"
        }
    }

    /// That it is open again: “… after 5 min”.
    package var restored: String {
        switch kind {
        case .key: "the API accepts the key again"
        case .credit: "there is credit again"
        case .api: "the API works again"
        case .rate: "the API takes more again"
        case .disk: "there is room on the disk\(whose) again"
        case .outbox: "the outbox\(whose) is there again"
        case .inbox: "the inbox\(name) is there again"
        case .ledger: "the ledger can be written again"
        }
    }

    private var name: String { inbox.map { $0.isUnnamed ? "" : " \($0)" } ?? "" }
    private var whose: String { inbox.map { $0.isUnnamed ? "" : " of \($0)" } ?? "" }
}
