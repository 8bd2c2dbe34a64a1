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

    /// A page of the vendor's request log; the span is widened to whole seconds.
    func log(from start: Date, to end: Date, offset: Int) -> String {
        let times = (Self.time(start, .down), Self.time(end, .up))
        return "\(base)/v2/logs?start=\(times.0)&end=\(times.1)&limit=\(Self.logPage)&offset=\(offset)"
    }

    /// Rows of a log page; AI/ML API: at most 100.
    static let logPage = 100

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
    private static func time(_ date: Date, _ rounding: FloatingPointRoundingRule) -> String {
        Date(timeIntervalSince1970: date.timeIntervalSince1970.rounded(rounding)).formatted(.iso8601)
    }
}
