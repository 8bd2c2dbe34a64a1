import Foundation
import Jobs
import NIOCore
import NIOHTTP1

/// One answer of the API, read to its end or to where it broke off.
struct Answer: Sendable {
    /// Bytes of a body that are read; no answer of this API comes near.
    static let limit = 1 << 20

    let status: Int
    private let headers: HTTPHeaders
    /// As text; empty where it broke off.
    let text: String
    /// nil where the body is no JSON.
    let json: JSONValue?
    /// Why the body is not all there.
    let brokenOff: String?
    /// Blotted out of whatever is quoted for people. Ids and addresses are taken as they are: a key that happens to stand in
    /// one must not change it.
    private let key: APIKey?

    init(status: Int, headers: HTTPHeaders = [:], text: String, brokenOff: String? = nil, key: APIKey? = nil) {
        self.status = status
        self.key = key
        self.headers = headers
        self.text = text
        self.brokenOff = brokenOff
        json = brokenOff == nil ? try? JSONDecoder().decode(JSONValue.self, from: Data(text.utf8)) : nil
    }

    /// The first header of that name, trimmed; nil where it is empty.
    func header(_ name: String) -> String? {
        headers.first(name: name).map { $0.trimmingCharacters(in: .whitespaces) }.flatMap { $0.isEmpty ? nil : $0 }
    }

    var succeeded: Bool { (200..<300).contains(status) }

    /// The API's own words, or a gateway's; the bare status where there are none.
    var said: String {
        let words = json.map { ErrorWords.of($0) } ?? ErrorWords.ofPage(text)
        return words.isEmpty ? "HTTP \(status)" : quotable(words)
    }

    /// The API's words without the key, which a far end may echo.
    func quotable(_ words: String) -> String { key?.blotted(in: words) ?? words }

    /// The words with the status before them, for an admin.
    var words: String {
        let said = said
        return said == "HTTP \(status)" ? said : "HTTP \(status): \(said)"
    }
}
