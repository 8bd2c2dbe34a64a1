/// Whose turn it is: the faults of a scenario, each with how many of its requests have come.
struct FaultSchedule: Sendable {
    private var entries: [(fault: Fault, seen: Int)]

    init(_ faults: [Fault] = []) {
        entries = faults.map { ($0, 0) }
    }

    /// The fault of a request of which nothing but the operation is known yet.
    mutating func faultOnArrival(_ operation: SimulatedOperation) -> Fault? {
        take { $0.kind == .dropEarly && $0.operation == operation }
    }

    /// The fault of a request that has been read.
    mutating func fault(_ operation: SimulatedOperation, prompt: String?) -> Fault? {
        take { fault in
            fault.kind != .dropEarly && fault.operation == operation
                && (fault.prompt.map { prompt?.contains($0) ?? false } ?? true)
        }
    }

    /// Counts the request with every fault it matches; the first of them whose turn it is gets it.
    private mutating func take(where matches: (Fault) -> Bool) -> Fault? {
        var taken: Fault?
        for index in entries.indices where matches(entries[index].fault) {
            entries[index].seen += 1
            let fault = entries[index].fault
            let turn = entries[index].seen - fault.from
            if taken == nil, turn >= 0, fault.times.map({ turn < $0 }) ?? true { taken = fault }
        }
        return taken
    }
}
