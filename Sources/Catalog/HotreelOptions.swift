import Jobs

/// The sidecar's `hotreel` keys: what concerns the drop and is never sent.
package struct HotreelOptions: Hashable, Sendable {
    /// 0 … 9, the highest first.
    package var priority = 5
    /// 1 … 16 videos of one drop.
    package var variations = 1
    /// Whether to wait for a person's release.
    package var hold = false
    /// Whether to generate even if the same was delivered before.
    package var again = false
    /// The output name without suffix, in place of the picture's.
    package var name: String?

    package init() {}
}

extension HotreelOptions {
    /// Bytes of an output name in UTF-8; leaves room for ` (2)`, `_v16` and the suffixes within a file system's 255.
    static let maxNameBytes = 200

    /// The keys a sidecar may hold beside the request's own. `$schema` is for editors, which look there for the JSON
    /// Schema to complete from.
    static let sidecarKeys: JSONValue = [
        "type": "object",
        "properties": [
            "$schema": ["type": "string"],
            "hotreel": [
                "type": "object",
                "properties": [
                    "priority": ["type": "integer", "minimum": 0, "maximum": 9],
                    "variations": ["type": "integer", "minimum": 1, "maximum": 16],
                    "hold": ["type": "boolean"],
                    "again": ["type": "boolean"],
                    "name": ["type": "string"],
                ],
            ],
        ],
    ]

    static let pointer: JSONPointer = [.key("hotreel")]

    /// Reads the options after their types and ranges were checked; the check hears about an impossible name.
    init(_ value: JSONValue?, _ check: inout SchemaCheck) {
        guard let value else { return }
        priority = value["priority"]?.integerValue ?? priority
        variations = value["variations"]?.integerValue ?? variations
        hold = value["hold"]?.boolValue ?? hold
        again = value["again"]?.boolValue ?? again
        guard let given = value["name"]?.stringValue else { return }
        // "hero.mp4" is what people write, and "hero.mp4.mp4" not what they want.
        let stem = given.lowercased().hasSuffix(".mp4") ? String(given.dropLast(4)) : given
        if let (rule, remedy) = Self.fault(inName: stem) {
            check.report(Self.pointer + .key("name"), JSONValue.string(given).excerpt, rule, remedy)
        } else {
            name = stem
        }
    }

    private static func fault(inName name: String) -> (rule: String, remedy: String)? {
        if name.allSatisfy(\.isWhitespace) {
            return ("the output name is empty", "Write a name, or leave the key out to use the picture's.")
        }
        if name.contains(where: { $0 == "/" || $0 == "\\" }) {
            return ("an output name has no / or \\", "Write the name only; the video goes to the drop's own folder.")
        }
        if name.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) {
            return ("an output name has no control characters", "Write it on one line, without tabs.")
        }
        if name.hasPrefix(".") {
            return ("an output name does not begin with a dot, which would hide the video", "Remove the dot.")
        }
        if name.utf8.count > maxNameBytes {
            return ("an output name has at most \(maxNameBytes) bytes; this has \(name.utf8.count)", "Shorten it.")
        }
        return nil
    }
}
