import Folders
import Foundation
import Jobs
import Pipeline
import SystemPackage

/// What one check of `hotreel doctor` has found.
struct Finding {
    enum Level: String { case ok, warning, failure }

    /// A fixed name, for scripts: `outbox_space`.
    let check: String
    let level: Level
    /// What was found, for people; begins with what it is about.
    let message: String
    /// What to do; nil where nothing is to be done.
    let remedy: String?
    /// Of which of several inboxes; unnamed where it is about none of them, or about the only one.
    var inbox = InboxName.unnamed

    static func ok(_ check: String, _ message: String) -> Finding {
        Finding(check: check, level: .ok, message: message, remedy: nil)
    }

    static func warning(_ check: String, _ message: String, remedy: String) -> Finding {
        Finding(check: check, level: .warning, message: message, remedy: remedy)
    }

    static func failure(_ check: String, _ message: String, remedy: String) -> Finding {
        Finding(check: check, level: .failure, message: message, remedy: remedy)
    }

    /// The same, told of one of several inboxes.
    func about(_ inbox: InboxName) -> Finding {
        guard !inbox.isUnnamed else { return self }
        var finding = Finding(check: check, level: level, message: "\(inbox): \(message)", remedy: remedy)
        finding.inbox = inbox
        return finding
    }

    /// A call that failed, with the remedy for its kind.
    static func failure(_ check: String, _ error: FileError) -> Finding {
        .failure(check, "\(error)", remedy: error.remedy)
    }

    var json: JSONValue {
        JSONValue.object([
            "check": .string(check), "level": .string(level.rawValue), "message": .string(message),
            "remedy": remedy.map(JSONValue.string) ?? .null,
        ]).naming(inbox)
    }
}

extension FileError {
    fileprivate var remedy: String {
        switch meaning {
        case .diskFull: "Make room there."
        case .shareGone: "Mount the share again, and look whether its server answers."
        case .readOnly: "Mount it so that it can be written to (rw)."
        case .denied: "Let Hotreel's user write there: chown or chmod, or the export's own rights."
        case .other:
            code == .noSuchFileOrDirectory
                ? "Make it, mount it, or correct its path." : "Look at what is mounted there."
        }
    }
}

/// Findings as lines of at most `width` columns.
struct FindingLayout {
    let width: Int
    let hasColours: Bool

    func lines(_ finding: Finding) -> [String] {
        let level = finding.level.rawValue.padded(Self.indent)
        let words = wrapped(finding.message) + (finding.remedy.map { wrapped("→ \($0)") } ?? [])
        return words.enumerated().map { number, line in
            (number == 0 ? coloured(level, finding.level) : String(repeating: " ", count: Self.indent)) + line
        }
    }

    private static let indent = 9

    private func coloured(_ text: String, _ level: Finding.Level) -> String {
        guard hasColours else { return text }
        let colour =
            switch level {
            case .ok: "32"
            case .warning: "33"
            case .failure: "31"
            }
        return "\u{1B}[\(colour)m\(text)\u{1B}[0m"
    }

    /// A word longer than a line, such as a path, stays whole: it may be copied.
    private func wrapped(_ text: String) -> [String] {
        var lines: [String] = []
        var line = ""
        for word in text.split(separator: " ") {
            if !line.isEmpty, line.count + 1 + word.count > width - Self.indent {
                lines.append(line)
                line = ""
            }
            line += line.isEmpty ? String(word) : " \(word)"
        }
        return lines + [line]
    }
}
