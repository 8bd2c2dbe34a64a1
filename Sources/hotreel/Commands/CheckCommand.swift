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
            let settings = try? common.settings()
            let checker = DropChecker(
                catalog: try Catalog.bundled(), inbox: settings?.inbox,
                outbox: (settings?.outbox).map { Outbox(root: $0) })
            var results: [DropCheck] = []
            for file in files {
                results += try checker.check(working.pushing(FilePath(file)).lexicallyNormalized())
            }
            var seen: Set<String> = []
            results = results.filter { seen.insert("\($0.folder)/\($0.files)").inserted }
            json ? output(.array(results.map(\.json))) : results.forEach { output($0.text) }
            if results.isEmpty {
                throw ExitStatus.noInput.because("there is nothing to check in \(files.joined(separator: ", "))")
            }
            if results.contains(where: { !$0.problems.isEmpty }) { throw ExitCode(ExitStatus.dataError.rawValue) }
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
