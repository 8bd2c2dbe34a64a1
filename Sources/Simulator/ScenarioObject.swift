import Foundation
import Jobs

/// One group of keys in a scenario's file, read strictly: an unknown key or value ends in what is wrong with it and what
/// would be right.
struct ScenarioObject {
    let file: String
    /// Where it stands: `faults[2]`; empty at the top.
    let path: String
    private let members: [String: JSONValue]

    init(_ value: JSONValue, file: String, path: String = "") throws(ScenarioError) {
        self.file = file
        self.path = path
        guard let members = value.objectValue else {
            throw ScenarioError(
                problem: Problem(
                    file: file, key: path.isEmpty ? nil : path, value: Self.shown(value),
                    rule: "a group of keys in { } must stand here", remedy: "Write { \"key\": value, … }."))
        }
        self.members = members
    }

    /// Refuses keys that mean nothing here; `place` says where that is, as in “a fault that hangs”.
    func allow(_ keys: [String], place: String) throws(ScenarioError) {
        for key in members.keys.sorted() where !keys.contains(key) {
            throw problem(
                key, "\(place) has no such key",
                "Correct or remove it; the keys are \(keys.sorted().joined(separator: ", ")).")
        }
    }

    func has(_ key: String) -> Bool { members[key] != nil }

    func isNull(_ key: String) -> Bool { members[key] == .null }

    func value(_ key: String) -> JSONValue? { members[key] }

    func text(_ key: String) throws(ScenarioError) -> String? {
        guard let value = members[key] else { return nil }
        guard let text = value.stringValue, !text.isEmpty else {
            throw problem(key, "it must be a text that is not empty", "Write it in quotes, or leave the key out.")
        }
        return text
    }

    func flag(_ key: String) throws(ScenarioError) -> Bool? {
        guard let value = members[key] else { return nil }
        guard let flag = value.boolValue else { throw problem(key, "it must be true or false", "Write one of them.") }
        return flag
    }

    func number(_ key: String, in range: ClosedRange<Int>) throws(ScenarioError) -> Int? {
        guard let value = members[key] else { return nil }
        guard let number = value.integerValue, range.contains(number) else {
            let most =
                range.upperBound == .max
                ? "\(range.lowerBound) or more" : "from \(range.lowerBound) to \(range.upperBound)"
            throw problem(key, "it must be a whole number, \(most)", "Write such a number, without quotes.")
        }
        return number
    }

    /// USD.
    func amount(_ key: String) throws(ScenarioError) -> Double? {
        guard let value = members[key] else { return nil }
        guard let amount = value.doubleValue, (0...1e9).contains(amount) else {
            throw problem(key, "it must be an amount in USD, 0 or more", "Write a number such as 12.5.")
        }
        return amount
    }

    func duration(_ key: String) throws(ScenarioError) -> Duration? {
        guard let value = members[key] else { return nil }
        guard let match = value.stringValue?.wholeMatch(of: /([0-9]{1,9}(?:\.[0-9]{1,9})?) ?(ms|s|m|h)/),
            let count = Double(match.1)
        else { throw problem(key, "this is not a duration", "Write a number and ms, s, m or h in quotes: \"500ms\".") }
        let unit: Double = ["ms": 0.001, "s": 1, "m": 60, "h": 3600][String(match.2)] ?? 1
        return .seconds(count * unit)
    }

    /// One of an enumeration's names.
    func choice<Choice: RawRepresentable & CaseIterable>(
        _ key: String, where fits: (Choice) -> Bool = { _ in true }
    ) throws(ScenarioError) -> Choice? where Choice.RawValue == String {
        guard let value = members[key] else { return nil }
        guard let choice = value.stringValue.flatMap(Choice.init), fits(choice) else {
            let names = Choice.allCases.filter(fits).map(\.rawValue).sorted().joined(separator: ", ")
            throw problem(key, "there is no such \(key) here", "Write one of \(names).")
        }
        return choice
    }

    func required<Value>(_ key: String, _ value: Value?) throws(ScenarioError) -> Value {
        if let value { return value }
        throw problem(key, "it must be said", "Add the key \"\(key)\".")
    }

    func problem(_ key: String, _ rule: String, _ remedy: String) -> ScenarioError {
        ScenarioError(
            problem: Problem(
                file: file, key: path.isEmpty ? key : "\(path).\(key)", value: members[key].map(Self.shown), rule: rule,
                remedy: remedy))
    }

    /// As JSON, cut where it would fill a screen.
    private static func shown(_ value: JSONValue) -> String {
        let text = value.text
        return text.count > 80 ? text.prefix(80) + "…" : text
    }
}
