import Jobs

/// Why a scenario was not taken: the first thing wrong with it.
package struct ScenarioError: Error, Equatable, CustomStringConvertible {
    package let problem: Problem

    package var description: String { problem.sentence }

    var json: JSONValue {
        [
            "file": .string(problem.file), "key": problem.key.map(JSONValue.string) ?? .null,
            "value": problem.value.map(JSONValue.string) ?? .null, "rule": .string(problem.rule),
            "remedy": .string(problem.remedy),
        ]
    }
}
