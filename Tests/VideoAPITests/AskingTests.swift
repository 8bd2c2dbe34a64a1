import Foundation
import Jobs
import Testing

@testable import VideoAPI

@Suite("Polling and looking up")
struct AskingTests {
    private func ask<Result>(
        _ reaction: ScriptedServer.Reaction, _ work: (HTTPGenerationClient) async throws -> Result
    ) async throws -> (Result, RawRequest) {
        let server = try await ScriptedServer { _ in reaction }
        let result = try await withClient(port: server.port, { $0.pollTimeout = reaction.patience }, work)
        try await server.stop()
        try #require(server.requests.count == 1)
        return (result, RawRequest(server.requests[0]))
    }

    /// The trouble a poll for `g` ends in; nil where it brings news.
    private func trouble(_ reaction: ScriptedServer.Reaction) async throws -> Trouble? {
        try await ask(reaction) { client -> Trouble? in
            do throws(PollError) {
                _ = try await client.poll(GenerationID(rawValue: "g"))
                return nil
            } catch {
                return error.trouble
            }
        }.0
    }

    @Test(
        "Any id arrives as it is", .timeLimit(.minutes(1)),
        arguments: ["-a:b/c_d", "a+b&c=d%2F#?", "ünïcode 🎥", "60ac7c34-3224-4b14-8e7d-0aa0db708325:kling-video", "\n"])
    func encoding(_ id: String) async throws {
        let text = JSONValue.object(["id": .string(id), "status": "queued"]).text
        let (update, request) = try await ask(.answer(text)) { try await $0.poll(GenerationID(rawValue: id)) }
        #expect(update == GenerationUpdate(id: GenerationID(rawValue: id), status: "queued", phase: .running))
        let query = try #require(
            request.target.wholeMatch(of: /\/v2\/video\/generations\?generation_id=([A-Za-z0-9%._~-]+)/))
        #expect(String(query.1).removingPercentEncoding == id)
        #expect(
            request.line.hasPrefix("GET ") && request["authorization"] == ["Bearer \(secret)"] && request.body.isEmpty)
    }

    @Test(
        "A poll's failure is trouble with the world, never the job's", .timeLimit(.minutes(1)),
        arguments: [
            (.answer(404, #"{"message":"no such generation"}"#), .api), (.answer(401, "{}"), .key),
            (.answer(429, ""), .rate),
            (.answer(500, "{}"), .api), (.answer(524, "<html>"), .api),
            (.answer(200, "<html><title>Hold on</title>"), .api),
            (.answer(403, #"{"message":"err_insufficent_credits"}"#), .credit),
            (.answer(302, "", headers: ["Location: /"]), .api),
            (.answer(#"{"id":"h","status":"completed","video":{"url":"https://c.example/other.mp4"}}"#), .api),
            (.answer("[]"), .api), (.answer("null"), .api), (.answer("7"), .api), (.answer(204, ""), .api),
            (.answer(String(repeating: " ", count: 2_000_000) + #"{"id":"g","status":"queued"}"#), .api),
            (.answer(400, "{}"), .api), (.answer(402, ""), .credit), (.answer(403, #"{"message":"Forbidden"}"#), .key),
            (.answer(301, ""), .api), (.answer(307, "", headers: ["Location: http://c.example/"]), .api),
            (.answer(503, "<html><title>Down for maintenance</title>", headers: ["Retry-After: 60"]), .api),
            (
                .answer(
                    #"{"title":"Bad","status":"error","message":"m","timestamp":"t","error":{"name":"n","message":"m"}}"#
                ), .api
            ),
            (
                .answer(
                    #"{"requestId":"r","statusCode":"500","timestamp":"t","path":"/","message":"m","status":"failed"}"#),
                .api
            ),
            (.answer(#"{"message":"fine"}"#), .api), (.answer(""), .api), (.reset(after: nil), .unreachable),
            (.silence, .unreachable),
            (.say("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"id\":\"g\""), .api),
        ] as [(ScriptedServer.Reaction, Trouble.Kind)])
    func failures(reaction: ScriptedServer.Reaction, kind: Trouble.Kind) async throws {
        #expect(try await trouble(reaction)?.kind == kind)
    }

    @Test("What the API asks for and says reaches the one who waits", .timeLimit(.minutes(1)))
    func words() async throws {
        #expect(try await trouble(.answer(429, "", headers: ["Retry-After: 12"]))?.retryAfter == .seconds(12))
        let later = ["Retry-After: Sun, 06 Nov 1994 08:49:37 GMT", "Date: Sun, 06 Nov 1994 08:48:37 GMT"]
        #expect(try await trouble(.answer(429, "", headers: later))?.retryAfter == .seconds(60))
        #expect(try await trouble(.answer(503, "", headers: ["Retry-After: 60"]))?.retryAfter == .seconds(60))
        #expect(try await trouble(.answer(429, ""))?.retryAfter == nil)
        #expect(try await trouble(.answer(404, #"{"message":"gone astray"}"#))?.message.contains("gone astray") == true)
        #expect(try await trouble(.answer(200, "<title>Hold on</title>"))?.message.contains("Hold on") == true)
    }

    @Test("Polls are asked anew each time: a status that goes backwards is still running", .timeLimit(.minutes(1)))
    func backwards() async throws {
        let server = try await ScriptedServer { number in
            .answer(#"{"id":"g","status":"\#(["generating", "queued", "resting"][number])"}"#)
        }
        try await withClient(port: server.port) { client in
            for status in ["generating", "queued", "resting"] {
                let update = try await client.poll(GenerationID(rawValue: "g"))
                #expect(
                    update.status == status && update.phase == .running
                        && (update.remark != nil) == (status == "resting"))
            }
        }
        try await server.stop()
    }

    @Test("A poll that leaves the id out is about the one asked for", .timeLimit(.minutes(1)))
    func withoutID() async throws {
        let body =
            #"{"status":"error","error":{"name":"n","message":"The picture was refused"},"meta":{"usage":{"tokens_used":0}}}"#
        let (update, _) = try await ask(.answer(body)) { try await $0.poll(GenerationID(rawValue: "g")) }
        #expect(update.phase == .failed(APIMessage(status: nil, text: "The picture was refused")))
        #expect(update.id.rawValue == "g" && update.charge.credits == 0)
    }

    @Test("The request log is asked for in whole UTC seconds, a hundred rows at a time", .timeLimit(.minutes(1)))
    func log() async throws {
        let start = Date(timeIntervalSince1970: 1_772_600_767.9)
        let (page, request) = try await ask(.answer(#"{"data":[],"pagination":{"has_more":false}}"#)) {
            try await $0.requestLog(from: start, to: start + 60, offset: 200)
        }
        #expect(page == RequestLogPage(rows: [], hasMore: false))
        #expect(request.target == "/v2/logs?start=2026-03-04T05:06:07Z&end=2026-03-04T05:07:08Z&limit=100&offset=200")
    }

    @Test("No span is asked for that the log would refuse", .timeLimit(.minutes(1)))
    func logSpan() async throws {
        let start = Date(timeIntervalSince1970: 1_772_600_767)
        for (end, said) in [
            (start + 200 * 86_400.5, "2026-06-04T05:06:07Z"), (start + 92 * 86_400, "2026-06-04T05:06:07Z"),
        ] {
            let (_, request) = try await ask(.answer(#"{"data":[]}"#)) {
                try await $0.requestLog(from: start, to: end, offset: -1)
            }
            #expect(request.target == "/v2/logs?start=2026-03-04T05:06:07Z&end=\(said)&limit=100&offset=0")
        }
        let (_, request) = try await ask(.answer(#"{"data":[]}"#)) {
            try await $0.requestLog(from: start + 60, to: start, offset: 0)
        }
        #expect(request.target.contains("start=2026-03-04T05:06:07Z&end=2026-03-04T05:07:07Z"))
    }

    @Test("A log that will not be read is trouble with the world, in the API's words", .timeLimit(.minutes(1)))
    func logRefused() async throws {
        let refusal = #"{"message":"Provide either period or both start and end","statusCode":400}"#
        for (reaction, words) in [
            (ScriptedServer.Reaction.answer(400, refusal), "either period or both"), (.answer(500, ""), "HTTP 500"),
            (.answer(#"{"rows":[]}"#), "cannot be read"), (.answer("<title>Hold on</title>"), "Hold on"),
        ] {
            let (error, _) = try await ask(reaction) { client in
                await #expect(throws: PollError.self) { try await client.requestLog(from: .now, to: .now, offset: 0) }
            }
            #expect(error?.trouble.message.contains(words) == true && error?.trouble.kind == .api)
        }
    }

    @Test("The balance is asked for with the key, and its failure is trouble with the world", .timeLimit(.minutes(1)))
    func balance() async throws {
        let (balance, request) = try await ask(.answer(#"{"current_balance":"41.5","currency":"USD"}"#)) {
            try await $0.balance()
        }
        #expect(balance == Balance(amount: 41.5, currency: "USD"))
        #expect(request.line == "GET /v2/billing HTTP/1.1" && request["authorization"] == ["Bearer \(secret)"])
        for (reaction, kind) in [
            (ScriptedServer.Reaction.answer(401, ""), Trouble.Kind.key), (.answer(429, ""), .rate),
            (.answer("{}"), .api),
            (.answer(502, "<html>"), .api), (.close(after: nil), .unreachable),
        ] {
            let (error, _) = try await ask(reaction) { client in
                await #expect(throws: PollError.self) { try await client.balance() }
            }
            #expect(error?.trouble.kind == kind)
        }
    }

    @Test("More polls than connections wait in line, and all get their answer", .timeLimit(.minutes(1)))
    func line() async throws {
        let server = try await ScriptedServer { _ in
            .sayAndStay(ScriptedServer.Reaction.http(200, #"{"status":"queued"}"#))
        }
        let answered = try await withClient(port: server.port, { $0.maxConnections = 3 }) { client in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<200 {
                    group.addTask { _ = try await client.poll(GenerationID(rawValue: "g\(number)")) }
                }
                return try await group.reduce(into: 0) { count, _ in count += 1 }
            }
        }
        #expect(answered == 200 && server.requests.count >= 3 && (1...3).contains(server.connections))
        try await server.stop()
    }

    @Test("Who gives up while waiting in line leaves the line as it was", .timeLimit(.minutes(1)))
    func leavingTheLine() async throws {
        let places = ConnectionPlaces(1)
        try await places.occupied {
            let waiting = Task { try await places.occupied {} }
            waiting.cancel()
            await #expect(throws: CancellationError.self) { try await waiting.value }
        }
        #expect(try await places.occupied { 7 } == 7)
    }
}
