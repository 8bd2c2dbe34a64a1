import Jobs

/// The kinds of step the pipeline takes, by what of the world each needs.
enum Work: Hashable, Sendable, CaseIterable {
    /// Claiming drops.
    case intake
    /// Sending requests; the only one that spends.
    case submit
    case poll
    /// Looking for lost requests in the API's log.
    case lookUp
    /// Downloading or copying videos into the outbox.
    case deliver
    /// Giving files back.
    case settle
    /// Letting jobs go on that waited for the next day.
    case release

    /// Gates that always stop this work while closed. What is paid for is asked after and fetched whatever is wrong with key,
    /// credit or rate; whether trouble with the API stops more than sending is for whoever closes that gate to say.
    var needs: Set<Gate.Kind> {
        switch self {
        case .submit: Set(Gate.Kind.allCases)
        case .poll, .lookUp, .release: [.ledger]
        case .deliver: [.disk, .outbox, .ledger]
        case .intake, .settle: [.disk, .inbox, .outbox, .ledger]
        }
    }

    /// Whether it touches an inbox or an outbox.
    var needsFolders: Bool { !needs.isDisjoint(with: [.inbox, .outbox]) }

    /// Work that a gate always stops; where the gate is of one inbox, that inbox's.
    static func needing(_ gate: Gate) -> Set<Work> { Set(allCases.filter { $0.needs.contains(gate.kind) }) }
}

extension Gate {
    /// Whether a look at the thing itself tells that it is well again; else a step let through does.
    var isChecked: Bool {
        switch kind {
        case .disk, .outbox, .inbox, .ledger: true
        case .key, .credit, .api, .rate: false
        }
    }

    /// Whether only a person can put it right, so that somebody should be told at once.
    var needsPerson: Bool {
        switch kind {
        case .key, .credit, .disk, .outbox, .inbox, .ledger: true
        case .api, .rate: false
        }
    }
}
