import AsyncHTTPClient
import Foundation
import HTTPTypes
import Jobs
import Logging
import NIOCore
import Simulator
import Subprocess
import SystemPackage
import TestKit
import Testing

/// A stand-in that serves on a real port, and a client's view of it.
struct RunningSimulator: Sendable {
    let port: Int

    struct Answer: Sendable {
        let status: Int
        let headers: [String: String]
        let data: Data
        let text: String
        let json: JSONValue

        func header(_ name: String) -> String? { headers[name.lowercased()] }
    }

    /// Runs `body` against a fresh stand-in without waiting times.
    static func run(
        _ configure: (inout SimulatorConfiguration) -> Void = { _ in },
        body: @Sendable (RunningSimulator) async throws -> Void
    ) async throws {
        var configuration = SimulatorConfiguration()
        configuration.queueTime = .zero
        configuration.renderTime = .zero
        configure(&configuration)
        let (ports, ready) = AsyncStream.makeStream(of: Int.self)
        var logger = Logger(label: "simulator")
        logger.logLevel = .critical
        let simulator = Simulator(configuration: configuration, logger: logger) { ready.yield($0) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await simulator.run() }
            let port = try #require(await ports.first { _ in true })
            try await body(RunningSimulator(port: port))
            group.cancelAll()
        }
    }

    func send(
        _ method: String, _ target: String, body: Data? = nil, key: String? = "any-key", headers: [String: String] = [:]
    ) async throws -> Answer {
        var request = HTTPClientRequest(url: target.hasPrefix("http") ? target : "http://127.0.0.1:\(port)\(target)")
        request.method = .init(rawValue: method)
        if let key { request.headers.add(name: "Authorization", value: "Bearer \(key)") }
        if let body {
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(ByteBuffer(bytes: body))
        }
        for (name, value) in headers { request.headers.replaceOrAdd(name: name, value: value) }
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(50))
        let data = Data(buffer: try await response.body.collect(upTo: 50_000_000))
        let fields = Dictionary(
            response.headers.map { ($0.name.lowercased(), $0.value) }, uniquingKeysWith: { first, _ in first })
        return Answer(
            status: Int(response.status.code), headers: fields, data: data, text: String(decoding: data, as: UTF8.self),
            json: (try? JSONDecoder().decode(JSONValue.self, from: data)) ?? .null)
    }

    func create(_ body: JSONValue, headers: [String: String] = [:]) async throws -> Answer {
        try await send("POST", "/v2/video/generations", body: Data(body.text.utf8), headers: headers)
    }

    func poll(_ id: String) async throws -> Answer {
        let encoded = id.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? id
        return try await send("GET", "/v2/video/generations?generation_id=\(encoded)")
    }

    /// The poll of a generation that has ended.
    func outcome(of created: Answer) async throws -> Answer {
        _ = try await send("GET", "/_simulator/idle")
        return try await poll(try #require(created.json["id"]?.stringValue))
    }
}

/// A create body that is acceptable.
func createBody(image: String, _ others: [String: JSONValue] = [:]) -> JSONValue {
    let base: [String: JSONValue] = [
        "model": "kling-video/v1.6/pro/image-to-video", "image_url": .string(image), "duration": 5,
        "prompt": "a calm sea",
    ]
    return .object(base.merging(others) { $1 })
}

/// Pictures made on the spot.
enum TestPicture {
    /// A JPEG of this size as a data URI.
    static func jpegURI(_ size: String = "640x480") async throws -> String {
        "data:image/jpeg;base64," + (try await bytes(size, format: "mjpeg")).base64EncodedString()
    }

    static func pngURI(_ size: String = "640x480") async throws -> String {
        "data:image/png;base64," + (try await bytes(size, format: "png")).base64EncodedString()
    }

    static func bytes(_ size: String, format: String, source: String = "testsrc2") async throws -> Data {
        try await ffmpeg([
            "-f", "lavfi", "-i", "\(source)=s=\(size):d=0.04", "-frames:v", "1", "-c:v", format, "-f", "image2pipe",
            "-",
        ])
    }

    @discardableResult
    static func ffmpeg(_ arguments: [String]) async throws -> Data {
        let result = try await Subprocess.run(
            .name("ffmpeg"), arguments: Arguments(["-nostdin", "-v", "error", "-y"] + arguments),
            output: .bytes(limit: 50_000_000), error: .string(limit: 100_000))
        try #require(result.terminationStatus.isSuccess, "\(result.standardError)")
        return Data(result.standardOutput)
    }
}

/// What ffprobe says about a video.
struct ProbedVideo {
    let codec: String
    let pixelFormat: String
    let width: Int
    let height: Int
    let duration: Double
    let comment: String?

    init(_ path: FilePath) async throws {
        let result = try await Subprocess.run(
            .name("ffprobe"),
            arguments: ["-v", "error", "-of", "json", "-show_streams", "-show_format", path.string],
            output: .string(limit: 100_000), error: .string(limit: 100_000))
        try #require(result.terminationStatus.isSuccess, "\(result.standardError)")
        let json = try JSONDecoder().decode(JSONValue.self, from: Data(result.standardOutput.utf8))
        let stream = try #require(json["streams"]?.arrayValue?.first)
        codec = stream["codec_name"]?.stringValue ?? ""
        pixelFormat = stream["pix_fmt"]?.stringValue ?? ""
        width = stream["width"]?.integerValue ?? 0
        height = stream["height"]?.integerValue ?? 0
        duration = Double(json["format"]?["duration"]?.stringValue ?? "") ?? 0
        comment = json["format"]?["tags"]?["comment"]?.stringValue
    }
}
