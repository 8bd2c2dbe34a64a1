import Jobs

/// One file's settings: folder defaults, or the sidecar.
package struct SettingsLayer: Hashable, Sendable {
    /// The file as the person names it, for problems.
    package let file: String
    package let values: [String: JSONValue]

    package init(file: String, values: [String: JSONValue]) {
        self.file = file
        self.values = values
    }
}

/// What a drop asks for: folder defaults and sidecar merged and checked.
package struct DropSettings: Hashable, Sendable {
    package let model: ModelCard
    /// The API's own keys, without `model`; whole numbers are integers. References are still file names.
    package let parameters: [String: JSONValue]
    package let options: HotreelOptions
    /// The files named where the API takes a URL.
    package let references: [FileReference]
    let origins: [String: String]

    /// The file a top-level key came from.
    package func origin(of key: String) -> String? { origins[key] }

    /// Whether the picture is given as a URL, so that none need be dropped.
    package var remoteImage: Bool {
        guard let text = parameters[model.pictureKey]?.stringValue else { return false }
        return (try? PictureAddress(text)) == .remote
    }

    /// The create request: the model and the parameters, nothing else.
    package func body() -> [String: JSONValue] {
        var body = parameters
        body["model"] = .string(model.id)
        return body
    }
}

/// A file that settings name where the API takes a URL.
package struct FileReference: Hashable, Sendable {
    /// Where it stands in the parameters, and where its content goes in the request.
    package let pointer: JSONPointer
    /// Relative to the folder of the file that names it; `/` between folders, no `.` or `..`, no hidden part.
    package let path: String
    package let role: PictureRole
    /// The layer that names it, as an index into those the settings were made from.
    package let layer: Int
    /// That layer's file.
    package let file: String
}
