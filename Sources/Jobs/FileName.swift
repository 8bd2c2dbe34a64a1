/// A file's name or relative path, as the bytes the file system gave.
///
/// Linux names are bytes; a share may bring names that are not UTF-8. They are kept as they came, so that a source is
/// given back under exactly the name it had.
package struct FileName: Hashable, Sendable {
    package let bytes: [UInt8]

    package init(bytes: [UInt8]) { self.bytes = bytes }
    package init(_ string: String) { bytes = Array(string.utf8) }

    /// The name for people: UTF-8 where it is, else read as Latin-1, which is what such names nearly always are. Each part of a
    /// path is read by itself, since a folder and a file in it may come from different programs.
    package var text: String {
        String(validating: bytes, as: UTF8.self)
            ?? bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
            .map { part in
                String(validating: part, as: UTF8.self)
                    ?? String(String.UnicodeScalarView(part.map { Unicode.Scalar($0) }))
            }
            .joined(separator: "/")
    }

    /// The name in one line of a message: control characters shown, not obeyed.
    package var shown: String {
        text.unicodeScalars.reduce(into: "") { line, scalar in
            if scalar.value < 0x20 || scalar.value == 0x7F {
                line += scalar == "\n" ? "\\n" : "\\u{\(String(scalar.value, radix: 16))}"
            } else {
                line.unicodeScalars.append(scalar)
            }
        }
    }

    package var isEmpty: Bool { bytes.isEmpty }
}

extension FileName: ExpressibleByStringLiteral, CustomStringConvertible {
    package init(stringLiteral value: String) { self.init(value) }
    package var description: String { shown }
}

extension FileName: Codable {
    /// A string where the name is UTF-8, else an array of byte values.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let string = try? container.decode(String.self) {
            self.init(string)
        } else {
            self.init(bytes: try container.decode([UInt8].self))
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        if let string = String(validating: bytes, as: UTF8.self) {
            try container.encode(string)
        } else {
            try container.encode(bytes)
        }
    }
}
