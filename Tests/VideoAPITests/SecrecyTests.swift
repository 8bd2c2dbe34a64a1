import Foundation
import Jobs
import Logging
import Synchronization
import TestKit
import Testing

@testable import VideoAPI

@Suite("The key stays secret")
struct SecrecyTests {
    @Test("No description, dump or mirror shows it")
    func descriptions() throws {
        let key = try #require(APIKey("  \(secret)\n"))
        let url = try #require(URL(string: "https://api.example"))
        let configuration = HTTPGenerationClientConfiguration(baseURL: url, apiKey: key)
        var dumped = ""
        dump(configuration, to: &dumped)
        dump(key, to: &dumped)
        for text in [
            dumped, "\(key)", String(reflecting: key), "\(configuration)", "\(Optional(key) as Any)",
            "\(Mirror(reflecting: key).children.map(\.value))",
        ] {
            #expect(!text.contains(secret) && !text.contains("0123456789"))
        }
        #expect(key.authorization == "Bearer \(secret)")
    }

    @Test("An id or address that happens to contain the key's letters is taken as it is, its words are not")
    func idsAreNotBlotted() throws {
        let key = try #require(APIKey("k"))
        let body = #"{"id":"kling:k1","status":"error","error":{"name":"n","message":"key k is bad"}}"#
        let update = try #require(GenerationUpdate(Answer(status: 200, text: body, key: key), knownID: nil))
        #expect(update.id.rawValue == "kling:k1")
        guard case .failed(let words) = update.phase else { return #expect(Bool(false), "\(update.phase)") }
        #expect(words.text.contains("[API key]"))
        let done = #"{"id":"g","status":"completed","video":{"url":"https://cdn.example/k.mp4"}}"#
        let video = GenerationUpdate(Answer(status: 200, text: done, key: key), knownID: nil)
        #expect(video?.phase == .completed(try #require(URL(string: "https://cdn.example/k.mp4"))))
    }

    @Test("What cannot be a key is none", arguments: ["", " \n", "two words", "a\r\nX-Evil: 1", "schlüssel"])
    func noKey(_ text: String) { #expect(APIKey(text) == nil) }

    @Test("A far end that echoes the key does not bring it into a message or a log", .timeLimit(.minutes(1)))
    func echo() async throws {
        let echo = #"{"message":"Incorrect API key provided: \#(secret)"}"#
        let folder = try TemporaryFolder()
        let lines = LogLines()
        let server = try await ScriptedServer { .answer($0 == 0 ? 401 : 400, echo) }
        let key = try #require(APIKey(secret))
        let url = try #require(URL(string: "http://127.0.0.1:\(server.port)"))
        var logger = Logger(label: "test") { _ in lines }
        logger.logLevel = .trace
        let client = HTTPGenerationClient(configuration: .init(baseURL: url, apiKey: key), logger: logger)
        let outcomes = [
            await client.submit(try pictureSubmission(in: folder)),
            await client.submit(try pictureSubmission(in: folder)),
        ]
        try await client.shutdown()
        try await server.stop()
        #expect(outcomes.map { Verdict($0) } == [.notTaken(.key), .refused])
        #expect("\(outcomes)".contains("Incorrect API key provided: [API key]") && !"\(outcomes)".contains(secret))
        #expect(lines.all.count == 2 && !lines.all.joined().contains(secret))
    }
}

/// Everything logged, metadata included.
private final class LogLines: LogHandler {
    private let lines = Mutex<[String]>([])
    var all: [String] { lines.withLock { $0 } }

    var logLevel: Logger.Level {
        get { .trace }
        set {}
    }
    var metadata: Logger.Metadata {
        get { [:] }
        set {}
    }
    subscript(metadataKey _: String) -> Logger.Metadata.Value? {
        get { nil }
        set {}
    }

    func log(event: LogEvent) {
        lines.withLock { $0.append("\(event.message) \(event.metadata ?? [:])") }
    }
}
