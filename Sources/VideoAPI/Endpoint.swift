import Foundation
import Jobs

/// The API's addresses below a base URL.
struct Endpoint {
    private let base: String

    init(base: URL) {
        var text = base.absoluteString
        while text.hasSuffix("/") { text.removeLast() }
        self.base = text
    }

    var create: String { base + "/v2/video/generations" }

    func poll(_ id: GenerationID) -> String { create + "?generation_id=" + Self.encoded(id.rawValue) }

    var balance: String { base + "/v2/billing" }

    /// A page of the vendor's request log.
    ///
    /// The span is widened to whole seconds, and cut at its end to what the API takes: what is looked for lies near the start. Its
    /// ends may come in either order, since a clock that was set back must not turn a look-up into an error.
    func log(from start: Date, to end: Date, offset: Int) -> String {
        let first = min(start, end).timeIntervalSince1970.rounded(.down)
        let last = min(max(start, end).timeIntervalSince1970.rounded(.up), first + Self.longestLog)
        return "\(base)/v2/logs?start=\(Self.time(first))&end=\(Self.time(last))&limit=\(Self.logPage)"
            + "&offset=\(max(0, offset))"
    }

    /// Rows of a log page; AI/ML API: at most 100.
    static let logPage = 100
    /// Seconds; AI/ML API: at most 92 days.
    private static let longestLog: TimeInterval = 92 * 86_400

    /// Everything but RFC 3986's unreserved characters as `%XX`: no id can end the value or mean something else in it.
    static func encoded(_ text: String) -> String {
        text.utf8.reduce(into: "") { encoded, byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                encoded.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                encoded += (byte < 16 ? "%0" : "%") + String(byte, radix: 16, uppercase: true)
            }
        }
    }

    /// ISO 8601 in UTC with `Z`; colons are left as they are, which a query allows.
    private static func time(_ seconds: TimeInterval) -> String {
        Date(timeIntervalSince1970: seconds).formatted(.iso8601)
    }
}
