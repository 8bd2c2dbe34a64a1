import Foundation
import Jobs

/// The API's specifications as its vendor publishes them (descriptions removed): what our client and our stand-in
/// are each held against, so that neither is held against the other.
package enum Specification {
    /// A document of this folder: `create-generation.openapi`, `fetch-generation.openapi`, `request-logs.openapi`, or
    /// `other-models`, the request schemas of a few further models by name.
    package static func json(_ name: String) throws -> JSONValue {
        let folder = URL(filePath: #filePath).deletingLastPathComponent()
        let data = try Data(contentsOf: folder.appending(path: "Specifications/\(name).json"))
        return try JSONDecoder().decode(JSONValue.self, from: data)
    }

    /// The schema of a create request's body.
    package static func createRequestSchema() throws -> JSONValue? {
        try json("create-generation.openapi")["paths"]?["/v2/video/generations"]?["post"]?["requestBody"]?["content"]?[
            "application/json"]?["schema"]
    }
}
