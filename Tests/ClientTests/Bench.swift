import Foundation
import Jobs
import Synchronization
import SystemPackage
import TestKit
import Testing

/// One running Hotreel with the settings that people get, all servers in front of its inbox, and the account of what was dropped.
final class Bench: Sendable {
    @TaskLocal private static var running: Bench?

    /// The one these tests run on.
    static var current: Bench {
        get throws { try #require(running, "the suite has no trait that starts Hotreel and the servers") }
    }

    /// The folder of pairs that are sent twice.
    static let sentAgain = "sentAgain"

    let folder: HotreelFolder
    let service: HotreelProcess
    let servers: Servers
    /// The client's own disk.
    let desk: TemporaryFolder

    private struct Account {
        /// What is to be paid for, once each: SHA-256 of the picture by the prompt.
        var pictures: [String: String] = [:]
        var refusals = 0
        /// What stays in the inbox.
        var litter: Set<String> = []
    }
    private let account = Mutex(Account())

    private init(folder: HotreelFolder, service: HotreelProcess, servers: Servers, desk: TemporaryFolder) {
        (self.folder, self.service, self.servers, self.desk) = (folder, service, servers, desk)
    }

    /// Runs `body` on a new one, and closes the accounts at the end.
    static func running(_ body: () async throws -> Void) async throws {
        let folder = try HotreelFolder()
        let desk = try TemporaryFolder()
        try await HotreelStandIn.running("--instant") { standIn in
            // Settling, pairing and reuse as they are without a configuration; what is quick is only the API's part.
            let settings = [
                "INTAKE_SETTLE": "1s", "INTAKE_GRACE": "5s", "INTAKE_DUPLICATES": "reuse",
            ]
            let ending = try await folder.running(api: standIn.url, settings: settings, key: "any") { service in
                try await Servers.running(serving: folder.root.path, to: desk.path) { servers in
                    let bench = Bench(folder: folder, service: service, servers: servers, desk: desk)
                    try await $running.withValue(bench, operation: body)
                    try await bench.expectAccountsInOrder(standIn)
                }
            }
            #expect(ending.status == 0, "\(ending.log)")
            let audit = try await HotreelBinary.call(
                ["audit", "--api-url", standIn.url] + folder.options, environment: HotreelFolder.environment(key: "any")
            )
            #expect(audit.status == 0, "\(audit.output)\(audit.errors)")
        }
    }

    func expect(payment prompt: String, picture sha256: String) { account.withLock { $0.pictures[prompt] = sha256 } }
    func expectRefusal() { account.withLock { $0.refusals += 1 } }
    func leave(_ litter: some Sequence<String>) { account.withLock { $0.litter.formUnion(litter) } }

    /// Each pair paid once, with the picture that was sent; nothing else taken; nothing else left.
    private func expectAccountsInOrder(_ standIn: HotreelStandIn) async throws {
        let account = account.withLock(\.self)
        let requests = try await payments(standIn)
        #expect(try await standIn.stats()["accepted"] == .integer(requests.count))
        let expected = account.pictures.map { Payment(prompt: $0.key, picture: $0.value) }
        #expect(requests.sorted().difference(from: expected.sorted()).isEmpty)
        // What was sent twice may be delivered twice, but not paid for.
        let states = try await folder.jobs().filter {
            $0["folder"]?.stringValue?.hasSuffix("/\(Self.sentAgain)") != true
        }
        .map { $0["state"]?.stringValue ?? "" }
        let sentAgain = account.pictures.keys.count { $0.contains("/\(Self.sentAgain)/") }
        let paid = account.pictures.count - sentAgain
        #expect(states.count { $0 == "delivered" } == paid)
        #expect(states.count { $0 == "failed" } == account.refusals)
        #expect(states.count == paid + account.refusals)
        #expect(account.litter.symmetricDifference(folder.root.files(in: "inbox")) == [])
        // Of what was given back all has been dragged away again; reports may stay.
        #expect(folder.root.files(in: "outbox/errors").filter { !$0.contains(".error.") } == [])
        for place in ["videos", "originals"] {
            let files = folder.root.files(in: "outbox/\(place)").filter { !$0.contains("/\(Self.sentAgain)/") }
            #expect(files.count == paid * 2, "\(place)")
        }
    }

    /// What went over the wire.
    private func payments(_ standIn: HotreelStandIn) async throws -> [Payment] {
        let pictures = try TemporaryFolder()
        let prompts = try standIn.bodies().enumerated().map { number, body in
            let request = try JSONDecoder().decode(JSONValue.self, from: Data(body.utf8))
            let address = try #require(request["image_url"]?.stringValue)
            let picture = try #require(Data(base64Encoded: String(address.split(separator: ",")[1])))
            try pictures.write(picture, to: "\(number)")
            return try #require(request["prompt"]?.stringValue)
        }
        let hashes = try await sha256(of: prompts.indices.map { pictures["\($0)"] })
        return zip(prompts, hashes).map { Payment(prompt: $0, picture: $1) }
    }

    private struct Payment: Comparable, CustomStringConvertible {
        let prompt: String
        let picture: String

        static func < (one: Payment, other: Payment) -> Bool {
            (one.prompt, one.picture) < (other.prompt, other.picture)
        }
        var description: String { "\(prompt) (\(picture.prefix(8)))" }
    }
}

/// Runs a suite's tests on one ``Bench``.
struct RunningBench: SuiteTrait, TestScoping {
    func provideScope(
        for test: Test, testCase: Test.Case?, performing tests: @Sendable () async throws -> Void
    ) async throws {
        try await Bench.running(tests)
    }
}

extension Trait where Self == RunningBench {
    /// One Hotreel and one of each server for all tests of the suite, which run beside each other as clients do.
    static var bench: RunningBench { RunningBench() }
}
