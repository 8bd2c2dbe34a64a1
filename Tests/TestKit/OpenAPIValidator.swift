import Subprocess
import SystemPackage

/// Holds JSON against the vendor's own OpenAPI files with python3-jsonschema, which shares no code with ours.
package enum OpenAPIValidator {
    /// An operation of the vendor's and the file that specifies it.
    package enum Operation: Sendable {
        case createGeneration, fetchGeneration, requestLogs

        var file: String {
            switch self {
            case .createGeneration: "create-generation.openapi.json"
            case .fetchGeneration: "fetch-generation.openapi.json"
            case .requestLogs: "request-logs.openapi.json"
            }
        }

        var name: String {
            switch self {
            case .createGeneration: "POST /v2/video/generations"
            case .fetchGeneration: "GET /v2/video/generations"
            case .requestLogs: "GET /v2/logs"
            }
        }
    }

    package enum Part: Sendable {
        case request
        case response(status: Int)

        var argument: String {
            switch self {
            case .request: "request"
            case .response(let status): String(status)
            }
        }
    }

    /// The check itself could not be made.
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    /// Every way in which `json` breaks the specification; none when it holds.
    package static func violations(in json: String, as part: Part, of operation: Operation) async throws -> [String] {
        let folder = FilePath(#filePath).removingLastComponent().appending("Specifications")
        // Debian's own interpreter, because it is the one that Debian's python3-jsonschema belongs to.
        let result = try await run(
            .path("/usr/bin/python3"),
            arguments: [
                folder.appending("validate.py").string, folder.appending(operation.file).string, operation.name,
                part.argument,
            ],
            input: .string(json), output: .string(limit: 1 << 20), error: .string(limit: 1 << 20))
        let lines = result.standardOutput.split(separator: "\n").map(String.init)
        switch result.terminationStatus {
        case .exited(0) where lines.isEmpty: return []
        case .exited(1) where !lines.isEmpty: return lines
        default: throw Failure(description: "The specification could not be applied: \(result.standardError)")
        }
    }
}
