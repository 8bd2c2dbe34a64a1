import Catalog
import Jobs
import TestKit
import Testing

@Suite struct ModelCardTests {
    @Test func `the default model's schema equals the vendor's specification`() throws {
        let card = try Catalog.bundled().defaultModel
        #expect(card.id == "kling-video/v1.6/pro/image-to-video")
        #expect(card.schema == (try Specification.createRequestSchema()))
        #expect(card.pictureKey == "image_url")
    }

    @Test func `the default model takes pictures within Kling's limits`() throws {
        let limits = try Catalog.bundled().defaultModel.images
        #expect(
            limits
                == ImageLimits(
                    formats: [.jpeg, .png], maxBytes: 10_000_000, minSide: 300, minAspectRatio: 0.4, maxAspectRatio: 2.5
                ))
    }

    /// A data file for a model the program does not come with.
    static func card(_ schema: JSONValue, adding extra: [String: JSONValue] = [:]) throws -> ModelCard {
        var file: [String: JSONValue] = [
            "vendor": "Vendor", "schema": schema, "imageKeys": ["image_url": "picture"], "source": [],
            "images": [
                "formats": ["jpeg", "png"], "maxBytes": 20_000_000, "minSide": 240, "minAspectRatio": 0.4,
                "maxAspectRatio": 2.5,
            ],
        ]
        file.merge(extra) { _, new in new }
        return try ModelCard(Array(JSONValue.object(file).text.utf8), file: "card.json")
    }

    @Test func `another model is another data file`() throws {
        let schemas = try #require(try Specification.json("other-models").objectValue)
        let cards = try schemas.values.map { try Self.card($0) }
        let catalog = try Catalog(cards + [try Catalog.bundled().defaultModel])
        #expect(catalog.models.count == schemas.count + 1)

        let sidecar: [String: JSONValue] = ["model": "video-01-live2d", "prompt": "she waves", "enhance_prompt": false]
        let (settings, problems) = catalog.settings(from: [SettingsLayer(file: "a.json", values: sidecar)])
        #expect(problems == [])
        #expect(settings.body() == sidecar)

        let wrong: [String: JSONValue] = ["model": "video-01-live2d", "duration": 5, "enhance_prompt": "false"]
        let keys = catalog.settings(from: [SettingsLayer(file: "a.json", values: wrong)]).problems.map(\.key)
        #expect(keys == ["duration", "enhance_prompt", "prompt"])
    }

    @Test func `null is taken where a schema allows it, and alternatives are tried in turn`() throws {
        let schemas = try Specification.json("other-models")
        let turbo = try #require(schemas["klingai/video-v3-standard-turbo-image-to-video"])
        let effects = try #require(schemas["klingai/kling-video-v1.6-pro-effects"])
        let effectsCard = try Self.card(
            effects, adding: ["imageKeys": ["image_url": "picture", "image_url[]": "picture"]])
        let catalog = try Catalog([try Self.card(turbo, adding: ["isDefault": true]), effectsCard])

        #expect(catalog.settings(from: [SettingsLayer(file: "a.json", values: ["multi_prompt": nil])]).problems == [])
        let pair: [String: JSONValue] = [
            "model": .string(effectsCard.id), "effect_scene": "hug", "image_url": ["a.png", "https://host/b.png"],
        ]
        let (settings, problems) = catalog.settings(from: [SettingsLayer(file: "a.json", values: pair)])
        #expect(problems == [])
        #expect(settings.references.map(\.pointer.description) == ["image_url[0]"])
    }

    @Test(
        arguments: [
            ("pattern", "^a$"), ("format", "date"), ("type", "text"), ("oneOf", [["type": "string"]]),
        ] as [(String, JSONValue)])
    func `a card with a schema keyword that nobody would check is refused`(keyword: String, value: JSONValue) throws {
        let schema: JSONValue = [
            "type": "object",
            "properties": ["model": ["type": "string", "enum": ["m"]], "image_url": ["type": "string"], "seed": [:]],
        ]
        let bad = schema.setting([keyword: value].json, at: [.key("properties"), .key("seed")])
        let error = try #require(throws: CatalogError.self) { try Self.card(bad) }
        #expect(error.reason == "the schema keyword \(keyword) at seed is not understood")
    }

    @Test func `a card with a mistyped key is refused`() throws {
        let schema = try Catalog.bundled().defaultModel.schema
        #expect(throws: CatalogError.self) { try Self.card(schema, adding: ["maxCharcters": ["prompt": 5]]) }
    }

    @Test func `a catalogue has one default and no model twice`() throws {
        let card = try Catalog.bundled().defaultModel
        #expect(throws: CatalogError.self) { try Catalog([card, card]) }
        #expect(throws: CatalogError.self) { try Catalog([try Self.card(card.schema)]) }
    }
}

extension [String: JSONValue] {
    var json: JSONValue { .object(self) }
}
