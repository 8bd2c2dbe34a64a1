@testable import Catalog
import Foundation
import Jobs
import Testing

/// `etc/sidecar.schema.json` is for people's editors; it must say what the program checks.
@Suite struct SidecarSchemaTests {
    private let file: [String: JSONValue]

    init() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let data = try Data(contentsOf: root.appending(path: "etc/sidecar.schema.json"))
        file = try JSONText.parse([UInt8](data), file: "sidecar.schema.json")
    }

    @Test func `the editors' schema has the keys, types, ranges and enumerations of the catalogue`() throws {
        let catalog = try Catalog.bundled()
        let card = catalog.defaultModel
        var properties = try #require(card.schema["properties"]?.objectValue)
        properties["model"] = ["type": "string", "enum": .array(catalog.models.map { .string($0.id) })]
        for key in ["prompt", "negative_prompt"] {
            properties[key] = properties[key]?.setting(2500, at: [.key("maxLength")])
        }
        // The vendor leaves the type optional; without it nobody could say what the move is.
        properties["camera_control"] = properties["camera_control"]?.setting(["type"], at: [.key("required")])
        properties.merge(HotreelOptions.sidecarKeys["properties"]?.objectValue ?? [:]) { $1 }
        #expect(Self.rules(.object(file)) == Self.rules(["type": "object", "properties": .object(properties)]))
    }

    @Test func `the editors' schema allows no other key and describes each one`() throws {
        func verify(_ schema: JSONValue, _ place: String) {
            if let properties = schema["properties"]?.objectValue {
                #expect(schema["additionalProperties"] == false, "\(place)")
                for (key, property) in properties {
                    #expect(property["description"]?.stringValue?.isEmpty == false, "\(place).\(key)")
                    verify(property, "\(place).\(key)")
                }
            }
            if let items = schema["items"] { verify(items, "\(place)[]") }
        }
        verify(.object(file), "")
        #expect(file["$schema"] == "https://json-schema.org/draft/2020-12/schema")
    }

    /// The schema reduced to what decides whether a value is valid. That a picture is a URL is not among it: a sidecar
    /// may name a file.
    private static func rules(_ schema: JSONValue) -> JSONValue {
        var rules: [String: JSONValue] = [:]
        for keyword in [
            "type", "enum", "minimum", "maximum", "minItems", "maxItems", "minLength", "maxLength", "required",
        ] {
            rules[keyword] = schema[keyword]
        }
        rules["properties"] = schema["properties"]?.objectValue.map { .object($0.mapValues(Self.rules)) }
        rules["items"] = schema["items"].map(Self.rules)
        return .object(rules)
    }
}
