import Foundation
import Jobs

/// The models that can be asked for a video, and the keys a sidecar may hold.
package struct Catalog: Sendable {
    /// By name.
    package let models: [ModelCard]
    /// The model of a sidecar that names none.
    package let defaultModel: ModelCard
    private let ownKeys: Schema

    package init(_ cards: [ModelCard]) throws(CatalogError) {
        models = cards.sorted { $0.id < $1.id }
        for (card, next) in zip(models, models.dropFirst()) where card.id == next.id {
            throw CatalogError(file: card.id, reason: "two cards describe this model")
        }
        let defaults = models.filter { $0.contents.isDefault == true }
        guard defaults.count == 1 else {
            throw CatalogError(file: "Models", reason: "exactly one card must say isDefault; \(defaults.count) do")
        }
        defaultModel = defaults[0]
        do { ownKeys = try Schema(HotreelOptions.sidecarKeys) } catch {
            throw CatalogError(file: "hotreel", reason: "the schema keyword \(error.keyword) is not understood")
        }
    }

    /// The catalogue that comes with the program.
    package static func bundled() throws(CatalogError) -> Catalog {
        var cards: [ModelCard] = []
        for (name, bytes) in try bundledFiles() { cards.append(try ModelCard(bytes, file: name)) }
        return try Catalog(cards)
    }

    private static func bundledFiles() throws(CatalogError) -> [(name: String, bytes: [UInt8])] {
        do {
            let folder = Bundle.module.bundleURL.appending(component: "Models", directoryHint: .isDirectory)
            return try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
                .filter { $0.pathExtension == "json" }
                .map { ($0.lastPathComponent, [UInt8](try Data(contentsOf: $0))) }
        } catch {
            throw CatalogError(file: "Models", reason: "the program's own data files cannot be read: \(error)")
        }
    }

    package subscript(id: String) -> ModelCard? { models.first { $0.id == id } }

    /// What a sidecar for this model may hold: the request's keys, of which the drop itself supplies two, and our own.
    func sidecarSchema(for card: ModelCard) -> Schema {
        var schema = card.requestSchema
        schema.required.subtract(["model", card.pictureKey])
        schema.properties["model"]?.allowedValues = models.map { .string($0.id) }
        schema.properties.merge(ownKeys.properties) { _, own in own }
        return schema
    }
}

/// A model card that cannot be used: a mistake in the program's data, never a person's.
package struct CatalogError: Error, Hashable, CustomStringConvertible {
    package let file: String
    package let reason: String
    package var description: String { "model card \(file): \(reason)" }
}
