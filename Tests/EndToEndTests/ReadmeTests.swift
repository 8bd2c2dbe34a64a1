import Foundation
import Jobs
import SystemPackage
import TestKit
import Testing

/// The README and the files in `etc` are what people go by; they must say what the program does.
@Suite struct ReadmeTests {
    private static let root = FilePath(#filePath).removingLastComponent().removingLastComponent()
        .removingLastComponent()
    private let readme: String

    init() throws { readme = try Self.text("README.md") }

    private static func text(_ file: String) throws -> String {
        try String(contentsOfFile: root.appending(file).string, encoding: .utf8)
    }

    // MARK: Configuration

    @Test(.timeLimit(.minutes(1)))
    func `the configuration reference has the keys, defaults and meanings of the file that init writes`() async throws {
        let written = try Self.settings(in: try await Self.initFile())
        let told = try table("### Configuration").map { row in
            Setting(key: row[0].code, fallback: row[1] == "–" ? nil : row[1].code, help: row[3])
        }
        #expect(written.count > 20)
        #expect(told == written)
    }

    @Test func `the configuration reference names each key's environment variable`() throws {
        for row in try table("### Configuration") {
            // Dots and camel case become underscores; a run of capitals is one word.
            let words = row[0].code.replacing(".", with: "_").replacing(/([a-z])([A-Z])/) { "\($0.1)_\($0.2)" }
            #expect(row[2].code == "HOTREEL_" + words.uppercased())
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `the example configuration is the file that init writes`() async throws {
        #expect(try Self.text("etc/hotreel.example.yaml") == (try await Self.initFile()))
    }

    private struct Setting: Hashable {
        let key: String
        let fallback: String?
        let help: String
    }

    private static func initFile() async throws -> String {
        let folder = try TemporaryFolder()
        let answer = try await HotreelBinary.call(["init", folder["hot"].string])
        try #require(answer.status == 0, "\(answer.errors)")
        return try folder.text(of: "hot/hotreel.yaml")
    }

    /// Each `key: value` with the comment above it. What is not commented out has no default.
    private static func settings(in yaml: String) throws -> [Setting] {
        var settings: [Setting] = []
        var group = ""
        var help = ""
        for line in yaml.split(separator: "\n") {
            if let match = line.wholeMatch(of: /(\w+):/) {
                group = match.1 + "."
            } else if let match = line.wholeMatch(of: /( *)(# )?(\w+): (\S+)/) {
                let isDefault = match.2 != nil && match.4 != "…"
                settings.append(
                    Setting(
                        key: (match.1.isEmpty ? "" : group) + match.3, fallback: isDefault ? String(match.4) : nil,
                        help: help))
            } else if let match = line.wholeMatch(of: /\ *# (.*)/) {
                help = String(match.1)
            }
        }
        return settings
    }

    // MARK: Sidecars

    @Test func `the sidecar reference has the keys of the schema, with their ranges and choices`() throws {
        let schema = try JSONDecoder().decode(JSONValue.self, from: Data(Self.text("etc/sidecar.schema.json").utf8))
        let keys = Self.keys(of: schema)
        let rows = try table("### Sidecar")
        #expect(Set(rows.map { $0[0].code }) == Set(keys.keys))
        for row in rows {
            let rules = keys[row[0].code]
            for keyword in ["minimum", "maximum", "maxLength", "minItems", "maxItems"] {
                guard let limit = rules?[keyword]?.integerValue else { continue }
                let words = limit.formatted(.number.locale(Locale(identifier: "en_US")))
                #expect(row[2].contains(words), "\(row[0]) \(keyword)")
            }
            for choice in rules?["enum"]?.arrayValue ?? [] {
                #expect(row[2].contains("`\(choice.stringValue ?? choice.text)`"), "\(row[0])")
            }
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `every example of a sidecar passes check, and every value in its table`() async throws {
        var examples = readme.matches(of: /```json\n(.*?)```/.dotMatchesNewlines()).map { String($0.1) }
        #expect(examples.count == 3)
        for row in try table("### Sidecar") where !row[0].contains(".") && row[4].hasPrefix("`") {
            examples.append("{\(JSONValue.string(row[0].code).text): \(row[4].code)}")
        }
        let folder = try TemporaryFolder()
        let picture = try await TestPictures.make(.png)
        for (number, example) in examples.enumerated() {
            // A sidecar that names its picture has none beside it.
            if !example.contains("\"image_url\"") { try folder.write(picture, to: "inbox/\(number)/shot.png") }
            try folder.write(example, to: "inbox/\(number)/shot.json")
            for match in example.matches(of: /"([\w\/]+\.png)"/) {
                try folder.write(picture, to: "inbox/\(number)/\(match.1)")
            }
            let answer = try await HotreelBinary.call(["check", folder["inbox/\(number)/shot.json"].string])
            #expect(answer.status == 0, "\(example)\(answer.output)\(answer.errors)")
        }
    }

    /// The schema's keys as the README writes them: `dynamic_masks[].mask`.
    private static func keys(of schema: JSONValue, below place: String = "") -> [String: JSONValue] {
        var keys: [String: JSONValue] = [:]
        for (name, property) in schema["properties"]?.objectValue ?? [:] {
            let key = place.isEmpty ? name : "\(place).\(name)"
            keys[key] = property
            keys.merge(Self.keys(of: property, below: key)) { $1 }
            if let items = property["items"] { keys.merge(Self.keys(of: items, below: key + "[]")) { $1 } }
        }
        return keys
    }

    // MARK: Files

    @Test func `every file the README points to is there`() throws {
        let links = readme.matches(of: /\]\(([^)#:]+)\)/).map { String($0.1) }
        #expect(links.count > 5)
        for link in links {
            #expect(FileManager.default.fileExists(atPath: Self.root.appending(link).string), "\(link)")
        }
    }

    /// The rows of the first table after a heading, cell by cell.
    private func table(_ heading: String) throws -> [[String]] {
        let start = try #require(readme.range(of: "\n\(heading)\n"))
        let rows = readme[start.upperBound...].split(separator: "\n", omittingEmptySubsequences: false)
            .drop { !$0.hasPrefix("|") }.prefix { $0.hasPrefix("|") }
        let width = try #require(rows.first).split(separator: "|").count
        return try rows.dropFirst(2).map { row in
            let cells = row.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            try #require(cells.count == width, "\(row)")
            return cells
        }
    }
}

extension String {
    /// What stands between backticks.
    fileprivate var code: String { trimmingCharacters(in: ["`"]) }
}
