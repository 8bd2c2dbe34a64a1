import Foundation
import Jobs

/// Holds a value against a schema, finding every violation in one pass.
struct SchemaCheck {
    /// The file that a place's value came from.
    let file: (JSONPointer) -> String
    /// Places that take a picture: a URL or a file name, so that "is a URL" is not theirs to check.
    let takesPicture: (JSONPointer) -> Bool
    private(set) var problems: [Problem] = []

    init(file: @escaping (JSONPointer) -> String, takesPicture: @escaping (JSONPointer) -> Bool = { _ in false }) {
        self.file = file
        self.takesPicture = takesPicture
    }

    mutating func report(_ pointer: JSONPointer, _ value: String?, _ rule: String, _ remedy: String) {
        problems.append(
            Problem(file: file(pointer), key: pointer.description, value: value, rule: rule, remedy: remedy))
    }

    /// The value as it is to be sent: a whole number written as `5.0` becomes 5, everything else stays as it was.
    mutating func checked(_ value: JSONValue, _ schema: Schema, at pointer: JSONPointer) -> JSONValue {
        if value == .null {
            if !schema.acceptsNull {
                report(pointer, "null", "must be \(schema.expectation)", "Write a value, or leave the key out.")
            }
            return value
        }
        guard schema.alternatives.isEmpty else { return alternative(value, schema.alternatives, at: pointer) }
        switch (schema.kind, value) {
        case (.object, .object(let object)): return checked(object, schema, at: pointer)
        case (.array, .array(let array)): return checked(array, schema, at: pointer)
        case (.string, .string(let text)):
            checkAllowed(value, schema, at: pointer)
            checkLength(text, schema, at: pointer)
            if schema.isURL, !takesPicture(pointer), !PictureAddress.isWebURL(text), !PictureAddress.isDataURL(text) {
                report(pointer, value.excerpt, "must be an http:// or https:// URL", "Write the whole URL.")
            }
        case (.boolean, .bool): break
        case (.number, .integer), (.number, .number), (.integer, .integer): checkNumber(value, schema, at: pointer)
        case (.integer, .number(let number)):
            guard let whole = value.integerValue else {
                let near = min(max(number.rounded(), schema.minimum ?? -1e15), schema.maximum ?? 1e15)
                report(
                    pointer, value.text, "must be \(schema.expectation)",
                    "Write it without decimals, as \(Schema.plain(near)).")
                return value
            }
            checkNumber(.integer(whole), schema, at: pointer)
            return .integer(whole)
        case (nil, _): checkAllowed(value, schema, at: pointer)
        default: reportType(value, schema, at: pointer)
        }
        return value
    }

    private mutating func checked(_ object: [String: JSONValue], _ schema: Schema, at pointer: JSONPointer) -> JSONValue
    {
        var result = object
        for (key, value) in object.sorted(by: { $0.key < $1.key }) {
            if let property = schema.properties[key] {
                result[key] = checked(value, property, at: pointer + .key(key))
            } else {
                reportUnknown(key, value, schema, at: pointer)
            }
        }
        for key in schema.required.subtracting(object.keys).sorted() {
            let expectation = schema.properties[key]?.expectation ?? "a value"
            report(pointer + .key(key), nil, "the key \(key) is missing", "Add it; it must be \(expectation).")
        }
        return .object(result)
    }

    private mutating func checked(_ array: [JSONValue], _ schema: Schema, at pointer: JSONPointer) -> JSONValue {
        if let maximum = schema.maxItems, array.count > maximum {
            report(
                pointer, entries(array.count), "at most \(maximum) entries", "Remove \(array.count - maximum) of them.")
        }
        if let minimum = schema.minItems, array.count < minimum {
            report(
                pointer, entries(array.count), "at least \(entries(minimum))",
                "Add \(minimum - array.count) more.")
        }
        guard let item = schema.items.first else { return .array(array) }
        return .array(array.enumerated().map { checked($1, item, at: pointer + .index($0)) })
    }

    private func entries(_ count: Int) -> String { count == 1 ? "1 entry" : "\(count) entries" }

    /// The value by the first alternative it satisfies; the problems are told of the one whose type it has.
    private mutating func alternative(_ value: JSONValue, _ choices: [Schema], at pointer: JSONPointer) -> JSONValue {
        for choice in choices {
            var trial = SchemaCheck(file: file, takesPicture: takesPicture)
            let result = trial.checked(value, choice, at: pointer)
            if trial.problems.isEmpty { return result }
        }
        let type = value.typeName
        return checked(value, choices.first { $0.kind?.rawValue == type } ?? choices[0], at: pointer)
    }

    private mutating func checkNumber(_ value: JSONValue, _ schema: Schema, at pointer: JSONPointer) {
        checkAllowed(value, schema, at: pointer)
        guard let number = value.doubleValue else { return }
        if let maximum = schema.maximum, number > maximum {
            report(pointer, value.text, "must be \(schema.expectation)", "Write \(Schema.plain(maximum)) or less.")
        }
        if let minimum = schema.minimum, number < minimum {
            report(pointer, value.text, "must be \(schema.expectation)", "Write \(Schema.plain(minimum)) or more.")
        }
    }

    private mutating func checkAllowed(_ value: JSONValue, _ schema: Schema, at pointer: JSONPointer) {
        guard !schema.allowedValues.isEmpty, !schema.allowedValues.contains(where: { value.isSame(as: $0) }) else {
            return
        }
        let texts = schema.allowedValues.compactMap(\.stringValue)
        let nearest = value.stringValue.flatMap { nearestName(to: $0, among: texts) }
        report(
            pointer, value.excerpt, "must be \(schema.expectation)",
            nearest.map { "Did you mean \"\($0)\"?" }
                ?? "Change it to \(schema.allowedValues.count > 4 ? "one of these" : schema.expectation).")
    }

    private mutating func checkLength(_ text: String, _ schema: Schema, at pointer: JSONPointer) {
        let count = text.unicodeScalars.count
        if let maximum = schema.maxLength, count > maximum {
            report(
                pointer, "\(count) characters", "at most \(maximum) characters",
                "Shorten it to \(maximum) characters.")
        }
        if let minimum = schema.minLength, count < minimum {
            report(
                pointer, "\(count) characters", "at least \(minimum) characters", "Write more, or leave the key out.")
        }
    }

    private mutating func reportType(_ value: JSONValue, _ schema: Schema, at pointer: JSONPointer) {
        var remedy = "Write \(schema.expectation)."
        if case .string(let text) = value, schema.kind != .string {
            let bare = text.trimmingCharacters(in: .whitespaces)
            if schema.kind == .boolean, ["true", "false"].contains(bare.lowercased()) {
                remedy = "\(value.excerpt) is text here; write \(bare.lowercased()) without quotes."
            } else if let number = Double(bare), schema.kind == .integer || schema.kind == .number {
                var trial = SchemaCheck(file: file)
                _ = trial.checked(.number(number), schema, at: pointer)
                let bareValue = trial.problems.isEmpty ? Schema.plain(number) : schema.expectation
                remedy = "\(value.excerpt) is text here; write \(bareValue) without quotes."
            }
        } else if schema.kind == .string, value.doubleValue != nil || value.boolValue != nil {
            remedy = "Put it in quotes: \"\(value.text)\"."
        } else if schema.kind == .array {
            remedy = "Put it in [ ], even when there is only one."
        }
        report(pointer, value.excerpt, "must be \(schema.expectation)", remedy)
    }

    private mutating func reportUnknown(_ key: String, _ value: JSONValue, _ schema: Schema, at pointer: JSONPointer) {
        let known = schema.properties.keys.sorted()
        // Written one level too high: `zoom` beside `type` rather than in `config`.
        let deeper = schema.properties.sorted { $0.key < $1.key }
            .first { $0.value.properties[key] != nil }.map { "\($0.key).\(key)" }
        let suggestion = nearestName(to: key, among: known) ?? deeper
        let listed = known.filter { $0 != "$schema" }.joined(separator: ", ")
        report(
            pointer + .key(key), value.excerpt,
            "there is no key \"\(key)\"" + (pointer.steps.isEmpty ? "" : " in \(pointer)"),
            suggestion.map { "Did you mean `\($0)`?" } ?? "Remove it. The keys are: \(listed).")
    }
}

extension JSONValue {
    /// The value as JSON text, cut where it would fill a report.
    var excerpt: String {
        let text = text
        return text.count > 80 ? text.prefix(80) + "…" : text
    }

    /// Equal as JSON Schema has it: 5 and 5.0 are the same number.
    fileprivate func isSame(as other: JSONValue) -> Bool {
        if let mine = doubleValue, let theirs = other.doubleValue { mine == theirs } else { self == other }
    }
}
