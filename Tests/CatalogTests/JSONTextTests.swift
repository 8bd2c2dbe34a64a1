import Catalog
import Foundation
import Jobs
import Testing

@Suite struct JSONTextTests {
    @Test func `whole numbers and fractions stay apart, and escapes are undone`() throws {
        let object = try JSONText.parse(
            Array(#"{"a": 5, "b": 5.0, "c": "é\n😀", "d": [true, null], "e": {}}"#.utf8), file: "s.json")
        #expect(object == ["a": .integer(5), "b": .number(5), "c": "é\n😀", "d": [true, nil], "e": [:]])
    }

    @Test func `a UTF-8 byte order mark, as Windows editors write it, is skipped`() throws {
        #expect(
            try JSONText.parse([0xEF, 0xBB, 0xBF] + Array(#"{"duration": 5}"#.utf8), file: "s.json") == ["duration": 5])
    }

    @Test(arguments: [
        ("", "empty"), ("  \r\n", "empty"),
        (#"{"prompt": "a"#, "ends too early"), (#"{"prompt":"#, "ends too early"), ("{", "ends too early"),
        ("// a move\n{}", "JSON has no comments"), (#"{"duration": 5 /* s */}"#, "JSON has no comments"),
        ("{}\n# done", "JSON has no comments"),
        (#"{"duration": 5,}"#, "comma stands after the last"), (#"{"a": [1, 2, ]}"#, "comma stands after the last"),
        ("{'prompt': 1}", "straight double quotes"), ("{“prompt”: 1}", "straight double quotes"),
        ("{prompt: 1}", "quote is missing at prompt"), (#"{"prompt: "hello"}"#, "quote is missing at hello"),
        ("{\"prompt\": \"hello,\n\"duration\": 5}", "not closed on its line"),
        (#"{"mask": "C:\pics\a.png"}"#, "\\ inside a text"),
        (#"{"cfg_scale": NaN}"#, "JSON has no NaN"), (#"{"cfg_scale": .5}"#, "no number in JSON"),
        (#"{"cfg_scale": -Infinity}"#, "no number in JSON"), (#"{"hold": True}"#, "small letters"),
        (#"{"a": 1 "b": 2}"#, "comma or a closing bracket is missing"), (#"{"a" 1}"#, "colon is missing"),
        (#"{"a": 1}}"#, "more text after the closing"), ("\u{0}\u{0}\u{0}", "zero"), ("{\"a\": 1}\u{0}", "zero"),
    ])
    func `text that does not parse is explained, and may be an upload's beginning`(text: String, words: String) throws {
        let error = try #require(throws: JSONTextError.self) { try JSONText.parse(Array(text.utf8), file: "shot.json") }
        #expect(error.mayBeUnfinished)
        #expect(error.problem.rule.contains(words))
        #expect(error.problem.file == "shot.json")
        #expect(!error.problem.remedy.isEmpty)
    }

    @Test func `every beginning of a sidecar is told as perhaps unfinished`() throws {
        let text = Array(#"{"prompt": "a \"b\" é", "cfg_scale": 0.5, "dynamic_masks": [{"mask": "m.png"}]}"#.utf8)
        for count in 0..<text.count {
            let error = try #require(throws: JSONTextError.self) {
                try JSONText.parse(Array(text.prefix(count)), file: "s")
            }
            #expect(error.mayBeUnfinished, "cut after \(count) bytes")
        }
    }

    @Test func `the place is told by line and column, with the line itself`() throws {
        let error = try #require(throws: JSONTextError.self) {
            try JSONText.parse(Array("{\n  \"duration\": 5,\n}".utf8), file: "s.json")
        }
        #expect(error.problem.value == "line 3, column 1 (})")
    }

    @Test(arguments: [
        (String.Encoding.utf16LittleEndian, []), (.utf16LittleEndian, [0xFF, 0xFE]), (.utf16BigEndian, [0xFE, 0xFF]),
    ])
    func `UTF-16 is recognised, and the remedy is to save it as UTF-8`(encoding: String.Encoding, mark: [UInt8]) throws
    {
        let bytes = mark + [UInt8](try #require(#"{"a": 1}"#.data(using: encoding)))
        let error = try #require(throws: JSONTextError.self) { try JSONText.parse(bytes, file: "s.json") }
        #expect(error.mayBeUnfinished)
        #expect(error.problem.value == "UTF-16")
        #expect(error.problem.remedy.contains("Save it as UTF-8"))
    }

    @Test func `other encodings are told as not UTF-8`() throws {
        let error = try #require(throws: JSONTextError.self) {
            try JSONText.parse(Array(#"{"prompt": "caf"#.utf8) + [0xE9] + Array(#""}"#.utf8), file: "s.json")
        }
        #expect(error.problem.rule.contains("not UTF-8"))
    }

    @Test(arguments: ["duration", "a_key_longer_than_the_parser_would_quote", #"a \" quoted"#])
    func `a key that stands twice is named`(key: String) throws {
        let error = try #require(throws: JSONTextError.self) {
            try JSONText.parse(Array("{\"\(key)\": 5, \"\(key)\": 10}".utf8), file: "s.json")
        }
        #expect(!error.mayBeUnfinished)
        #expect(error.problem.key == key)
        #expect(error.problem.rule.contains(key))
    }

    @Test(arguments: ["[]", "[{\"prompt\": \"a\"}]", "5", "\"text\"", "null"])
    func `a text that is no object is refused at once`(text: String) throws {
        let error = try #require(throws: JSONTextError.self) { try JSONText.parse(Array(text.utf8), file: "s.json") }
        #expect(!error.mayBeUnfinished)
        #expect(error.problem.rule.contains("one group of keys"))
    }

    @Test(arguments: [65, 2_000, 10_000])
    func `deep nesting is refused at once`(depth: Int) throws {
        let text = #"{"a": "# + String(repeating: "[", count: depth) + String(repeating: "]", count: depth) + "}"
        let error = try #require(throws: JSONTextError.self) { try JSONText.parse(Array(text.utf8), file: "s.json") }
        #expect(!error.mayBeUnfinished)
        #expect(error.problem.rule.contains("\(JSONText.maxDepth) deep"))
    }

    @Test func `a sidecar of 2 MB is refused with the limit`() throws {
        let text = "{\"prompt\": \"" + String(repeating: "a", count: 2_000_000) + "\"}"
        let error = try #require(throws: JSONTextError.self) { try JSONText.parse(Array(text.utf8), file: "s.json") }
        #expect(!error.mayBeUnfinished)
        #expect(error.problem.value == "2000014 bytes")
        #expect(error.problem.rule.contains("\(JSONText.maxBytes)"))
    }

    @Test(arguments: [("1e999", "too large"), ("99999999999999999999", "too large"), (#""\u0000""#, "u0000")])
    func `values no request can carry are refused at once`(value: String, words: String) throws {
        let error = try #require(throws: JSONTextError.self) {
            try JSONText.parse(Array("{\"a\": \(value)}".utf8), file: "s")
        }
        #expect(!error.mayBeUnfinished)
        #expect(error.problem.rule.contains(words))
    }
}
