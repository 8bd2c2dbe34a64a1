import Foundation
import Jobs

/// What may be asked of one model, read from a data file in `Models`: adding a model is adding a file.
package struct ModelCard: Hashable, Sendable {
    /// The model's name at the API: the only value of the schema's `model`.
    package let id: String
    /// The request body's schema, as the API's vendor publishes it.
    package let schema: JSONValue
    /// What the model takes as a picture or a tail.
    package var images: ImageLimits { contents.images }
    /// The top-level key that carries the dropped picture.
    package let pictureKey: String
    /// Where the card's facts come from.
    package var source: [String] { contents.source }

    let requestSchema: Schema
    let imageKeys: [ImageKey]
    let contents: Contents

    /// A key, or a family of keys, that takes a picture.
    struct ImageKey: Hashable {
        let pattern: PointerPattern
        let role: PictureRole
    }

    /// The data file but for its schema.
    struct Contents: Hashable, Decodable {
        /// Who made the model and its rules, for messages.
        let vendor: String
        let isDefault: Bool?
        let images: ImageLimits
        let imageKeys: [String: PictureRole]
        /// Unicode scalars, by top-level key.
        let maxCharacters: [String: Int]?
        /// Groups of keys of which only one may be used.
        let exclusive: [[String]]?
        let camera: CameraRule?
        let masks: MaskRule?
        let warnings: [Warning]?
        let source: [String]

        static let keys: Set = [
            "vendor", "isDefault", "schema", "images", "imageKeys", "maxCharacters", "exclusive", "camera", "masks",
            "warnings", "source",
        ]
    }

    struct CameraRule: Hashable, Decodable {
        let key: String
        /// The key inside that names the kind of move, and the one that holds the amounts.
        let type: String
        let moves: String
        /// The type that takes exactly one amount; all others are presets and take none.
        let freeType: String
    }

    struct MaskRule: Hashable, Decodable {
        let sameSize: Bool
        let sameAspectRatioAsPicture: Bool
    }

    /// Told, never refused, when one of the keys is used.
    struct Warning: Hashable, Decodable {
        let keys: [String]
        let text: String
    }

    /// - Parameter file: the data file's name, for errors.
    package init(_ bytes: [UInt8], file: String) throws(CatalogError) {
        func fail(_ reason: String) -> CatalogError { CatalogError(file: file, reason: reason) }
        let object: [String: JSONValue]
        do { object = try JSONText.parse(bytes, file: file) } catch { throw fail(error.problem.sentence) }
        if let unknown = object.keys.filter({ !Contents.keys.contains($0) }).min() {
            throw fail("unknown key \(unknown)")
        }
        do { contents = try JSONDecoder().decode(Contents.self, from: Data(bytes)) } catch { throw fail("\(error)") }

        schema = object["schema"] ?? .null
        var requestSchema: Schema
        do { requestSchema = try Schema(schema) } catch {
            throw fail("the schema keyword \(error.keyword) at \(error.place) is not understood")
        }
        guard let models = requestSchema.properties["model"]?.allowedValues, models.count == 1,
            let id = models[0].stringValue
        else { throw fail("the schema's model must have exactly one value") }
        for (key, limit) in contents.maxCharacters ?? [:] {
            guard let property = requestSchema.properties[key] else { throw fail("maxCharacters names no key: \(key)") }
            requestSchema.properties[key]?.maxLength = min(limit, property.maxLength ?? limit)
        }
        guard
            let pictureKey = contents.imageKeys.first(where: { $1 == .picture && requestSchema.properties[$0] != nil })
        else { throw fail("imageKeys must give one key of the schema the role picture") }
        self.id = id
        self.pictureKey = pictureKey.key
        self.requestSchema = requestSchema
        imageKeys = contents.imageKeys.sorted { $0.key < $1.key }
            .map { ImageKey(pattern: PointerPattern($0.key), role: $0.value) }
    }
}

/// What a picture is for.
package enum PictureRole: String, Hashable, Sendable, Codable {
    /// The first frame: usually the dropped picture itself.
    case picture
    /// The last frame.
    case tail
    /// Where something moves, or must not.
    case mask
}
