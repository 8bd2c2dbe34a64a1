/// What is asked of the API, frozen when the drop is claimed: nothing that happens to a file later changes it.
package struct GenerationRequest: Hashable, Sendable, Codable {
    /// The create body's keys, `model` included; pictures sent as data URIs are not in it but in `attachments`.
    package let body: [String: JSONValue]
    package let attachments: [Attachment]
    /// Things the person should know that stop nothing; they stand in the receipt.
    package let warnings: [String]

    package init(body: [String: JSONValue], attachments: [Attachment], warnings: [String] = []) {
        self.body = body
        self.attachments = attachments
        self.warnings = warnings
    }

    /// The whole body, each attachment put where it belongs by `insert`: a data URI on the wire, name and hash in a receipt.
    package func completeBody(_ insert: (Attachment) -> JSONValue) -> JSONValue {
        attachments.reduce(.object(body)) { body, attachment in
            body.setting(insert(attachment), at: attachment.place[...])
        }
    }

    /// Whether the API is to fetch a picture by itself.
    package var namesRemotePictures: Bool {
        body.contains { key, value in key != "prompt" && key != "negative_prompt" && value.holdsWebAddress }
    }

    /// The body as a receipt shows it: each inlined picture as its file name and hash.
    package var shown: JSONValue {
        completeBody { ["file": .string($0.name.shown), "sha256": .string($0.sha256)] }
    }
}

/// A picture that is sent inside the body, streamed from disk.
package struct Attachment: Hashable, Sendable, Codable {
    /// Where in the body: `["image_url"]`, `["dynamic_masks", 1, "mask"]`.
    package let place: [PlaceStep]
    /// The file in the claim folder: the source itself, or what it was fitted into.
    package let file: FileName
    /// What people call the picture: its path as it was dropped.
    package let name: FileName
    package let mimeType: String
    package let bytes: Int
    package let sha256: String

    package init(
        place: [PlaceStep], file: FileName, name: FileName, mimeType: String, bytes: Int, sha256: String
    ) {
        self.place = place
        self.file = file
        self.name = name
        self.mimeType = mimeType
        self.bytes = bytes
        self.sha256 = sha256
    }
}

/// One step of the way to a value inside a JSON document.
package enum PlaceStep: Hashable, Sendable, Codable {
    case key(String)
    case index(Int)
}

extension JSONValue {
    fileprivate var holdsWebAddress: Bool {
        switch self {
        case .string(let text): ["http://", "https://"].contains { text.lowercased().hasPrefix($0) }
        case .array(let values): values.contains(where: \.holdsWebAddress)
        case .object(let object): object.values.contains(where: \.holdsWebAddress)
        default: false
        }
    }

    /// A copy with `value` at `place`; steps that do not exist are made for keys, and pass unheeded for indices.
    package func setting(_ value: JSONValue, at place: ArraySlice<PlaceStep>) -> JSONValue {
        guard let step = place.first else { return value }
        let rest = place.dropFirst()
        switch (step, self) {
        case (.key(let key), .object(var object)):
            object[key] = (object[key] ?? .object([:])).setting(value, at: rest)
            return .object(object)
        case (.index(let index), .array(var array)) where array.indices.contains(index):
            array[index] = array[index].setting(value, at: rest)
            return .array(array)
        default:
            return self
        }
    }
}
