/// One thing wrong with a drop, told so that the person who dropped it can put it right.
///
/// The field names are those of the error report (`.error.json`), which scripts rely on.
package struct Problem: Hashable, Sendable, Codable {
    /// The file at fault, as the person named it, relative to the drop's folder.
    package let file: String
    /// The key inside the file, as a path: `duration`, `dynamic_masks[1].trajectories[0].x`; nil when the file itself is meant.
    package let key: String?
    /// What stood there, as JSON text or in words ("299 × 400 pixels").
    package let value: String?
    /// What is allowed, with its limit ("each side at least 300 pixels").
    package let rule: String
    /// What to do, as an instruction.
    package let remedy: String

    package init(file: String, key: String? = nil, value: String? = nil, rule: String, remedy: String) {
        self.file = file
        self.key = key
        self.value = value
        self.rule = rule
        self.remedy = remedy
    }
}

extension Problem {
    /// The problem in a sentence or two, as it stands in `.error.txt`.
    package var sentence: String {
        var subject = file
        if let key { subject += ", \(key)" }
        if let value { subject += " = \(value)" }
        return "\(subject): \(rule). \(remedy)"
    }
}
