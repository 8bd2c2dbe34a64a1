import Jobs

/// A request schema as the API's vendor specifies it, with every keyword its 78 image-to-video models use.
///
/// A keyword that is not understood here is an error when the card is loaded: a rule that nobody checks would be
/// noticed only by paying for its violation.
package struct Schema: Hashable, Sendable {
    enum Kind: String { case object, array, string, number, integer, boolean }

    let kind: Kind?
    var properties: [String: Schema] = [:]
    var required: Set<String> = []
    /// The schema of a list's entries; none or one.
    let items: [Schema]
    /// Alternatives of which one must hold; empty when there is no choice.
    let alternatives: [Schema]
    var allowedValues: [JSONValue]
    let minimum: Double?
    let maximum: Double?
    let minItems: Int?
    let maxItems: Int?
    /// Unicode scalars.
    let minLength: Int?
    var maxLength: Int?
    let isURL: Bool
    let acceptsNull: Bool

    /// - Parameter place: where the schema stands, for the error.
    init(_ json: JSONValue, at place: JSONPointer = []) throws(SchemaError) {
        guard case .object(let keywords) = json else { throw SchemaError(place: place, keyword: json.text) }
        for (keyword, value) in keywords where !Self.understands(keyword, value) {
            throw SchemaError(place: place, keyword: keyword)
        }
        kind = keywords["type"]?.stringValue.flatMap(Kind.init)
        for (key, value) in keywords["properties"]?.objectValue ?? [:] {
            properties[key] = try Schema(value, at: place + .key(key))
            // One model's schema marks the property itself.
            if value["required"]?.boolValue == true { required.insert(key) }
        }
        required.formUnion(keywords["required"]?.arrayValue?.compactMap(\.stringValue) ?? [])
        var items: [Schema] = []
        if let entry = keywords["items"] { items = [try Schema(entry, at: place + .key("[]"))] }
        self.items = items
        var alternatives: [Schema] = []
        for (index, choice) in (keywords["anyOf"]?.arrayValue ?? []).enumerated() {
            alternatives.append(try Schema(choice, at: place + .index(index)))
        }
        self.alternatives = alternatives
        allowedValues = keywords["enum"]?.arrayValue ?? []
        minimum = keywords["minimum"]?.doubleValue
        maximum = keywords["maximum"]?.doubleValue
        minItems = keywords["minItems"]?.integerValue
        maxItems = keywords["maxItems"]?.integerValue
        minLength = keywords["minLength"]?.integerValue
        maxLength = keywords["maxLength"]?.integerValue
        isURL = keywords["format"] != nil
        acceptsNull = keywords["nullable"]?.boolValue == true
    }

    private static func understands(_ keyword: String, _ value: JSONValue) -> Bool {
        switch keyword {
        case "type": value.stringValue.flatMap(Kind.init) != nil
        case "properties": value.objectValue != nil
        case "required": value.arrayValue?.allSatisfy { $0.stringValue != nil } ?? (value.boolValue != nil)
        case "items": value.objectValue != nil
        case "anyOf", "enum": value.arrayValue?.isEmpty == false
        case "minimum", "maximum": value.doubleValue != nil
        case "minItems", "maxItems", "minLength", "maxLength": value.integerValue != nil
        case "format": value == "uri"
        case "nullable": value.boolValue != nil
        // Told to the reader only. A default is the vendor's business: what is not asked for is not sent.
        case "title", "description", "default": true
        default: false
        }
    }
}

/// A schema that says something this program cannot check.
package struct SchemaError: Error, Hashable {
    let place: JSONPointer
    let keyword: String
}

extension Schema {
    /// What may stand here, to follow "must be": "a number from 0 to 1", "5 or 10".
    var expectation: String {
        if !alternatives.isEmpty { return alternatives.map(\.expectation).joined(separator: ", or ") }
        if let range = wholeRange { return "a whole number from \(range.lowerBound) to \(range.upperBound)" }
        if !allowedValues.isEmpty {
            let texts = allowedValues.map(\.text)
            let last = texts.suffix(1)
            return texts.count > 1 ? texts.dropLast().joined(separator: ", ") + " or " + last.joined() : last.joined()
        }
        switch kind {
        case .integer: return "a whole number" + Self.limits(minimum, maximum)
        case .number: return "a number" + Self.limits(minimum, maximum)
        case .boolean: return "true or false"
        case .string: return isURL ? "a URL in quotes" : "text in quotes"
        case .array: return "a list in [ ]"
        case .object: return "a group of keys in { }"
        case nil: return "a value"
        }
    }

    /// Three or more whole numbers in a row, written as an enumeration.
    private var wholeRange: ClosedRange<Int>? {
        let numbers = allowedValues.compactMap(\.integerValue).sorted()
        guard numbers.count > 2, numbers.count == allowedValues.count, let first = numbers.first,
            let last = numbers.last,
            last - first == numbers.count - 1
        else { return nil }
        return first...last
    }

    static func limits(_ minimum: Double?, _ maximum: Double?) -> String {
        switch (minimum, maximum) {
        case (let minimum?, let maximum?): " from \(plain(minimum)) to \(plain(maximum))"
        case (let minimum?, nil): " of \(plain(minimum)) or more"
        case (nil, let maximum?): " of \(plain(maximum)) or less"
        case (nil, nil): ""
        }
    }

    /// A limit without a needless `.0`.
    static func plain(_ number: Double) -> String { Int(exactly: number).map(String.init) ?? String(number) }
}
