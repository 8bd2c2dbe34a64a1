import Foundation
import Jobs
import Subprocess
import SystemPackage

/// The program itself, as the package builds it beside its tests.
package enum HotreelBinary {
    /// Found from the running test executable, which lies in the same folder.
    package static let path: FilePath = {
        let here = FilePath(FileManager.default.currentDirectoryPath)
        let tests = here.pushing(FilePath(ProcessInfo.processInfo.arguments[0]))
        return tests.removingLastComponent().appending("hotreel").lexicallyNormalized()
    }()

    /// What a finished call said.
    package struct Answer: Sendable {
        /// The exit code; nil when a signal ended it.
        package let status: Int32?
        package let output: String
        package let errors: String

        /// Its standard output as JSON.
        package func json() throws -> JSONValue {
            try JSONDecoder().decode(JSONValue.self, from: Data(output.utf8))
        }
    }

    /// Runs a command that ends by itself.
    package static func call(
        _ arguments: [String], environment: [String: String] = [:], in folder: FilePath? = nil
    ) async throws -> Answer {
        let result = try await Subprocess.run(
            .path(path), arguments: Arguments(arguments), environment: self.environment(environment),
            workingDirectory: folder, output: .string(limit: 1 << 24), error: .string(limit: 1 << 24))
        return Answer(
            status: result.terminationStatus.exitCode, output: result.standardOutput, errors: result.standardError)
    }

    /// Only what a service gets from its system; no key and no setting of whoever runs the tests.
    static func environment(_ more: [String: String]) -> Environment {
        let usual = ProcessInfo.processInfo.environment.filter { ["PATH", "HOME", "TMPDIR", "LANG"].contains($0.key) }
        let all = usual.merging(more) { $1 }.map { (Environment.Key(stringLiteral: $0.key), $0.value) }
        return .custom(Dictionary(uniqueKeysWithValues: all))
    }
}

extension TerminationStatus {
    /// The exit code; nil when a signal ended the program.
    var exitCode: Int32? { if case .exited(let code) = self { code } else { nil } }
}
