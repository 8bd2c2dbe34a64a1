import Jobs

/// The vendor's schema of a create body, and what breaks it.
///
/// Written from `create-generation.openapi.json`, apart from the client's own catalogue, so that the two can disagree.
/// Stricter in one thing: a key the schema does not name is refused, because it is a mistake of the client.
indirect enum RequestSchema: Sendable {
    case string(oneOf: [String]? = nil)
    /// A string with a scheme, such as `https:` or `data:`.
    case uri
    case integer(oneOf: [Int]? = nil)
    case number(ClosedRange<Double>)
    case array(of: RequestSchema, count: ClosedRange<Int>)
    case object([String: RequestSchema], required: [String] = [])

    static let create = RequestSchema.object(
        [
            "model": .string(oneOf: ["kling-video/v1.6/pro/image-to-video"]),
            "image_url": .uri,
            "prompt": .string(),
            "tail_image_url": .uri,
            "duration": .integer(oneOf: [5, 10]),
            "negative_prompt": .string(),
            "cfg_scale": .number(0...1),
            "static_mask": .uri,
            "dynamic_masks": .array(
                of: .object(
                    [
                        "mask": .string(),
                        "trajectories": .array(
                            of: .object(["x": .integer(), "y": .integer()], required: ["x", "y"]), count: 2...77),
                    ], required: ["mask", "trajectories"]),
                count: 0...6),
            "camera_control": .object([
                "type": .string(oneOf: [
                    "simple", "down_back", "forward_up", "right_turn_forward", "left_turn_forward",
                ]),
                "config": .object(
                    Dictionary(
                        uniqueKeysWithValues: ["horizontal", "vertical", "pan", "tilt", "roll", "zoom"].map {
                            ($0, .number(-10...10))
                        })),
            ]),
        ],
        required: ["model", "image_url"])

    /// Every violation in `value`, each a sentence that begins with the path.
    func violations(in value: JSONValue, at path: String = "") -> [String] {
        let name = path.isEmpty ? "body" : path
        switch (self, value) {
        case (.string(nil), .string): return []
        case (.string(let allowed?), .string(let text)):
            return allowed.contains(text) ? [] : ["\(name) must be one of: \(allowed.joined(separator: ", "))"]
        case (.uri, .string(let text)):
            return text.prefixMatch(of: /[A-Za-z][A-Za-z0-9+.\-]*:[^\s]/) == nil ? ["\(name) must be a URI"] : []
        case (.integer(let allowed), .integer), (.integer(let allowed), .number):
            guard let whole = value.integerValue else { return ["\(name) must be an integer"] }
            guard let allowed, !allowed.contains(whole) else { return [] }
            return ["\(name) must be one of: \(allowed.map(String.init).joined(separator: ", "))"]
        case (.number(let range), .integer), (.number(let range), .number):
            let isInside = value.doubleValue.map(range.contains) ?? false
            return isInside ? [] : ["\(name) must be from \(range.lowerBound) to \(range.upperBound)"]
        case (.array(let element, let count), .array(let values)):
            let size =
                count.contains(values.count)
                ? [] : ["\(name) must hold \(count.lowerBound) to \(count.upperBound) elements"]
            return size + values.enumerated().flatMap { element.violations(in: $1, at: "\(path).\($0)") }
        case (.object(let properties, let required), .object(let members)):
            let prefix = path.isEmpty ? "" : path + "."
            let missing = required.filter { members[$0] == nil }.map { "\(prefix)\($0) is required" }
            return missing
                + members.sorted { $0.key < $1.key }.flatMap { key, member in
                    properties[key]?.violations(in: member, at: prefix + key) ?? ["\(prefix)\(key) is not a known key"]
                }
        default: return ["\(name) must be \(typeName), not \(value.typeName)"]
        }
    }

    private var typeName: String {
        switch self {
        case .string, .uri: "a string"
        case .integer: "an integer"
        case .number: "a number"
        case .array: "an array"
        case .object: "an object"
        }
    }
}
