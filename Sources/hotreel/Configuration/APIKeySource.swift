import Foundation
import SystemPackage
import VideoAPI

/// Where the API key comes from: two environment variables, a systemd credential, a file; never an option.
enum APIKeySource {
    static func key(environment: [String: String], file: FilePath?) throws -> APIKey {
        for name in ["AIML_API_KEY", "AIMLAPI_API_KEY"] {
            guard let text = environment[name], !text.isEmpty else { continue }
            return try key(text, place: name)
        }
        if let folder = environment["CREDENTIALS_DIRECTORY"] {
            let path = FilePath(folder).appending("aiml-api-key")
            if let text = try? String(contentsOfFile: path.string, encoding: .utf8) {
                return try key(text, place: "systemd credential aiml-api-key")
            }
        }
        if let file {
            guard let text = try? String(contentsOfFile: file.string, encoding: .utf8) else {
                throw ConfigurationError(
                    place: file.string, key: "api.keyFile", value: nil, rule: "this file cannot be read",
                    remedy: "Check its name, and that Hotreel's user may read it.")
            }
            return try key(text, place: file.string)
        }
        throw ConfigurationError(
            place: "nowhere set", key: "API key", value: nil, rule: "the paid API needs one",
            remedy: "Set AIML_API_KEY or api.keyFile; or try everything for nothing with --api-url local.")
    }

    private static func key(_ text: String, place: String) throws -> APIKey {
        guard let key = APIKey(text) else {
            throw ConfigurationError(
                place: place, key: "API key", value: nil, rule: "this is empty or holds characters no key has",
                remedy: "Copy the key again, alone on one line.")
        }
        return key
    }
}
