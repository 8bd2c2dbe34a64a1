import CJansson
import Foundation
import Jobs

/// Reads the text of a sidecar, of folder defaults or of a model card.
///
/// A key that stands twice is refused, because one of the two would silently not count; whole numbers and
/// fractions stay apart. A UTF-8 byte order mark, as Windows editors write it, is skipped.
package enum JSONText {
    /// Bytes; a larger file is refused unread. A caller may stop reading one byte after this.
    package static let maxBytes = 1 << 20
    /// Brackets and braces inside one another; the deepest request of any model needs six.
    package static let maxDepth = 64

    /// The object the bytes spell.
    ///
    /// - Parameter file: the name under which problems are told.
    package static func parse(_ bytes: [UInt8], file: String) throws(JSONTextError) -> [String: JSONValue] {
        guard bytes.count <= maxBytes else {
            throw .definite(
                Problem(
                    file: file, value: "\(bytes.count) bytes",
                    rule: "a sidecar has at most \(maxBytes) bytes (1 MiB)",
                    remedy: "Put pictures beside it as files, or name them by URL, instead of writing them into it."))
        }
        let text = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes.dropFirst(3) : bytes[...]
        if let problem = JSONTextProblem.notText(text, file: file) { throw .perhapsUnfinished(problem) }

        var error = json_error_t()
        let root = text.withUnsafeBytes {
            json_loadb(
                $0.bindMemory(to: CChar.self).baseAddress, $0.count,
                Int(JSON_REJECT_DUPLICATES | JSON_DECODE_ANY), &error)
        }
        guard let root else { throw JSONTextProblem(error, text: text, file: file).error }
        defer { json_decref(root) }

        guard let value = JSONValue(root, depth: 1) else { throw .definite(tooDeep(file: file)) }
        guard case .object(let object) = value else {
            let found = value.arrayValue == nil ? "one value of type \(value.typeName)" : "a list in [ ]"
            throw .definite(
                Problem(
                    file: file, value: found, rule: "the file must hold one group of keys in { }",
                    remedy: "Write it as { \"prompt\": \"…\" }; one sidecar is for one picture."))
        }
        return object
    }

    static func tooDeep(file: String) -> Problem {
        Problem(
            file: file, rule: "brackets and braces may stand inside one another at most \(maxDepth) deep",
            remedy: "Compare the file with the sidecar reference and write it anew.")
    }
}

/// A text that could not be read as a sidecar.
package struct JSONTextError: Error, Hashable {
    /// Whether the rest of an upload could still make it right: true for whatever does not parse (empty, cut, a
    /// slip in the writing), false for what more bytes cannot cure (a key twice, not an object, too large, too deep).
    package let mayBeUnfinished: Bool
    package let problem: Problem

    static func definite(_ problem: Problem) -> Self { Self(mayBeUnfinished: false, problem: problem) }
    static func perhapsUnfinished(_ problem: Problem) -> Self { Self(mayBeUnfinished: true, problem: problem) }
}

extension JSONValue {
    /// A copy of what the parser holds; nil when it goes deeper than `JSONText.maxDepth`.
    fileprivate init?(_ json: UnsafeMutablePointer<json_t>, depth: Int) {
        guard depth <= JSONText.maxDepth else { return nil }
        switch json.pointee.type {
        case JSON_OBJECT:
            var object: [String: JSONValue] = [:]
            var entry = json_object_iter(json)
            while let current = entry {
                guard let key = json_object_iter_key(current), let value = json_object_iter_value(current) else {
                    break
                }
                guard let value = JSONValue(value, depth: depth + 1) else { return nil }
                object[String(utf8: key, count: json_object_iter_key_len(current))] = value
                entry = json_object_iter_next(json, current)
            }
            self = .object(object)
        case JSON_ARRAY:
            var array: [JSONValue] = []
            for index in 0..<json_array_size(json) {
                guard let element = json_array_get(json, index) else { break }
                guard let value = JSONValue(element, depth: depth + 1) else { return nil }
                array.append(value)
            }
            self = .array(array)
        case JSON_STRING: self = .string(String(utf8: json_string_value(json), count: json_string_length(json)))
        case JSON_INTEGER: self = .integer(Int(json_integer_value(json)))
        case JSON_REAL: self = .number(json_real_value(json))
        case JSON_TRUE: self = .bool(true)
        case JSON_FALSE: self = .bool(false)
        default: self = .null
        }
    }
}

extension String {
    fileprivate init(utf8 start: UnsafePointer<CChar>?, count: Int) {
        self.init(decoding: UnsafeRawBufferPointer(start: start, count: count), as: UTF8.self)
    }
}
