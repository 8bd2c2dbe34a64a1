import CJansson
import Foundation
import Jobs

/// Says in an artist's words what the parser stumbled over, from its error and the text before that place.
struct JSONTextProblem {
    private let code: UInt32
    private let message: String
    /// The text up to and including what the parser did not expect.
    private let read: ArraySlice<UInt8>
    private let file: String
    /// "line 3, column 14 (…)", with the line itself, so that it is found without a line counter.
    private let place: String

    init(_ error: json_error_t, text: ArraySlice<UInt8>, file: String) {
        let note = withUnsafeBytes(of: error.text) { Array($0) }
        // The last byte of the note is the parser's error code.
        code = UInt32(note.last ?? 0)
        message = String(decoding: note.prefix { $0 != 0 }, as: UTF8.self)
        read = text.prefix(max(0, Int(error.position)))
        self.file = file
        let start = read.lastIndex(of: newline).map { $0 + 1 } ?? read.startIndex
        let line = String(decoding: text[start...].prefix(60).prefix { $0 != newline }, as: UTF8.self)
            .trimmingCharacters(in: .whitespacesAndNewlines)
        place = "line \(error.line), column \(error.column) (\(line))"
    }

    var error: JSONTextError {
        switch code {
        case json_error_duplicate_key.rawValue:
            let key = lastQuotedText
            return .definite(
                problem(
                    "the key \"\(key)\" stands twice, and only one of the two could count",
                    "Remove one of the two lines.", key: key))
        case json_error_stack_overflow.rawValue:
            return .definite(JSONText.tooDeep(file: file))
        case json_error_numeric_overflow.rawValue:
            return .definite(problem("the number is too large", "Write a smaller number."))
        case json_error_null_character.rawValue, json_error_null_byte_in_key.rawValue:
            return .definite(problem("a text cannot hold the character \\u0000", "Remove \\u0000 from the text."))
        default:
            let (rule, remedy) = explanation
            return .perhapsUnfinished(problem(rule, remedy))
        }
    }

    private func problem(_ rule: String, _ remedy: String, key: String? = nil) -> Problem {
        Problem(file: file, key: key, value: place, rule: rule, remedy: remedy)
    }

    private var explanation: (rule: String, remedy: String) {
        if code == json_error_premature_end_of_input.rawValue {
            return (
                "the text ends too early; a bracket, brace or quote is not closed",
                "Add the missing } ] or \" at its end, or copy the file again if it was cut."
            )
        }
        if code == json_error_invalid_utf8.rawValue {
            return ("the text holds characters that are not UTF-8", "Save it as UTF-8 and drop it again.")
        }
        if message.hasPrefix("unexpected newline") || message.hasPrefix("control character") {
            return (
                "a text in quotes is not closed on its line",
                "Add the missing \" at its end; write a line break inside a text as \\n."
            )
        }
        if message.hasPrefix("invalid escape") {
            return ("a \\ inside a text is not followed by what JSON allows", "Write \\\\ for \\, or / in a file name.")
        }
        return byUnexpectedCharacter
    }

    private var byUnexpectedCharacter: (rule: String, remedy: String) {
        let tail = String(decoding: read.suffix(200), as: UTF8.self)
        let word = String(tail.reversed().prefix { $0.isASCII && ($0.isLetter || $0 == "_") }.reversed())
        let character = tail.last ?? " "
        let before = tail.dropLast(max(1, word.count)).last { !$0.isWhitespace }
        switch character {
        case "/", "#":
            return ("JSON has no comments", "Remove the comment.")
        case "'", "‘", "’", "“", "”", "„", "«", "»", "`":
            return ("JSON knows straight double quotes only, and this is \(character)", "Write \" instead.")
        case "}" where before == ",", "]" where before == ",":
            return ("a comma stands after the last entry", "Remove the comma before \(character).")
        case "0"..."9", "+", "-", ".":
            if message.hasPrefix("invalid token") {
                return ("this is no number in JSON", "Write numbers as 5, 0.5 or -3.")
            }
        default: break
        }
        switch word.lowercased() {
        case "": break
        case "nan", "infinity", "inf": return ("JSON has no \(word)", "Write a number, or leave the key out.")
        case "true", "false", "null":
            return ("JSON writes \(word.lowercased()) in small letters", "Write \(word.lowercased()).")
        case "none", "undefined", "nil": return ("JSON has no \(word)", "Leave the key out.")
        default:
            return ("a quote is missing at \(word)", "Put keys and texts in double quotes, as in \"prompt\": \"…\".")
        }
        if code == json_error_end_of_input_expected.rawValue {
            return ("there is more text after the closing }", "Remove what follows, or the } that closes too early.")
        }
        if message.hasPrefix("'}' expected") || message.hasPrefix("']' expected") {
            return ("a comma or a closing bracket is missing before this place", "Put a comma between two entries.")
        }
        if message.hasPrefix("':' expected") {
            return ("a colon is missing between a key and its value", "Write it as \"prompt\": \"…\".")
        }
        return ("this is not JSON", "Write it as { \"prompt\": \"…\", \"duration\": 5 }.")
    }

    /// The text whose closing quote was read last.
    private var lastQuotedText: String {
        let body = read.dropLast()
        var start = body.endIndex
        while let quote = body[..<start].lastIndex(of: UInt8(ascii: "\"")) {
            // A quote after an odd number of \ belongs to the text.
            let escapes = body[..<quote].reversed().prefix { $0 == UInt8(ascii: "\\") }.count
            if escapes.isMultiple(of: 2) { return String(decoding: body[(quote + 1)...], as: UTF8.self) }
            start = quote
        }
        return ""
    }
}

private let newline = UInt8(ascii: "\n")

extension JSONTextProblem {
    /// What is wrong with bytes that are no text in UTF-8 at all, before a parser sees them.
    static func notText(_ text: ArraySlice<UInt8>, file: String) -> Problem? {
        func isUTF16(_ first: UInt8, _ second: UInt8) -> Bool {
            (first, second) == (0xFF, 0xFE) || (first, second) == (0xFE, 0xFF) || (first == 0) != (second == 0)
        }
        let space: [UInt8] = [0x20, 0x09, 0x0A, 0x0D]
        if text.allSatisfy(space.contains) {
            return Problem(
                file: file, value: "\(text.count) bytes", rule: "the file is empty",
                remedy: "Write the settings into it, at least { \"prompt\": \"…\" }, or copy it again.")
        }
        if let first = text.first, let second = text.dropFirst().first, isUTF16(first, second) {
            return Problem(
                file: file, value: "UTF-16", rule: "the text must be in UTF-8",
                remedy: "Save it as UTF-8: in Notepad \"Save as…\", Encoding: UTF-8.")
        }
        let zero = text.withUnsafeBytes { bytes -> Int? in
            guard let start = bytes.baseAddress, let zero = memchr(start, 0, bytes.count) else { return nil }
            return UnsafeRawPointer(zero) - start
        }
        return zero.map {
            Problem(
                file: file, value: "byte \($0 + 1) is zero", rule: "the file must be text, and text has no zero bytes",
                remedy: "Copy it again: an upload has not ended, or this is no text file.")
        }
    }
}
