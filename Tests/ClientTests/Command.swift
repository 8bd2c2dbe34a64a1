import Foundation
import Subprocess
import SystemPackage
import TestKit

/// A call of another program: a client's, or the start of a server.
struct Command: Sendable {
    let program: String
    let arguments: [String]
    /// Told on its standard input.
    var input = ""

    init(_ program: String, _ arguments: [String], input: String = "") {
        (self.program, self.arguments, self.input) = (program, arguments, input)
    }

    init(_ program: String, _ arguments: String..., input: String = "") {
        self.init(program, arguments, input: input)
    }

    /// A few lines of shell that end with the first error; the arguments are `$1`, `$2` …
    static func shell(_ script: String, _ arguments: String...) -> Command {
        Command("sh", ["-euc", script, "sh"] + arguments)
    }

    /// One of the programs beside these tests. The system's own Python, since it is the one that has impacket.
    static func python(_ script: String, _ arguments: [String]) -> Command {
        Command("/usr/bin/python3", [Self.programs.appending(script).string] + arguments)
    }

    private static let programs = FilePath(#filePath).removingLastComponent().appending("Programs")

    /// Runs it to its end, which must be a good one: exit code 0 and not a word on standard error.
    ///
    /// - Returns: what it said on standard output.
    @discardableResult
    func run() async throws -> String {
        let result = try await Subprocess.run(
            executable, arguments: Arguments(arguments), environment: Self.environment, platformOptions: Self.ownGroup,
            input: .string(input), output: .string(limit: 1 << 20), error: .string(limit: 1 << 20))
        guard result.terminationStatus.isSuccess, result.standardError.isEmpty else {
            throw Failure(
                "\(self) reports an error: \(result.terminationStatus), \(result.standardError)\(result.standardOutput)"
            )
        }
        return result.standardOutput
    }

    /// Runs it, with all it starts, until `moment` has come, and then kills it as a torn cable or a closed laptop would.
    func run(cutAt moment: () async throws -> Void) async throws {
        let result = try await Subprocess.run(
            executable, arguments: Arguments(arguments), environment: Self.environment, platformOptions: Self.ownGroup,
            input: .string(input), output: .string(limit: 1 << 20), error: .string(limit: 1 << 20)
        ) { execution in
            try await moment()
            try execution.send(signal: .kill, toProcessGroup: true)
        }
        guard !result.terminationStatus.isSuccess else {
            throw Failure("\(self) was too quick to be cut: \(result.standardError)")
        }
    }

    /// Runs it for as long as `body` takes, and ends it with all it started.
    ///
    /// - Parameters:
    ///   - log: gets what it says.
    ///   - isReady: whether it serves yet; asked until it does.
    func serve<Value: Sendable>(
        log: FilePath, whenReady isReady: () async throws -> Bool, _ body: () async throws -> Value
    ) async throws -> Value {
        let file = try FileDescriptor.open(
            log, .writeOnly, options: [.create, .append], permissions: [.ownerReadWrite, .groupRead, .otherRead])
        // Not a pipe that ends at once: smbd would take that for the end of whoever started it.
        return try await Subprocess.run(
            executable, arguments: Arguments(arguments), environment: Self.environment, platformOptions: Self.ownGroup,
            input: .none, output: .fileDescriptor(file, closeAfterSpawningProcess: true), error: .combinedWithOutput
        ) { execution in
            let limit = ContinuousClock.now + .seconds(20)
            while try await !isReady() {
                guard .now < limit else {
                    throw Failure("\(self) does not serve: \(try String(contentsOfFile: log.string, encoding: .utf8))")
                }
                // Between two looks at another process, which tells nobody of its steps.
                try await Task.sleep(for: .milliseconds(50))
            }
            let value = try await body()
            await execution.teardown(using: Self.ownGroup.teardownSequence)
            return value
        }.closureResult
    }

    private var executable: Executable { program.hasPrefix("/") ? .path(FilePath(program)) : .name(program) }

    /// No settings of whoever runs the tests, and messages in English.
    private static let environment = Environment.custom([
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/nonexistent",
        "LC_ALL": "C.UTF-8",
        "STNOUPGRADE": "1",
    ])

    private static let ownGroup = {
        var options = PlatformOptions()
        options.processGroupID = 0
        options.teardownSequence = [
            .gracefulShutDown(toProcessGroup: true, allowedDurationToNextStep: .seconds(5))
        ]
        return options
    }()
}

extension Command: CustomStringConvertible {
    var description: String { ([program] + arguments).joined(separator: " ") }
}

/// Something that did not go as a client or server should.
struct Failure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
