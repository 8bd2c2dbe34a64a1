/// The secret that pays. No description, mirror or message shows it.
package struct APIKey: Sendable {
    private let secret: String

    /// nil where the text is no key: empty, or with characters that cannot stand in a header. White space around it,
    /// such as a key file's last newline, is dropped.
    package init?(_ text: String) {
        let secret = text.trimmingPrefix(while: \.isWhitespace)
        guard let last = secret.lastIndex(where: { !$0.isWhitespace }) else { return nil }
        self.secret = String(secret[...last])
        guard self.secret.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else { return nil }
    }

    var authorization: String { "Bearer \(secret)" }

    /// The text with the key blotted out, for what a far end may echo.
    func blotted(in text: String) -> String { text.replacing(secret, with: "[API key]") }
}

extension APIKey: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "[API key]" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
