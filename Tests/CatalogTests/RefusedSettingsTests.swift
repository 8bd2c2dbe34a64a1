import Catalog
import Jobs
import Testing

/// One refused sidecar: the key told, the value shown, and words the rule or remedy must hold.
struct Refused: CustomTestStringConvertible {
    let sidecar: [String: JSONValue]
    let key: String
    let value: String?
    let words: [String]

    init(_ sidecar: [String: JSONValue], _ key: String, _ value: String?, _ words: String...) {
        self.sidecar = sidecar
        self.key = key
        self.value = value
        self.words = words
    }

    var testDescription: String { "\(key) \(value ?? "") \(words)" }

    func verify() throws {
        let problems = try settings(sidecar).problems
        try #require(problems.count == 1, "\(problems.map(\.sentence))")
        #expect(problems[0].file == "shot.json")
        #expect(problems[0].key == key)
        #expect(problems[0].value == value)
        for word in words { #expect(problems[0].sentence.contains(word), "\(problems[0].sentence)") }
    }
}

private let points: JSONValue = [["x": 1, "y": 2], ["x": 3, "y": 4]]
private func masks(_ trajectories: JSONValue, count: Int = 1) -> [String: JSONValue] {
    ["dynamic_masks": .array(Array(repeating: ["mask": "m.png", "trajectories": trajectories], count: count))]
}
private func camera(_ value: JSONValue) -> [String: JSONValue] { ["camera_control": value] }
private func text(_ character: String, _ count: Int) -> JSONValue {
    .string(String(repeating: character, count: count))
}

@Suite struct RefusedSettingsTests {
    @Test(arguments: [
        Refused(["duration": 7], "duration", "7", "5 or 10"),
        Refused(["duration": "5"], "duration", "\"5\"", "5 or 10", "is text here; write 5 without quotes"),
        Refused(["duration": "7"], "duration", "\"7\"", "write 5 or 10 without quotes"),
        Refused(["duration": nil], "duration", "null", "5 or 10", "leave the key out"),
        Refused(["duration": 5.5], "duration", "5.5", "5 or 10"),
        Refused(["duration": true], "duration", "true", "5 or 10"),
        Refused(["cfg_scale": 1.01], "cfg_scale", "1.01", "a number from 0 to 1", "Write 1 or less"),
        Refused(["cfg_scale": -1], "cfg_scale", "-1", "from 0 to 1", "Write 0 or more"),
        Refused(["cfg_scale": "0.5"], "cfg_scale", "\"0.5\"", "write 0.5 without quotes"),
        Refused(["prompt": 5], "prompt", "5", "text in quotes", "\"5\""),
        Refused(["prompt": nil], "prompt", "null", "leave the key out"),
        Refused(
            ["prompt": text("a", 2_501)], "prompt", "2501 characters", "at most 2500 characters", "Shorten it to 2500"),
        Refused(["negative_prompt": text("😀", 2_501)], "negative_prompt", "2501 characters", "at most 2500"),
        Refused(["hotreel": ["priority": 10]], "hotreel.priority", "10", "from 0 to 9"),
        Refused(["hotreel": ["variations": 17]], "hotreel.variations", "17", "from 1 to 16"),
        Refused(["hotreel": ["variations": 1.5]], "hotreel.variations", "1.5", "whole number", "as 2"),
        Refused(["hotreel": ["hold": "true"]], "hotreel.hold", "\"true\"", "write true without quotes"),
        Refused(["hotreel": 5], "hotreel", "5", "group of keys"),
        Refused(["$schema": 5], "$schema", "5", "text in quotes"),
    ])
    func `a wrong type or range names key, value and limit`(refused: Refused) throws { try refused.verify() }

    @Test(arguments: [
        Refused(["negativePrompt": "a"], "negativePrompt", "\"a\"", "Did you mean `negative_prompt`?"),
        Refused(["negatve_promt": "a"], "negatve_promt", "\"a\"", "`negative_prompt`"),
        Refused(["Prompt": "a"], "Prompt", "\"a\"", "`prompt`"),
        Refused(["pormpt": "a"], "pormpt", "\"a\"", "`prompt`"),
        Refused(["tail_image": "a"], "tail_image", "\"a\"", "`tail_image_url`"),
        Refused(["priority": 3], "priority", "3", "`hotreel.priority`"),
        Refused(["seed": 3], "seed", "3", "no key \"seed\"", "cfg_scale, duration, dynamic_masks"),
        Refused(["": 3], "", "3", "no key \"\""),
        Refused(["hotreel": ["prio": 3]], "hotreel.prio", "3", "in hotreel", "`priority`"),
        Refused(camera(["type": "down_back", "zoom": 3]), "camera_control.zoom", "3", "`config.zoom`"),
        Refused(
            camera(["type": "simple", "config": ["zooom": 0, "pan": 3]]), "camera_control.config.zooom", "0", "`zoom`"),
        Refused(
            ["dynamic_masks": [["mask": "m.png", "trajectories": points, "trajectory": 1]]],
            "dynamic_masks[0].trajectory", "1", "`trajectories`"),
        Refused(
            ["model": "kling-video/v1.6/pro/image-to-vide"], "model", "\"kling-video/v1.6/pro/image-to-vide\"",
            "Did you mean"),
        Refused(["model": "sora"], "model", "\"sora\"", "kling-video/v1.6/pro/image-to-video"),
    ])
    func `an unknown name comes with the nearest known one`(refused: Refused) throws { try refused.verify() }

    @Test(arguments: [
        Refused(masks(points, count: 7), "dynamic_masks", "7 entries", "at most 6", "Remove 1"),
        Refused(masks([["x": 1, "y": 2]]), "dynamic_masks[0].trajectories", "1 entry", "at least 2"),
        Refused(
            masks(.array(Array(repeating: ["x": 1, "y": 2], count: 78))), "dynamic_masks[0].trajectories", "78 entries",
            "at most 77"),
        Refused(
            masks([["x": 1.5, "y": 2], ["x": 3, "y": 4]]), "dynamic_masks[0].trajectories[0].x", "1.5", "whole number"),
        Refused(masks([["x": 1], ["x": 3, "y": 4]]), "dynamic_masks[0].trajectories[0].y", nil, "y is missing"),
        Refused(["dynamic_masks": [["trajectories": points]]], "dynamic_masks[0].mask", nil, "mask is missing"),
        Refused(["dynamic_masks": ["mask": "m.png"]], "dynamic_masks", #"{"mask":"m.png"}"#, "a list", "[ ]"),
    ])
    func `masks and their paths keep to the counts and whole pixels`(refused: Refused) throws { try refused.verify() }

    @Test(arguments: [
        Refused(camera(["type": "spin"]), "camera_control.type", "\"spin\"", "\"simple\", \"down_back\"", "forward_up"),
        Refused(
            camera(["type": "Simple ", "config": ["pan": 1]]), "camera_control.type", "\"Simple \"",
            "Did you mean \"simple\"?"),
        Refused(camera(["type": "simple"]), "camera_control.config", nil, "exactly one", "Set one of horizontal"),
        Refused(camera(["type": "simple", "config": [:]]), "camera_control.config", "{}", "exactly one", "here are 0"),
        Refused(
            camera(["type": "simple", "config": ["pan": 0, "zoom": 0.0]]), "camera_control.config",
            #"{"pan":0,"zoom":0}"#,
            "exactly one"),
        Refused(
            camera(["type": "simple", "config": ["pan": 1, "zoom": -2, "roll": 0]]), "camera_control.config",
            #"{"pan":1,"roll":0,"zoom":-2}"#, "here are 2", "Keep one of pan, zoom"),
        Refused(
            camera(["type": "simple", "config": ["pan": 10.5]]), "camera_control.config.pan", "10.5", "from -10 to 10"),
        Refused(
            camera(["type": "down_back", "config": ["pan": 1]]), "camera_control.config", #"{"pan":1}"#,
            "preset move and takes no config"),
        Refused(
            camera(["config": ["pan": 1]]), "camera_control.type", nil, "type is missing", "\"simple\" beside config"),
        Refused(camera([:]), "camera_control.type", nil, "type is missing"),
    ])
    func `a camera move is one preset or one amount`(refused: Refused) throws { try refused.verify() }

    @Test func `tail image, masks and camera control exclude one another`() throws {
        let layers = [
            SettingsLayer(file: "_hotreel.json", values: ["camera_control": ["type": "down_back"]]),
            SettingsLayer(file: "shot.json", values: ["tail_image_url": "end.png", "static_mask": "m.png"]),
        ]
        let problems = try Catalog.bundled().settings(from: layers).problems
        try #require(problems.count == 1)
        for word in ["static_mask", "tail_image_url", "camera_control", "exclude one another", "_hotreel.json"] {
            #expect(problems[0].sentence.contains(word))
        }
        #expect(try settings(masks(points).merging(["static_mask": "m.png"]) { $1 }).problems == [])
        #expect(try settings(["tail_image_url": "end.png", "dynamic_masks": []]).problems == [])
    }

    @Test func `2,500 emoji are a prompt`() throws {
        #expect(try settings(["prompt": text("😀", 2_500), "negative_prompt": text("a", 2_500)]).problems == [])
    }

    @Test func `everything wrong is told in one pass`() throws {
        let problems = try settings([
            "duration": "5", "cfg_scale": 2, "promt": "a", "tail_image_url": "../end.png",
            "camera_control": ["type": "simple", "config": ["pan": 1, "zoom": 2]],
            "hotreel": ["name": ".x", "prio": 1],
            "model": "none",
        ]).problems
        #expect(
            Set(problems.compactMap(\.key)) == [
                "duration", "cfg_scale", "promt", "tail_image_url", "camera_control.config", "camera_control",
                "hotreel.name", "hotreel.prio", "model",
            ])
    }
}
