import Foundation
import Jobs
import SystemPackage
import TestKit
import Testing

@testable import VideoAPI

@Suite("What a submission looks like on the wire")
struct SubmissionWireTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func sent(_ submission: OutgoingSubmission) async throws -> RawRequest {
        let server = try await ScriptedServer { _ in .answer(#"{"id":"1","status":"queued"}"#) }
        _ = try await withClient(port: server.port) { await $0.submit(submission) }
        try await server.stop()
        let requests = server.requests
        try #require(requests.count == 1)
        return RawRequest(requests[0])
    }

    @Test("Headers carry the key, the client request id and an exact length", .timeLimit(.minutes(1)))
    func headers() async throws {
        let request = try await sent(pictureSubmission(bytes: 100_001, in: folder))
        #expect(request.line == "POST /v2/video/generations HTTP/1.1")
        #expect(request["authorization"] == ["Bearer \(secret)"])
        #expect(request["content-type"] == ["application/json"])
        #expect(request["x-client-request-id"] == ["hotreel-0jobofthetest000-1"])
        #expect(request["user-agent"] == ["hotreel"])
        #expect(request["accept"] == ["application/json"])
        #expect(request["content-length"] == ["\(request.body.count)"])
        #expect(request["transfer-encoding"].isEmpty)
    }

    @Test(
        "Each picture arrives as a data URI of its very bytes, whatever its size", .timeLimit(.minutes(1)),
        arguments: [1, 2, 3, 98_303, 98_304, 98_305, 300_000])
    func pictures(size: Int) async throws {
        let bytes = Data.random(size)
        try folder.write(bytes, to: "a.png")
        let request = try await sent(submission(["model": "m"], [([.key("image_url")], "a.png", size)], in: folder))
        #expect(request.json?["image_url"]?.stringValue == "data:image/png;base64,\(bytes.base64EncodedString())")
    }

    @Test("A full request holds against the vendor's specification, its text exact", .timeLimit(.minutes(1)))
    func specification() async throws {
        let names = ["a.png", "tail.png", "masks/still one.png", "masks/ö.png"]
        let contents = names.map { Data("picture \($0)".utf8) }
        for (name, content) in zip(names, contents) { try folder.write(content, to: name) }
        let prompt = "“Café” \u{1F3A5} \"quoted\" back\\slash\nnew line / e\u{301}"
        let trajectory: JSONValue = [["x": 1, "y": 2], ["x": 30, "y": 40]]
        let body: [String: JSONValue] = [
            "model": .string(kling), "prompt": .string(prompt), "negative_prompt": "blur", "duration": 10,
            "cfg_scale": 0.7,
            "camera_control": ["type": "simple", "config": ["zoom": -3]],
            "dynamic_masks": [["trajectories": trajectory]],
        ]
        let places: [[PlaceStep]] = [
            [.key("image_url")], [.key("tail_image_url")], [.key("static_mask")],
            [.key("dynamic_masks"), .index(0), .key("mask")],
        ]
        let files = zip(places, zip(names, contents)).map { (place: $0, name: $1.0, bytes: $1.1.count) }
        let request = try await sent(submission(body, files, in: folder))

        #expect(try await OpenAPIValidator.violations(in: request.text, as: .request, of: .createGeneration) == [])
        let json = try #require(request.json?.objectValue)
        #expect(json["prompt"]?.stringValue.map { Array($0.utf8) } == Array(prompt.utf8))
        #expect(json["duration"] == .integer(10) && request.text.contains(#""duration":10,"#))
        #expect(json["cfg_scale"] == .number(0.7))
        func uri(_ index: Int) -> JSONValue {
            .string("data:image/png;base64,\(contents[index].base64EncodedString())")
        }
        #expect(json["image_url"] == uri(0) && json["tail_image_url"] == uri(1) && json["static_mask"] == uri(2))
        #expect(json["dynamic_masks"] == [["mask": uri(3), "trajectories": trajectory]])
        #expect(json.keys.count == body.count + 3)
        let positions = json.keys.sorted().compactMap { request.text.range(of: "\"\($0)\":")?.lowerBound }
        #expect(positions == positions.sorted())
    }

    @Test("A remote picture goes through as it stands, and nothing is read from disk", .timeLimit(.minutes(1)))
    func remote() async throws {
        let body: [String: JSONValue] = [
            "model": .string(kling), "image_url": "https://example.com/a%20b.png?x=1&y=/2",
        ]
        let request = try await sent(
            OutgoingSubmission(
                clientRequestID: .attempt(1, of: JobID(rawValue: "j")),
                request: GenerationRequest(body: body, attachments: []),
                attachments: "/nowhere"))
        #expect(request.json == .object(body))
        #expect(try await OpenAPIValidator.violations(in: request.text, as: .request, of: .createGeneration) == [])
    }

    @Test("Every submission has a connection of its own", .timeLimit(.minutes(1)))
    func connections() async throws {
        let server = try await ScriptedServer { _ in
            .sayAndStay(ScriptedServer.Reaction.http(200, #"{"id":"1","status":"queued"}"#))
        }
        try await withClient(port: server.port) { client in
            for attempt in 1...3 { _ = await client.submit(try pictureSubmission(in: folder, attempt: attempt)) }
        }
        #expect(server.requests.count == 3 && server.connections == 3)
        try await server.stop()
    }

    @Test("Twenty 8 MB pictures at a time cost a small part of their size in memory", .timeLimit(.minutes(1)))
    func memory() async throws {
        let count = 20
        let size = 8_000_000
        let server = try await ScriptedServer(keepsBodies: false) { _ in .answer(#"{"id":"1","status":"queued"}"#) }
        let submission = try pictureSubmission(bytes: size, in: folder)
        try Data("5".utf8).write(to: URL(filePath: "/proc/self/clear_refs"))
        let before = try peakMemory()
        let outcomes = try await withClient(port: server.port, { $0.maxConnections = count }) { client in
            await withTaskGroup(of: SubmissionOutcome.self) { group in
                for _ in 0..<count { group.addTask { await client.submit(submission) } }
                return await group.reduce(into: []) { $0.append($1) }
            }
        }
        let growth = try peakMemory() - before
        #expect(outcomes.allSatisfy { if case .accepted = $0 { true } else { false } })
        #expect(growth < 64_000_000, "grew by \(growth / 1_000_000) MB")
        try await server.stop()
    }

    /// Bytes: the most that was resident since the mark was last reset.
    private func peakMemory() throws -> Int {
        let status = try String(contentsOf: URL(filePath: "/proc/self/status"), encoding: .utf8)
        let match = try #require(status.firstMatch(of: /VmHWM:\s+(\d+) kB/))
        return try #require(Int(match.1)) * 1024
    }
}
