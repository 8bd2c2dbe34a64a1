import Foundation
import Jobs

/// The words in an error, whatever its envelope: `{message}`, `{message: [...]}`, `{title, error: {name, message}}`,
/// a string, `{detail: [{loc, msg}]}`; or a web page from a gateway.
enum ErrorWords {
    /// Characters; a body that echoes a picture must not end up in a report.
    private static let limit = 2_000

    static func of(_ value: JSONValue) -> String {
        var seen: Set<String> = []
        return clean(collected(value).filter { !$0.isEmpty && seen.insert($0).inserted }.joined(separator: "; "))
    }

    /// What a page says: its title, else its text without the tags.
    static func ofPage(_ text: String) -> String {
        let page = text.prefix(20_000)
        if let title = page.firstMatch(of: /(?is)<title[^>]*>(.*?)<\/title>/) { return clean(String(title.1)) }
        return clean(page.replacing(/(?is)<(script|style).*?<\/\1>|<[^>]*>/, with: " ").prefix(300).description)
    }

    private static func collected(_ value: JSONValue) -> [String] {
        switch value {
        case .string(let text): return [text.trimmingCharacters(in: .whitespacesAndNewlines)]
        case .array(let values): return values.flatMap(collected)
        case .object(let object):
            let place = ["loc", "path"].lazy.compactMap { object[$0].flatMap(placeText) }.first
            let said = ["message", "msg", "detail", "error", "errors"].flatMap { object[$0].map(collected) ?? [] }
            if said.isEmpty {
                return Array(["title", "name", "code"].compactMap { object[$0]?.stringValue }.prefix(1))
            }
            return place.map { place in said.map { "\(place): \($0)" } } ?? said
        default: return []
        }
    }

    /// The key an item of a list is about. An envelope's `path` is the URL's, which is nobody's concern.
    private static func placeText(_ value: JSONValue) -> String? {
        guard let steps = value.arrayValue, !steps.isEmpty else { return nil }
        return steps.map { $0.stringValue ?? $0.text }.joined(separator: ".")
    }

    private static func clean(_ text: String) -> String {
        let line = text.split(whereSeparator: { $0.isWhitespace || $0.unicodeScalars.allSatisfy { $0.value < 0x20 } })
            .joined(separator: " ")
        return line.count > limit ? line.prefix(limit) + "…" : line
    }
}
