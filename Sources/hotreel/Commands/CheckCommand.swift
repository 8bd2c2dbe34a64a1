import ArgumentParser
import Catalog
import Folders
import Foundation
import Jobs
import Pipeline
import SystemPackage

struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Say what would become of drops, without moving or spending anything.",
        discussion: "Ends with 65 when something is wrong.")

    @OptionGroup var common: CommonOptions

    @Argument(help: "Pictures, sidecars or folders.")
    var files: [String]

    @Flag(help: "For scripts: an array of objects.")
    var json = false

    func run() async throws {
        try await explainingErrors {
            let working = FilePath(FileManager.default.currentDirectoryPath)
            let folders = (try? common.settings())?.folders ?? []
            let catalog = try Catalog.bundled()
            var results: [(inbox: InboxName, check: DropCheck)] = []
            var seen: Set<String> = []
            for file in files {
                let path = working.pushing(FilePath(file)).lexicallyNormalized()
                let folder = folders.first { path.starts(with: $0.inbox) }
                let checker = DropChecker(
                    catalog: catalog, inbox: folder?.inbox, outbox: (folder?.outbox).map { Outbox(root: $0) },
                    defaults: folder?.defaults)
                let name = folder?.name ?? .unnamed
                for check in try checker.check(path)
                where seen.insert("\(name)/\(check.folder)/\(check.files)").inserted {
                    results.append((name, check))
                }
            }
            if json {
                output(.array(results.map { $0.check.json.naming($0.inbox) }))
            } else {
                results.forEach { output($0.check.text) }
            }
            if results.isEmpty {
                throw ExitStatus.noInput.because("there is nothing to check in \(files.joined(separator: ", "))")
            }
            if results.contains(where: { !$0.check.problems.isEmpty }) { throw ExitCode(ExitStatus.dataError.rawValue) }
        }
    }
}

extension DropCheck {
    /// The result for scripts.
    var json: JSONValue {
        [
            "name": .string(name), "folder": .string(folder), "ok": .bool(problems.isEmpty),
            "files": .array(files.map(JSONValue.string)), "outputs": .array(outputs.map(JSONValue.string)),
            "request": request ?? .null,
            "warnings": .array(warnings.map(JSONValue.string)),
            "problems": .array(problems.map(\.json)),
        ]
    }

    /// The result for people.
    var text: String {
        var lines = ["\(problems.isEmpty ? "✓" : "✗") \(files.joined(separator: " + "))"]
        if !outputs.isEmpty { lines[0] += " → \(outputs.joined(separator: ", "))" }
        for problem in problems { lines.append("    \(problem.sentence)") }
        for warning in warnings { lines.append("    note: \(warning)") }
        return lines.joined(separator: "\n")
    }
}
