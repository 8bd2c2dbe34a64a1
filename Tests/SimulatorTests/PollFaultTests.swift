import Foundation
import Jobs
import Simulator
import Testing

@Suite struct PollFaultTests {
    /// The first poll, which is faulted, and the next, of a generation that has been rendered.
    private func polls(
        _ kind: String, _ more: [String: JSONValue] = [:],
        check: @Sendable (_ id: String, _ faulted: RawExchange, _ next: RawExchange) throws -> Void
    ) async throws {
        try await RunningSimulator.misbehaving(fault(.poll, kind, more)) { simulator in
            let id = try #require(try await RawExchange.create(simulator).json["id"]?.stringValue)
            let faulted = try await RawExchange.poll(simulator, id)
            try check(id, faulted, try await RawExchange.poll(simulator, id))
        }
    }

    @Test("A poll can say what no schema knows, and the next says how it is", .timeLimit(.minutes(1)))
    func statuses() async throws {
        for (kind, status) in [
            ("unknown-status", "thinking"), ("upper-case", "COMPLETED"), ("backwards", "queued"),
            ("completed-without-url", "completed"),
        ] {
            try await polls(kind) { id, faulted, next in
                #expect(faulted.status == 200)
                #expect(faulted.json["status"] == .string(status))
                #expect(faulted.json["id"] == .string(id))
                #expect((faulted.json["video"]?["url"] != nil) == (kind == "upper-case"), "\(kind)")
                #expect(next.json["status"] == "completed")
                #expect(next.json["video"]?["url"] != nil)
            }
        }
        try await polls("unknown-status", ["message": "waiting"]) { _, faulted, _ in
            #expect(faulted.json["status"] == "waiting")
        }
    }

    @Test("A poll can be about another id, or know none", .timeLimit(.minutes(1)))
    func ids() async throws {
        try await polls("wrong-id") { id, faulted, next in
            #expect(faulted.json["id"] == .string(id + "-other"))
            #expect(faulted.headers["x-inference-id"] == id + "-other")
            #expect(next.json["id"] == .string(id))
        }
        try await polls("not-found") { _, faulted, next in
            #expect(faulted.status == 404 && faulted.json["statusCode"] == 404)
            #expect(next.status == 200)
        }
    }

    @Test("An answer can be a page, nothing, or cut", .timeLimit(.minutes(1)))
    func bodies() async throws {
        try await polls("html") { _, faulted, _ in
            #expect(faulted.status == 200 && faulted.headers["content-type"] == "text/html" && faulted.isWhole)
        }
        try await polls("empty") { _, faulted, _ in
            #expect(faulted.status == 200 && faulted.body.isEmpty && faulted.isWhole)
        }
        try await polls("truncate", ["bytes": 10]) { _, faulted, next in
            #expect(faulted.status == 200 && faulted.body.count == 10)
            #expect(faulted.headers["content-length"] == next.headers["content-length"])
        }
    }

    @Test("A generation that a poll finds failed stays so and gives its price back", .timeLimit(.minutes(1)))
    func failed() async throws {
        let scenario = fault(.poll, "failed", ["message": "content policy", "from": 2])
        try await RunningSimulator.misbehaving(scenario) {
            $0.renderTime = .seconds(3600)
        } body: { simulator in
            let id = try #require(try await RawExchange.create(simulator).json["id"]?.stringValue)
            #expect(try await RawExchange.poll(simulator, id).json["status"] == "generating")
            #expect(try await simulator.stats()["in_flight"] == 1)
            for _ in 0..<2 {
                let polled = try await RawExchange.poll(simulator, id)
                #expect(polled.json["status"] == "error")
                #expect(polled.json["error"]?["message"] == "content policy")
                #expect(polled.headers["x-aimlapi-credits-used"] == "0")
            }
            #expect(try await simulator.stats()["in_flight"] == 0)
            #expect(try await simulator.send("GET", "/v2/billing").json["current_balance"] == 1_000_000)
            let row = try await simulator.send("GET", "/v2/logs?period=1h").json["data"]?.arrayValue?.first
            #expect(row?["status"] == "failed")
        }
    }
}
