import Catalog
import Jobs
import Testing

/// Settings of one sidecar against the catalogue that comes with the program.
func settings(_ sidecar: [String: JSONValue]) throws -> (settings: DropSettings, problems: [Problem]) {
    try Catalog.bundled().settings(from: [SettingsLayer(file: "shot.json", values: sidecar)])
}

@Suite struct SettingsTests {
    @Test func `an empty sidecar asks for the default model with nothing else`() throws {
        let (settings, problems) = try settings([:])
        #expect(problems == [])
        #expect(settings.body() == ["model": "kling-video/v1.6/pro/image-to-video"])
        #expect(settings.options == HotreelOptions())
        #expect(settings.options.priority == 5)
        #expect(!settings.remoteImage)
    }

    @Test func `folder defaults merge per top-level key, the options key by key, and origins are kept`() throws {
        let layers = [
            SettingsLayer(
                file: "_hotreel.json",
                values: [
                    "duration": 5, "cfg_scale": 0.3, "hotreel": ["priority": 2, "variations": 3],
                    "camera_control": ["type": "simple", "config": ["pan": 3]],
                ]),
            SettingsLayer(file: "portraits/_hotreel.json", values: ["duration": 10, "hotreel": ["priority": 9]]),
            SettingsLayer(
                file: "shot.json", values: ["prompt": "hello", "camera_control": ["type": "down_back"]]),
        ]
        let (settings, problems) = try Catalog.bundled().settings(from: layers)
        #expect(problems == [])
        #expect(
            settings.parameters == [
                "duration": 10, "cfg_scale": 0.3, "prompt": "hello", "camera_control": ["type": "down_back"],
            ])
        #expect(settings.options.priority == 9)
        #expect(settings.options.variations == 3)
        #expect(settings.origin(of: "duration") == "portraits/_hotreel.json")
        #expect(settings.origin(of: "cfg_scale") == "_hotreel.json")
        #expect(settings.origin(of: "tail_image_url") == nil)
    }

    @Test func `a problem names the file its key came from`() throws {
        let layers = [
            SettingsLayer(file: "_hotreel.json", values: ["duration": 7, "hotreel": ["priority": 10, "hold": true]]),
            SettingsLayer(file: "shot.json", values: ["cfg_scale": 2, "hotreel": ["variations": 0]]),
        ]
        let problems = try Catalog.bundled().settings(from: layers).problems
        #expect(
            Set(problems.map { "\($0.file) \($0.key ?? "")" }) == [
                "_hotreel.json duration", "_hotreel.json hotreel.priority", "shot.json cfg_scale",
                "shot.json hotreel.variations",
            ])
    }

    @Test func `a whole number with a decimal point is sent as an integer`() throws {
        let (settings, problems) = try settings([
            "duration": 5.0, "cfg_scale": 1.0, "hotreel": ["priority": 7.0],
            "dynamic_masks": [["mask": "m.png", "trajectories": [["x": 1.0, "y": 2], ["x": 3, "y": 4.0]]]],
        ])
        #expect(problems == [])
        #expect(settings.parameters["duration"] == .integer(5))
        #expect(
            settings.parameters["dynamic_masks"]
                == [["mask": "m.png", "trajectories": [["x": 1, "y": 2], ["x": 3, "y": 4]]]])
        #expect(settings.options.priority == 7)
    }

    @Test func `an editor's $schema key is accepted and not sent`() throws {
        let (settings, problems) = try settings(["$schema": "../sidecar.schema.json", "prompt": "a"])
        #expect(problems == [])
        #expect(settings.body().keys.sorted() == ["model", "prompt"])
    }

    @Test func `files named where the API takes a URL are references, URLs and data URLs are not`() throws {
        let path: JSONValue = [["x": 1, "y": 2], ["x": 3, "y": 4]]
        let layers = [
            SettingsLayer(file: "_hotreel.json", values: ["static_mask": "masks\\still.png"]),
            SettingsLayer(
                file: "shot.json",
                values: [
                    "image_url": "https://host/a.png",
                    "dynamic_masks": [
                        ["mask": "data:image/png;base64,iVBORw0KGgo=", "trajectories": path],
                        ["mask": "./masks/two words é.png", "trajectories": path],
                    ],
                ]),
        ]
        let (settings, problems) = try Catalog.bundled().settings(from: layers)
        #expect(problems == [])
        #expect(settings.remoteImage)
        #expect(settings.references.map(\.pointer.description) == ["dynamic_masks[1].mask", "static_mask"])
        #expect(settings.references.map(\.path) == ["masks/two words é.png", "masks/still.png"])
        #expect(settings.references.map(\.role) == [.mask, .mask])
        #expect(settings.references.map(\.layer) == [1, 0])
        #expect(settings.references.map(\.file) == ["shot.json", "_hotreel.json"])
    }

    @Test func `image_url may name a file, which then is the picture`() throws {
        let (settings, problems) = try settings(["image_url": "shot010.png", "tail_image_url": "shot010_end.png"])
        #expect(problems == [])
        #expect(!settings.remoteImage)
        #expect(settings.references.map(\.role) == [.picture, .tail])
    }

    @Test func `a place reads as people write it, and leads to its value`() {
        let value: JSONValue = ["a": [["mask": "x", "n": 1], ["mask": "y"]]]
        let place: JSONPointer = [.key("a"), .index(1), .key("mask")]
        #expect(place.description == "a[1].mask")
        #expect(value[place] == "y")
        #expect(value[[.key("a"), .index(2), .key("mask")] as JSONPointer] == nil)
        #expect(value.setting("z", at: place.steps[...])[place] == "z")
    }

    @Test(arguments: [("hero shot", "hero shot"), ("hero.mp4", "hero"), ("v1.2", "v1.2"), ("-dash é😀", "-dash é😀")])
    func `an output name is taken as written, but for a suffix`(given: String, name: String) throws {
        let (settings, problems) = try settings(["hotreel": ["name": .string(given)]])
        #expect(problems == [])
        #expect(settings.options.name == name)
    }

    @Test func `masks and camera control are sent and warned of, a tail image is not`() throws {
        let card = try Catalog.bundled().defaultModel
        #expect(card.warnings(try settings(["tail_image_url": "end.png", "dynamic_masks": []]).settings) == [])
        #expect(card.warnings(try settings(["static_mask": "m.png"]).settings).count == 1)
        let camera = card.warnings(try settings(["camera_control": ["type": "forward_up"]]).settings)
        #expect(camera.count == 1)
        #expect(camera.first?.contains("camera control") == true)
    }
}
