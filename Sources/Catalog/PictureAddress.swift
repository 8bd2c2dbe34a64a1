import Foundation

/// What stands where the API takes an image URL: an address the API reads itself, or a file beside the sidecar.
enum PictureAddress: Hashable {
    /// `http:`, `https:` or `data:`, passed on as it is.
    case remote
    /// A file below the sidecar's folder, with `/` between folders and no `.` or `..`.
    case file(String)

    struct Refusal: Error {
        let rule: String
        let remedy: String

        init(_ rule: String, _ remedy: String) {
            self.rule = rule
            self.remedy = remedy
        }
    }

    init(_ text: String) throws(Refusal) {
        let scheme = text.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || "+-.".contains($0)) }.lowercased()
        let afterScheme = text.dropFirst(scheme.count)
        if ["http", "https", "data"].contains(scheme), afterScheme.hasPrefix(":") {
            guard Self.isWebURL(text) || Self.isDataURL(text) else {
                throw Refusal(
                    "this is no complete URL",
                    "Write https://host/path without blanks, or data:image/png;base64,… in full.")
            }
            self = .remote
        } else if afterScheme.hasPrefix("://") || (scheme == "file" && afterScheme.hasPrefix(":")) {
            throw Refusal(
                "a picture is given by http://, https:// or data: URL, or as a file beside the sidecar; not by \(scheme):",
                "Put the file beside the sidecar and write its name only.")
        } else {
            self = .file(try Self.relativePath(text))
        }
    }

    private static func relativePath(_ text: String) throws(Refusal) -> String {
        // As Windows writes it. A drive letter or a leading slash is a place on one machine only.
        let path = text.replacing("\\", with: "/")
        let drive = path.prefix(2)
        if path.hasPrefix("/") || path.hasPrefix("~/") || (drive.last == ":" && drive.first?.isLetter == true) {
            throw Refusal(
                "a file is named relative to the sidecar, not by an absolute path",
                "Put the file beside the sidecar, or in a folder below, and write its name only.")
        }
        if path.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) {
            throw Refusal("a file name has no control characters", "Write the file's name on one line.")
        }
        let components = path.split(separator: "/", omittingEmptySubsequences: true).filter { $0 != "." }
        if components.contains("..") {
            throw Refusal(
                "a file lies beside the sidecar or below; .. is not allowed",
                "Move the file into the sidecar's folder and write its name only.")
        }
        if path.hasSuffix("/") || path.allSatisfy(\.isWhitespace) || components.isEmpty {
            throw Refusal("this names no file", "Write the file's name, or leave the key out.")
        }
        if let hidden = components.first(where: { $0.hasPrefix(".") }) {
            throw Refusal("hidden files are passed over, and \(hidden) is one", "Rename it without the leading dot.")
        }
        if components.contains(where: { $0.utf8.count > 255 }) {
            throw Refusal("a file name has at most 255 bytes", "Write the file's name only, or a URL.")
        }
        return components.joined(separator: "/")
    }

    static func isWebURL(_ text: String) -> Bool {
        guard !text.contains(where: \.isWhitespace), let url = URLComponents(string: text), let host = url.host else {
            return false
        }
        return ["http", "https"].contains(url.scheme?.lowercased()) && !host.isEmpty
    }

    /// `data:<mime>;base64,…`, the only form the API takes.
    static func isDataURL(_ text: String) -> Bool {
        guard text.lowercased().hasPrefix("data:"), let comma = text.firstIndex(of: ",") else { return false }
        let head = text[..<comma].lowercased()
        return head.contains("/") && head.hasSuffix(";base64") && text.index(after: comma) < text.endIndex
    }
}
