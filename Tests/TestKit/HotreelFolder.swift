import Foundation
import Jobs
import Subprocess
import SystemPackage

/// A hot folder of a test's own, seen as its users see it: files go in, files come out.
package struct HotreelFolder: Sendable {
    package let root: TemporaryFolder

    package init() throws {
        root = try TemporaryFolder()
        for name in ["inbox", "outbox", "state"] { try root.folder(name) }
    }

    /// The three folders as every command takes them.
    package var options: [String] {
        ["inbox", "outbox", "state"].flatMap { ["--\($0)", root[$0].string] }
    }

    /// The files of drops that are being worked on, below `inbox/.hotreel`.
    package var claimedSources: [String] {
        root.files(in: "inbox/.hotreel").filter { $0.contains("/sources/") }
    }

    // MARK: The program

    /// Settings that let a test go on without waiting; the rules stay as they are.
    package static let quick = [
        "INTAKE_SETTLE": "200ms", "INTAKE_GRACE": "1s", "API_POLL_INTERVAL": "100ms", "API_SUBMITS_PER_SECOND": "1000",
        "API_RETRY_INTERVAL": "200ms", "SIMULATOR_QUEUE_TIME": "0", "SIMULATOR_RENDER_TIME": "0", "LOG_LEVEL": "debug",
        // Most tests drop the same picture again and again, and mean another video each time.
        "INTAKE_DUPLICATES": "generate",
    ]

    /// Runs the service.
    ///
    /// - Parameters:
    ///   - settings: by the end of their environment name, over `quick`: `["INTAKE_ORPHAN_AFTER": "1s"]`.
    ///   - key: the API key; none by default.
    ///   - user: the system's number of the user to run as; whoever runs the tests by default.
    ///   - launcher: a program and its first arguments that runs it in its own place.
    ///   - moment: what it must have said before `body` begins; nil where it may never come so far.
    package func running<Value: Sendable>(
        api: String = "local", settings: [String: String] = [:], key: String? = nil, user: UInt32? = nil,
        launcher: [String] = [], after moment: String? = "ready", _ body: (HotreelProcess) async throws -> Value
    ) async throws -> HotreelProcess.Ending<Value> {
        try await HotreelProcess.running(
            ["run", "--api-url", api] + options, environment: Self.environment(settings, key: key), user: user,
            launcher: launcher, after: moment, body)
    }

    /// Runs a command on this folder: `call("jobs", "--json")`.
    package func call(_ arguments: String...) async throws -> HotreelBinary.Answer {
        try await HotreelBinary.call(arguments + options)
    }

    package static func environment(_ settings: [String: String] = [:], key: String? = nil) -> [String: String] {
        var environment = Dictionary(
            uniqueKeysWithValues: quick.merging(settings) { $1 }.map { ("HOTREEL_\($0.key)", $0.value) })
        environment["AIML_API_KEY"] = key
        return environment
    }

    /// The jobs as scripts see them, oldest first.
    package func jobs() async throws -> [JSONValue] {
        try await call("jobs", "--json").json().arrayValue?.reversed() ?? []
    }

    // MARK: Dropping

    package func drop(_ bytes: some Sequence<UInt8>, _ name: String) throws {
        try root.write(bytes, to: "inbox/\(name)")
    }

    package func drop(_ sidecar: JSONValue, _ name: String) throws { try drop(sidecar.text.utf8, name) }

    // MARK: Looking

    /// Every file of the outbox, as paths below it; `status.json` and `status.html` are left out.
    package var outbox: [String] { root.files(in: "outbox").filter { !$0.hasPrefix("status.") } }

    package func bytes(_ name: String) throws -> [UInt8] { try Self.bytes(of: root[name]) }

    /// A file's content, whatever bytes its name has.
    package static func bytes(of file: FilePath) throws -> [UInt8] {
        let descriptor = try FileDescriptor.open(file, .readOnly)
        return try descriptor.closeAfter {
            let size = Int(try descriptor.seek(offset: 0, from: .end))
            return try [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
                while count < size {
                    let rest = UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[count...])
                    let read = try descriptor.read(fromAbsoluteOffset: Int64(count), into: rest)
                    if read == 0 { break }
                    count += read
                }
            }
        }
    }

    /// A file of the kernel's, which has no size before it is read.
    static func bytes(ofKernelFile file: FilePath) throws -> [UInt8] {
        let descriptor = try FileDescriptor.open(file, .readOnly)
        return try descriptor.closeAfter {
            var bytes: [UInt8] = []
            var piece = [UInt8](repeating: 0, count: 1 << 16)
            while case let count = try piece.withUnsafeMutableBytes({ try descriptor.read(into: $0) }), count > 0 {
                bytes += piece[..<count]
            }
            return bytes
        }
    }

    /// A JSON file below the root.
    package func json(_ name: String) throws -> JSONValue {
        try JSONDecoder().decode(JSONValue.self, from: Data(bytes(name)))
    }

    /// The receipt of a delivered video, by the video's name without suffix.
    package func receipt(_ name: String) throws -> JSONValue { try json("outbox/videos/\(name).receipt.json") }

    /// Waits until these exist in the outbox. A file of the outbox is whole once it has its name.
    package func wait(for names: String..., within limit: Duration = .seconds(40)) async throws {
        try await wait(within: limit, "\(names)") { names.allSatisfy { root.exists("outbox/\($0)") } }
    }

    /// Waits until a job's video, receipt and originals are all in place.
    package func waitUntilEnded(_ count: Int, within limit: Duration = .seconds(40)) async throws -> [JSONValue] {
        let deadline = ContinuousClock.now + limit
        while true {
            let jobs = try await jobs()
            let ended = jobs.filter { ["delivered", "failed", "cancelled"].contains($0["state"]?.stringValue) }
            if ended.count >= count { return jobs }
            guard .now < deadline else { throw timeOut("\(count) ended jobs; there are \(jobs)") }
            try await Self.pause()
        }
    }

    /// Waits until something is so.
    package func wait(
        within limit: Duration = .seconds(40), _ what: String, until isSo: () async throws -> Bool
    ) async throws {
        let deadline = ContinuousClock.now + limit
        while try await !isSo() {
            guard .now < deadline else { throw timeOut(what) }
            try await Self.pause()
        }
    }

    /// Between two looks at the outside of another process, which tells nobody of its steps.
    private static func pause() async throws { try await Task.sleep(for: .milliseconds(50)) }

    private func timeOut(_ what: String) -> HotreelProcess.Failure {
        let files = root.files().filter { !$0.hasPrefix("state/") }
        return HotreelProcess.Failure(description: "Waited in vain for \(what).\nFiles: \(files)")
    }
}

/// The content's SHA-256 as another program computes it.
package func sha256(of bytes: some Sequence<UInt8>) async throws -> String {
    let result = try await Subprocess.run(
        .name("sha256sum"), input: .array(Array(bytes)), output: .string(limit: 200), error: .discarded)
    return String(result.standardOutput.prefix(64))
}

/// The same of files, in their order.
package func sha256(of files: [FilePath]) async throws -> [String] {
    if files.isEmpty { return [] }
    // Ended by zeros, lines are not escaped whatever is in a name.
    let result = try await Subprocess.run(
        .name("sha256sum"), arguments: Arguments(["--zero", "--"] + files.map(\.string)),
        output: .string(limit: 1 << 22),
        error: .discarded)
    return result.standardOutput.split(separator: "\0").map { String($0.prefix(64)) }
}
