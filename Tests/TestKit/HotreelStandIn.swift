import Foundation
import Jobs
import SystemPackage

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// A `hotreel simulate` of a test's own, and what it says it was asked.
package struct HotreelStandIn: Sendable {
    package let process: HotreelProcess
    package let url: String
    private let records: TemporaryFolder

    /// Runs `body` against a fresh stand-in that answers without delay.
    ///
    /// - Parameter scenario: what goes wrong there; its form stands at the stand-in's `Scenario`.
    package static func running<Value: Sendable>(
        _ options: String..., scenario: JSONValue? = nil, body: (HotreelStandIn) async throws -> Value
    ) async throws -> Value {
        try await running(options: options, scenario: scenario, body: body)
    }

    /// The same with options in a list; later ones win.
    package static func running<Value: Sendable>(
        options: [String], scenario: JSONValue? = nil, body: (HotreelStandIn) async throws -> Value
    ) async throws -> Value {
        let records = try TemporaryFolder()
        let scenarios = try TemporaryFolder()
        var arguments = [
            "simulate", "--port", "0", "--queue-time", "0", "--render-time", "0", "--record", records.path.string,
        ]
        if let scenario {
            arguments += ["--scenario", try scenarios.write(scenario.text, to: "scenario.json").string]
        }
        return try await HotreelProcess.running(arguments + options) { process in
            let line = try await process.line(" ready")
            guard let url = line.firstMatch(of: /http:\/\/127\.0\.0\.1:[0-9]+/) else {
                throw HotreelProcess.Failure(description: "It does not say where it listens: \(line)")
            }
            return try await body(HotreelStandIn(process: process, url: String(url.output), records: records))
        }.value
    }

    /// The accepted creates, oldest first: `{client_request_id, inference_id, body, received}`.
    package func requests() async throws -> [JSONValue] { try await ask("/_simulator/requests").arrayValue ?? [] }

    /// Its counts: requests by operation, `accepted`, `in_flight`, `create_answers`, `faulted_creates`,
    /// `double_creates`, `leaked_keys`.
    package func stats() async throws -> JSONValue { try await ask("/_simulator/stats") }

    /// Puts a scenario in the place of the one before.
    package func scenario(_ scenario: JSONValue) async throws {
        _ = try await ask("/_simulator/scenario", telling: scenario)
    }

    /// Adds to the balance.
    package func topUp(_ usd: Double) async throws {
        _ = try await ask("/_simulator/balance", telling: ["usd": .number(usd)])
    }

    private func ask(_ path: String, telling body: JSONValue? = nil) async throws -> JSONValue {
        guard let url = URL(string: url + path) else { throw URLError(.badURL) }
        var request = URLRequest(url: url)
        if let body {
            request.httpMethod = "POST"
            request.httpBody = Data(body.text.utf8)
        }
        let (data, response) = try await URLSession.shared.data(for: request)
        guard (response as? HTTPURLResponse)?.statusCode == 200 else {
            throw HotreelProcess.Failure(
                description: "The stand-in refuses \(path): \(String(decoding: data, as: UTF8.self))")
        }
        return try JSONDecoder().decode(JSONValue.self, from: data)
    }

    /// The bodies as they came over the wire, oldest first.
    package func bodies() throws -> [String] { try records.files().map { try records.text(of: $0) } }

    /// Bytes that have arrived at its port and that it has not read, by the kernel's own table.
    package func unread() throws -> Int {
        let port = String(Int(url.split(separator: ":").last ?? "") ?? 0, radix: 16, uppercase: true)
        let table = String(decoding: try HotreelFolder.bytes(ofKernelFile: "/proc/net/tcp"), as: UTF8.self)
        return table.split(separator: "\n").reduce(0) { sum, line in
            let columns = line.split(separator: " ")
            guard columns.count > 4, columns[1].hasSuffix(":" + port) else { return sum }
            return sum + (Int(columns[4].suffix(8), radix: 16) ?? 0)
        }
    }
}
