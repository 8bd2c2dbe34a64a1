import Jobs

/// What was asked of the stand-in since it started.
struct CallCounts: Sendable {
    /// Every request by its operation, whatever became of it.
    var calls: [SimulatedOperation: Int] = [:]
    /// Answers to create by status; `none` where the connection was closed instead.
    var createAnswers: [String: Int] = [:]
    var faultedCreates = 0
    /// Requests to the content host that carried a key.
    var leakedKeys = 0

    /// - Parameter generations: all that the stand-in remembers, also from before it was started.
    func json(generations: some Collection<Generation>, inFlight: Int) -> JSONValue {
        var accepted: [String: Int] = [:]
        for id in generations.compactMap(\.clientRequestID) { accepted[id, default: 0] += 1 }
        var members = Dictionary(
            uniqueKeysWithValues: SimulatedOperation.allCases.map { ($0.rawValue, JSONValue.integer(calls[$0] ?? 0)) })
        members["accepted"] = .integer(generations.count)
        members["in_flight"] = .integer(inFlight)
        members["leaked_keys"] = .integer(leakedKeys)
        members["create_answers"] = .object(createAnswers.mapValues(JSONValue.integer))
        members["faulted_creates"] = .integer(faultedCreates)
        members["double_creates"] = .object(accepted.filter { $0.value > 1 }.mapValues(JSONValue.integer))
        return .object(members)
    }
}
