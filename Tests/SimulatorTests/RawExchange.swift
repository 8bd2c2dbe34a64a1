import Foundation
import Jobs
import NIOCore
import NIOPosix
import Simulator
import Synchronization
import Testing

/// One request over a connection of its own, and the bytes of what comes back, whatever they are.
struct RawExchange: Sendable {
    let status: Int?
    /// Lower-case names.
    let headers: [String: String]
    let body: Data
    /// Whether the connection ended by a reset.
    let wasReset: Bool

    /// Everything announced has come.
    var isWhole: Bool { headers["content-length"].map { Int($0) == body.count } ?? false }

    var json: JSONValue { (try? JSONDecoder().decode(JSONValue.self, from: body)) ?? .null }

    /// Sends a request and reads until the other side closes, or until there are `atMost` bytes.
    init(
        _ simulator: RunningSimulator, _ method: String, _ target: String, body: JSONValue? = nil,
        headers: [String: String] = [:], key: String? = "any-key", announcing length: Int? = nil, atMost: Int = .max
    ) async throws {
        let content = body?.text ?? ""
        var head = "\(method) \(target) HTTP/1.1\r\nHost: 127.0.0.1:\(simulator.port)\r\nConnection: close\r\n"
        if let key { head += "Authorization: Bearer \(key)\r\n" }
        if body != nil {
            head += "Content-Type: application/json\r\nContent-Length: \(length ?? content.utf8.count)\r\n"
        }
        for (name, value) in headers { head += "\(name): \(value)\r\n" }
        let (received, wasReset) = try await Self.exchange(
            simulator.port, sending: head + "\r\n" + content, atMost: atMost)
        self.wasReset = wasReset
        let end = received.firstRange(of: Data("\r\n\r\n".utf8))
        let lines = String(decoding: received[..<(end?.lowerBound ?? received.startIndex)], as: UTF8.self)
            .components(separatedBy: "\r\n")
        status = lines.first?.split(separator: " ").dropFirst().first.flatMap { Int($0) }
        self.headers = Dictionary(
            lines.dropFirst().compactMap { line in
                line.firstIndex(of: ":").map {
                    (line[..<$0].lowercased(), line[$0...].dropFirst().trimmingCharacters(in: .whitespaces))
                }
            }, uniquingKeysWith: { first, _ in first })
        self.body = end.map { Data(received[$0.upperBound...]) } ?? Data()
    }

    private static func exchange(_ port: Int, sending text: String, atMost: Int) async throws -> (Data, Bool) {
        let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        let received = Mutex(Data())
        do {
            try await channel.executeThenClose { inbound, outbound in
                try await outbound.write(ByteBuffer(string: text))
                for try await piece in inbound {
                    let count = received.withLock { received in
                        received.append(contentsOf: piece.readableBytesView)
                        return received.count
                    }
                    if count >= atMost { break }
                }
            }
            return (received.withLock { $0 }, false)
        } catch let error as IOError where [ECONNRESET, EPIPE].contains(error.errnoCode) {
            return (received.withLock { $0 }, true)
        }
    }

    static func create(
        _ simulator: RunningSimulator, prompt: String = "a calm sea", headers: [String: String] = [:]
    ) async throws -> RawExchange {
        try await RawExchange(
            simulator, "POST", "/v2/video/generations",
            body: createBody(image: "https://example.com/a.png", ["prompt": .string(prompt)]), headers: headers)
    }

    static func poll(_ simulator: RunningSimulator, _ id: String) async throws -> RawExchange {
        let encoded = id.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? id
        return try await RawExchange(simulator, "GET", "/v2/video/generations?generation_id=\(encoded)")
    }

    /// A download as a client of the content host asks: the address as it came, no key.
    static func download(
        _ simulator: RunningSimulator, _ url: String, headers: [String: String] = [:], atMost: Int = .max
    ) async throws -> RawExchange {
        let target = url.replacing("http://127.0.0.1:\(simulator.port)", with: "")
        return try await RawExchange(simulator, "GET", target, headers: headers, key: nil, atMost: atMost)
    }
}

extension RunningSimulator {
    /// A fresh stand-in that answers at once and misbehaves so.
    static func misbehaving(
        _ scenario: JSONValue, _ configure: (inout SimulatorConfiguration) -> Void = { _ in },
        body: @Sendable (RunningSimulator) async throws -> Void
    ) async throws {
        let scenario = try Scenario(Array(scenario.text.utf8), file: "scenario.json")
        try await run(
            {
                $0.isInstant = true
                $0.scenario = scenario
                configure(&$0)
            }, body: body)
    }

    /// Tells it a scenario at run time.
    func play(_ scenario: JSONValue) async throws {
        let answer = try await send("POST", "/_simulator/scenario", body: Data(scenario.text.utf8))
        try #require(answer.status == 200, "\(answer.text)")
    }

    func stats() async throws -> JSONValue { try await send("GET", "/_simulator/stats").json }
}

/// A scenario with one fault.
func fault(_ operation: SimulatedOperation, _ kind: String, _ more: [String: JSONValue] = [:]) -> JSONValue {
    let fault: [String: JSONValue] = ["operation": .string(operation.rawValue), "fault": .string(kind)]
    return ["faults": [.object(fault.merging(more) { $1 })]]
}
