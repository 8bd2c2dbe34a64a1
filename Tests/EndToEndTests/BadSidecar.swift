import Foundation
import Jobs

/// A sidecar that can never be sent, with what its report must say.
struct BadSidecar: Sendable {
    let name: String
    let bytes: [UInt8]
    let key: String?
    let words: [String]

    init(_ name: String, bytes: [UInt8], key: String? = nil, _ words: String...) {
        self.name = name
        self.bytes = bytes
        self.key = key
        self.words = words
    }

    init(_ name: String, _ text: String, key: String? = nil, _ words: String...) {
        self.name = name
        bytes = Array(text.utf8)
        self.key = key
        self.words = words
    }

    /// Told only after `intake.orphanAfter`: the rest of their upload might cure them.
    static let unparsable = [
        BadSidecar("empty", "", "empty"),
        BadSidecar("blank", " \n\t\n", "empty"),
        BadSidecar("cut", #"{"prompt": "a calm sea", "dura"#, "ends too early"),
        BadSidecar("comment", "{\n  // the sea\n  \"prompt\": \"x\"\n}", "line 2", "no comments"),
        BadSidecar("comma", #"{"prompt": "x",}"#, "comma"),
        BadSidecar("quotes", #"{“prompt”: "x"}"#, "straight double quotes"),
        BadSidecar("nan", #"{"prompt": "x", "cfg_scale": NaN}"#, "NaN"),
        BadSidecar("utf16", bytes: Array(#"{"prompt": "x"}"#.data(using: .utf16) ?? Data()), "UTF-8"),
    ]

    /// Told at once: no further byte could cure them.
    static let definite =
        [
            BadSidecar("large", "{\"prompt\": \"\(String(repeating: "x", count: 2 << 20))\"}", "1 MiB"),
            BadSidecar(
                "deep", String(repeating: "[", count: 10_000) + String(repeating: "]", count: 10_000), "64 deep"),
            BadSidecar("twice", #"{"prompt": "x", "prompt": "y"}"#, key: "prompt", "stands twice"),
            BadSidecar("array", #"[{"prompt": "x"}]"#, "one group of keys"),
        ] + [
            with("seven", "duration", 7, words: "7", "5 or 10"),
            with("text5", "duration", "5", words: #""5""#, "without quotes"),
            with("null", "duration", .null, words: "null", "5 or 10"),
            with("scale", "cfg_scale", 1.01, words: "1.01", "0 to 1", "1 or less"),
            with("typo", "negativ_prompt", "blur", words: "Did you mean", "negative_prompt"),
            with("long", "prompt", .string(String(repeating: "é", count: 2501)), words: "2501 characters", "2500"),
            with("emoji", "prompt", .string(String(repeating: "🎬", count: 2501)), words: "2501 characters", "2500"),
            with("notype", "camera_control", ["config": ["zoom": 1]], key: "camera_control.type", words: "missing"),
            with(
                "camera", "camera_control", ["type": "dolly"], key: "camera_control.type", words: "dolly", "down_back"),
            with("still", "camera_control", ["type": "simple"], key: "camera_control.config", words: "exactly one"),
            with(
                "twomoves", "camera_control", ["type": "simple", "config": ["pan": 1, "zoom": 2]],
                key: "camera_control.config", words: "exactly one", "pan, zoom"),
            with(
                "preset", "camera_control", ["type": "down_back", "config": ["zoom": 2]], key: "camera_control.config",
                words: "takes no config"),
            with(
                "masks7", "dynamic_masks", .array(Array(repeating: mask(points: 2), count: 7)), words: "7 entries",
                "at most 6"),
            with(
                "point1", "dynamic_masks", [mask(points: 1)], key: "dynamic_masks[0].trajectories", words: "1 entry",
                "at least 2"),
            with(
                "points78", "dynamic_masks", [mask(points: 78)], key: "dynamic_masks[0].trajectories",
                words: "78 entries", "at most 77"),
            with(
                "fraction", "dynamic_masks",
                [["mask": "https://example.com/m.png", "trajectories": [["x": 1.5, "y": 2], ["x": 3, "y": 4]]]],
                key: "dynamic_masks[0].trajectories[0].x", words: "1.5"),
            with("above", "tail_image_url", "../secret.png", words: "../secret.png", ".. is not allowed"),
            with("absolute", "tail_image_url", "/etc/passwd", words: "/etc/passwd", "absolute path"),
            with("windows", "static_mask", "C:\\masks\\m.png", words: "absolute path"),
            with("scheme", "tail_image_url", "file:///etc/passwd", words: "beside the sidecar"),
            with("variations", "hotreel", ["variations": 17], key: "hotreel.variations", words: "17", "16"),
        ]

    private static func with(
        _ name: String, _ key: String, _ value: JSONValue, key told: String? = nil, words: String...
    ) -> BadSidecar {
        BadSidecar(name, bytes: Array(sidecar([key: value]).text.utf8), key: told ?? key, words: words)
    }

    private static func mask(points: Int) -> JSONValue {
        [
            "mask": "https://example.com/m.png",
            "trajectories": .array((0..<points).map { ["x": .integer($0), "y": .integer($0)] }),
        ]
    }

    private init(_ name: String, bytes: [UInt8], key: String?, words: [String]) {
        self.name = name
        self.bytes = bytes
        self.key = key
        self.words = words
    }
}
