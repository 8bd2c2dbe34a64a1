import Foundation
import Jobs
import Simulator
import Testing

@Suite struct PollFaultTests {
    /// What a fault makes of the poll of a finished generation, and what the next says.
    private struct Polls: Sendable {
        let simulator: RunningSimulator
        let id: String

        func callAsFunction(_ kind: String, _ more: [String: JSONValue] = [:]) async throws -> (
            RawExchange, RawExchange
        ) {
            try await simulator.play(fault(.poll, kind, more))
            return (try await RawExchange.poll(simulator, id), try await RawExchange.poll(simulator, id))
        }
    }

    private func polling(_ body: @Sendable (Polls) async throws -> Void) async throws {
        try await RunningSimulator.misbehaving([:]) { simulator in
            let id = try #require(try await RawExchange.create(simulator).json["id"]?.stringValue)
            try await body(Polls(simulator: simulator, id: id))
        }
    }

    @Test("A poll can say what no schema knows, and the next says how it is", .timeLimit(.minutes(1)))
    func statuses() async throws {
        try await polling { polls in
            for (kind, status) in [
                ("unknown-status", "thinking"), ("upper-case", "COMPLETED"), ("backwards", "queued"),
                ("completed-without-url", "completed"),
            ] {
                let (faulted, next) = try await polls(kind)
                #expect(faulted.status == 200)
                #expect(faulted.json["status"] == .string(status))
                #expect(faulted.json["id"] == .string(polls.id))
                #expect((faulted.json["video"]?["url"] != nil) == (kind == "upper-case"), "\(kind)")
                #expect(next.json["status"] == "completed")
                #expect(next.json["video"]?["url"] != nil)
            }
            let (waiting, _) = try await polls("unknown-status", ["message": "waiting"])
            #expect(waiting.json["status"] == "waiting")
        }
    }

    @Test("A poll can be about another id, or know none", .timeLimit(.minutes(1)))
    func ids() async throws {
        try await polling { polls in
            let (wrong, right) = try await polls("wrong-id")
            #expect(wrong.json["id"] == .string(polls.id + "-other"))
            #expect(wrong.headers["x-inference-id"] == polls.id + "-other")
            #expect(right.json["id"] == .string(polls.id))
            let (missing, there) = try await polls("not-found")
            #expect(missing.status == 404 && missing.json["statusCode"] == 404)
            #expect(there.status == 200)
        }
    }

    @Test("An answer can be a page, nothing, or cut", .timeLimit(.minutes(1)))
    func bodies() async throws {
        try await polling { polls in
            let (page, _) = try await polls("html")
            #expect(page.status == 200 && page.headers["content-type"] == "text/html" && page.isWhole)
            let (empty, _) = try await polls("empty")
            #expect(empty.status == 200 && empty.body.isEmpty && empty.isWhole)
            let (cut, whole) = try await polls("truncate", ["bytes": 10])
            #expect(cut.status == 200 && cut.body.count == 10)
            #expect(cut.headers["content-length"] == whole.headers["content-length"])
        }
    }

    @Test("Where nothing takes time a generation can fail as well", .timeLimit(.minutes(1)))
    func failedAtOnce() async throws {
        try await polling { polls in
            let (first, second) = try await polls("failed")
            #expect(first.json["status"] == "error" && second.json["status"] == "error")
            #expect(first.json["video"] == .null && first.json["error"]?["message"] != nil)
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
