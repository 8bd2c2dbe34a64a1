import Jobs

extension Catalog {
    /// What a drop asks for, and everything wrong with it that needs no picture to be seen.
    ///
    /// Keys merge at the top level, the later layer winning; `hotreel` merges key by key as well.
    ///
    /// - Parameter layers: folder defaults, the outermost first, then the sidecar if there is one.
    /// - Returns: settings that may be sent only if there are no problems; each problem names the file its key came from.
    package func settings(from layers: [SettingsLayer]) -> (settings: DropSettings, problems: [Problem]) {
        let merged = MergedLayers(layers)
        let card = model(named: merged.values["model"]?.stringValue)
        var check = SchemaCheck(
            file: merged.file(of:),
            takesPicture: { pointer in card.imageKeys.contains { $0.pattern.matches(pointer) } })

        let value = check.checked(.object(merged.values), sidecarSchema(for: card), at: [])
        var parameters = value.objectValue ?? [:]
        let options = HotreelOptions(parameters["hotreel"], &check)
        for key in ["model", "hotreel", "$schema"] { parameters[key] = nil }

        var references: [FileReference] = []
        for key in card.imageKeys {
            for place in key.pattern.places(in: .object(parameters)) {
                guard let text = place.value.stringValue else { continue }
                do throws(PictureAddress.Refusal) {
                    guard case .file(let path) = try PictureAddress(text) else { continue }
                    references.append(
                        FileReference(
                            pointer: place.pointer, path: path, role: key.role, layer: merged.layer(of: place.pointer),
                            file: merged.file(of: place.pointer)))
                } catch {
                    check.report(place.pointer, place.value.excerpt, error.rule, error.remedy)
                }
            }
        }
        card.checkRules(on: parameters, &check)
        let settings = DropSettings(
            model: card, parameters: parameters, options: options, references: references,
            origins: merged.layerOfKey.mapValues { layers[$0].file })
        return (settings, check.problems)
    }

    /// The model to check against; a mistyped one is told as a problem and the nearest stands in, so that the rest of
    /// the drop is checked all the same.
    private func model(named name: String?) -> ModelCard {
        guard let name else { return defaultModel }
        return self[name] ?? nearestName(to: name, among: models.map(\.id)).flatMap { self[$0] } ?? defaultModel
    }
}

/// Layers laid over one another, remembering which layer each key came from.
private struct MergedLayers {
    private(set) var values: [String: JSONValue] = [:]
    private(set) var layerOfKey: [String: Int] = [:]
    private var layerOfOption: [String: Int] = [:]
    private let layers: [SettingsLayer]

    init(_ layers: [SettingsLayer]) {
        self.layers = layers
        for (index, layer) in layers.enumerated() {
            for (key, value) in layer.values {
                if key == "hotreel", let options = value.objectValue {
                    values[key] = .object((values[key]?.objectValue ?? [:]).merging(options) { _, later in later })
                    for option in options.keys { layerOfOption[option] = index }
                } else {
                    values[key] = value
                }
                layerOfKey[key] = index
            }
        }
    }

    func layer(of pointer: JSONPointer) -> Int {
        if pointer.root == "hotreel", pointer.steps.count > 1, case .key(let option) = pointer.steps[1],
            let layer = layerOfOption[option]
        {
            return layer
        }
        return pointer.root.flatMap { layerOfKey[$0] } ?? layers.count - 1
    }

    func file(of pointer: JSONPointer) -> String {
        let layer = layer(of: pointer)
        return layers.indices.contains(layer) ? layers[layer].file : ""
    }
}
