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
    var needs: Set<Gate> {
        switch self {
        case .submit: Set(Gate.allCases)
        case .poll, .lookUp, .release: [.ledger]
        case .deliver: [.disk, .outbox, .ledger]
        case .intake, .settle: [.disk, .inbox, .outbox, .ledger]
        }
    }

    /// Work that a gate always stops.
    static func needing(_ gate: Gate) -> Set<Work> { Set(allCases.filter { $0.needs.contains(gate) }) }
}

extension Gate {
    /// Whether a look at the thing itself tells that it is well again; else a step let through does.
    var isChecked: Bool {
        switch self {
        case .disk, .outbox, .inbox, .ledger: true
        case .key, .credit, .api, .rate: false
        }
    }

    /// Whether only a person can put it right, so that somebody should be told at once.
    var needsPerson: Bool {
        switch self {
        case .key, .credit, .disk, .outbox, .inbox, .ledger: true
        case .api, .rate: false
        }
    }
}
