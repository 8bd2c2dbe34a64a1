import Foundation
import Jobs
import TestKit
import Testing

@Suite("A JSON value")
struct JSONValueTests {
    @Test(
        "comes back as it was written",
        arguments: [
            "null", "true", "false", "0", "-7", "9007199254740993", "0.35", "-1.5e-07", #""5""#, #""a\"b\\ \n 🌅""#,
            "[]", "{}",
            #"{"a":[1,2.5,null,{"b":false}],"z":"z"}"#,
        ])
    func roundTrip(text: String) throws {
        #expect(try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8)).text == text)
    }

    @Test("keeps whole numbers, fractions, strings and booleans apart")
    func types() throws {
        let value = try JSONDecoder().decode(JSONValue.self, from: Data(#"[5, 5.5, "5", true, 1]"#.utf8))
        #expect(value == [5, 5.5, "5", true, 1])
        #expect(value.arrayValue?.map(\.typeName) == ["integer", "number", "string", "boolean", "integer"])
        #expect(JSONValue.number(5).integerValue == 5)
        #expect(JSONValue.number(5.5).integerValue == nil)
        #expect(JSONValue.string("5").integerValue == nil)
        #expect(JSONValue.bool(true).doubleValue == nil)
    }

    @Test("is changed at a place deep inside")
    func setting() {
        let body: JSONValue = ["masks": [["x": 1], ["x": 2]], "prompt": "p"]
        #expect(body.setting("new", at: [.key("prompt")])["prompt"] == "new")
        #expect(
            body.setting("m.png", at: [.key("masks"), .index(1), .key("mask")])
                == ["masks": [["x": 1], ["x": 2, "mask": "m.png"]], "prompt": "p"])
        #expect(body.setting(1, at: [.key("a"), .key("b")])["a"] == ["b": 1], "steps by key are made")
        #expect(body.setting(1, at: [.key("masks"), .index(2)]) == body, "an index that is not there is passed over")
        #expect(body.setting(1, at: [.key("prompt"), .key("b")]) == body, "a string has no keys")
        #expect(body.setting(1, at: []) == 1)
    }

    @Test("of a request shows each picture by name and hash, and never its bytes")
    func shownRequest() {
        let shown = GenerationRequest.sample.shown
        #expect(
            shown["image_url"] == ["file": "shot1.png", "sha256": .string(String(repeating: "ab", count: 32))])
        let mask = shown["dynamic_masks"]?.arrayValue?.first
        #expect(mask?["mask"]?["file"] == "masks/still.png")
        #expect(mask?["trajectories"] == [["x": 1, "y": 2], ["x": 3, "y": 4]])
        #expect(shown["duration"] == 5)
    }

    @Test("of a problem reads as a sentence")
    func problems() {
        let problem = Problem(
            file: "a.json", key: "duration", value: "7", rule: "must be 5 or 10", remedy: "Write 5 or 10.")
        #expect(problem.sentence == "a.json, duration = 7: must be 5 or 10. Write 5 or 10.")
        #expect(
            Problem(file: "a.png", rule: "is empty", remedy: "Copy it again.").sentence
                == "a.png: is empty. Copy it again.")
    }
}
