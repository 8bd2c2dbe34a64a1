import Foundation
import Jobs
import NIOCore
import SystemPackage
import TestKit
import Testing

@testable import VideoAPI

/// What an outcome comes to, without its words.
enum Verdict: Equatable {
    case accepted, notTaken(Trouble.Kind), refused, unconfirmed

    init(_ outcome: SubmissionOutcome) {
        self =
            switch outcome {
            case .accepted: .accepted
            case .notTaken(let trouble): .notTaken(trouble.kind)
            case .refused: .refused
            case .unconfirmed: .unconfirmed
            }
    }
}

struct Fault: CustomTestStringConvertible {
    let testDescription: String
    let reaction: ScriptedServer.Reaction
    let verdict: Verdict

    init(_ name: String, _ reaction: ScriptedServer.Reaction, _ verdict: Verdict) {
        (testDescription, self.reaction, self.verdict) = (name, reaction, verdict)
    }

    static let all = [
        Fault("reset in the body", .reset(after: 1_000), .unconfirmed),
        Fault("reset after the last byte", .reset(after: nil), .unconfirmed),
        Fault("closed in the body", .close(after: 1_000), .unconfirmed),
        Fault("closed after the last byte", .close(after: nil), .unconfirmed),
        Fault("silence", .silence, .unconfirmed),
        Fault("half a head", .say("HTTP/1.1 200 OK\r\nContent-Le"), .unconfirmed),
        Fault("no HTTP", .say("hello there\r\n\r\n"), .unconfirmed),
        Fault("a body cut short", .say("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"id\":"), .unconfirmed),
        Fault(
            "a body cut short, the id in a header",
            .say("HTTP/1.1 200 OK\r\nx-inference-id: g1\r\nContent-Length: 500\r\n\r\n{\"st"), .accepted),
        Fault(
            "a body that never comes, the id in a header",
            .sayEarly("HTTP/1.1 200 OK\r\nx-inference-id: g1\r\nContent-Length: 500\r\n\r\n", after: 300_000), .accepted
        ),
        Fault(
            "an answer beyond all measure", .answer(200, String(repeating: " ", count: 2_000_000) + "{}"), .unconfirmed),
        Fault("a gateway's page with 200", .answer(200, "<html><title>Wait</title></html>"), .unconfirmed),
        Fault(
            "a gateway's time-out", .answer(524, "<html><title>524: A timeout occurred</title></html>"), .unconfirmed),
        Fault("a server error", .answer(500, #"{"message":"Internal"}"#), .unconfirmed),
        Fault("busy", .answer(503, "", headers: ["Retry-After: 3"]), .unconfirmed),
        Fault("rate limit", .answer(429, #"{"message":"Too many"}"#), .notTaken(.rate)),
        Fault("bad key", .answer(401, #"{"message":"Unauthorized"}"#), .notTaken(.key)),
        Fault("redirected", .answer(308, "", headers: ["Location: /v2/elsewhere"]), .notTaken(.api)),
        Fault("see other", .answer(303, "", headers: ["Location: /v2/elsewhere"]), .unconfirmed),
        Fault("invalid", .answer(400, #"{"message":["duration must be 5 or 10"]}"#), .refused),
        Fault(
            "too large, said before the body is in",
            .sayEarly(ScriptedServer.Reaction.http(413, "too large", headers: ["Connection: close"]), after: 1),
            .refused),
        Fault(
            "bad key, said before the body is in",
            .sayEarly(ScriptedServer.Reaction.http(401, "{}", headers: ["Connection: close"]), after: 1),
            .notTaken(.key)),
        Fault(
            "rate limit, said before the body is in",
            .sayEarly(ScriptedServer.Reaction.http(429, "", headers: ["Connection: close"]), after: 1), .notTaken(.rate)
        ),
        Fault(
            "busy, said before the body is in",
            .sayEarly(ScriptedServer.Reaction.http(503, "", headers: ["Connection: close"]), after: 1), .unconfirmed),
        Fault(
            "accepted, said before the body is in",
            .sayEarly(ScriptedServer.Reaction.http(200, #"{"id":"g","status":"queued"}"#), after: 1), .accepted),
        Fault(
            "redirected with the body sent", .answer(307, "", headers: ["Location: https://c.example/"]),
            .notTaken(.api)),
        Fault("only a hint", .say("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"), .unconfirmed),
        Fault("only an encouragement", .say("HTTP/1.1 100 Continue\r\n\r\n"), .unconfirmed),
        Fault(
            "another protocol", .say("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"),
            .unconfirmed),
        Fault(
            "a hint, then accepted",
            .say(
                "HTTP/1.1 103 Early Hints\r\n\r\n" + ScriptedServer.Reaction.http(200, #"{"id":"g","status":"queued"}"#)
            ),
            .accepted),
        Fault("charged and refused", .answer(429, "", headers: ["x-aimlapi-credits-used: 630000"]), .unconfirmed),
        Fault("an error inside a yes", .answer(200, #"{"id":"g","status":"error","error":"no"}"#), .accepted),
        Fault("accepted", .answer(201, #"{"id":"a:b/c_d","status":"queued"}"#), .accepted),
    ]
}

@Suite("What a submission's end means")
struct SubmissionFaultTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test(
        "A fault after sending has the right meaning, and the POST is sent once", .timeLimit(.minutes(1)),
        arguments: Fault.all)
    func faults(_ fault: Fault) async throws {
        let server = try await ScriptedServer { _ in fault.reaction }
        let submission = try pictureSubmission(bytes: 300_000, in: folder)
        let outcome = try await withClient(port: server.port, { $0.submitTimeout = fault.reaction.patience }) {
            await $0.submit(submission)
        }
        #expect(Verdict(outcome) == fault.verdict, "\(outcome)")
        #expect(server.requests.count == 1 && server.connections == 1)
        #expect(!"\(outcome)".contains(secret))
        try await server.stop()
    }

    @Test("Nobody listening: nothing is taken, and the message says where it was looked for", .timeLimit(.minutes(1)))
    func refusedConnection() async throws {
        let server = try await ScriptedServer { _ in .silence }
        try await server.stop()
        let outcome = try await withClient(port: server.port) { await $0.submit(try pictureSubmission(in: folder)) }
        guard case .notTaken(let trouble) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(trouble.kind == .unreachable && trouble.message.contains("127.0.0.1"))
    }

    @Test("A name that cannot be looked up: nothing is taken", .timeLimit(.minutes(1)))
    func noName() async throws {
        let outcome = try await withClient(port: 80, host: "no-such-host.invalid", { $0.connectTimeout = .seconds(3) })
        {
            await $0.submit(try pictureSubmission(in: folder))
        }
        #expect(Verdict(outcome) == .notTaken(.unreachable), "\(outcome)")
    }

    @Test(
        "A TLS handshake that fails or never ends: nothing is taken", .timeLimit(.minutes(1)),
        arguments: [ScriptedServer.Reaction.sayEarly("HTTP/1.1 400 Bad\r\n\r\n", after: 1), .silence, .close(after: 1)])
    func handshake(_ reaction: ScriptedServer.Reaction) async throws {
        let server = try await ScriptedServer { _ in reaction }
        let outcome = try await withClient(
            port: server.port, scheme: "https", { $0.connectTimeout = .milliseconds(800) }
        ) {
            await $0.submit(try pictureSubmission(in: folder))
        }
        #expect(Verdict(outcome) == .notTaken(.unreachable), "\(outcome)")
        #expect(server.requests.allSatisfy { !String(decoding: $0, as: UTF8.self).contains("POST") })
        try await server.stop()
    }

    @Test("A file that shrinks while it is sent leaves the POST unconfirmed", .timeLimit(.minutes(1)))
    func shrinks() async throws {
        let size = 64 << 20
        let file = try folder.write("", to: "a.png")
        try #require(truncate(file.string, off_t(size)) == 0)
        let server = try await ScriptedServer(keepsBodies: false) { _ in .call({ truncate(file.string, 10) }, after: 1)
        }
        let sent = submission(["model": "m"], [([.key("image_url")], "a.png", size)], in: folder)
        let outcome = try await withClient(port: server.port) { await $0.submit(sent) }
        guard case .unconfirmed(let reason) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(reason.contains("a.png became shorter"))
        #expect(server.requests.count == 1)
        try await server.stop()
    }

    @Test("Told to stop in the middle of a POST: unconfirmed", .timeLimit(.minutes(1)))
    func cancelled() async throws {
        let (arrivals, arrival) = AsyncStream<Void>.makeStream()
        let server = try await ScriptedServer { _ in .call({ arrival.yield() }, after: 1_000) }
        let sent = try pictureSubmission(in: folder)
        let outcome = try await withClient(port: server.port) { client in
            let task = Task { await client.submit(sent) }
            for await _ in arrivals { break }
            task.cancel()
            return await task.value
        }
        #expect(Verdict(outcome) == .unconfirmed, "\(outcome)")
        #expect(server.requests.count == 1)
        try await server.stop()
    }
}
