import AsyncHTTPClient
import Foundation
import Jobs
import Logging
import ServiceLifecycle
import Simulator
import TestKit
import Testing

@Suite struct ScenarioTests {
    @Test("More generations at once than allowed are answered 429 without Retry-After", .timeLimit(.minutes(1)))
    func maxInFlight() async throws {
        try await RunningSimulator.misbehaving(["maxInFlight": 2]) {
            $0.renderTime = .seconds(3600)
        } body: { simulator in
            for _ in 0..<2 { #expect(try await RawExchange.create(simulator).status == 200) }
            let third = try await RawExchange.create(simulator)
            #expect(third.status == 429 && third.headers["retry-after"] == nil)
            #expect(try await simulator.stats()["in_flight"] == 2)
            let lifted = try await simulator.send(
                "POST", "/_simulator/scenario", body: Data(#"{"maxInFlight":null}"#.utf8))
            #expect(lifted.status == 200 && lifted.json["accepted"] == 2)
            #expect(try await RawExchange.create(simulator).status == 200)
        }
    }

    @Test("A balance runs out, is told, and takes a top-up", .timeLimit(.minutes(1)))
    func balance() async throws {
        try await RunningSimulator.misbehaving(["balance": 0.7]) { simulator in
            for _ in 0..<2 { #expect(try await RawExchange.create(simulator).status == 200) }
            let refused = try await RawExchange.create(simulator)
            #expect(refused.status == 403)
            #expect(refused.json["error"]?["data"]?["kind"] == "err_insufficent_credits")
            #expect(try await simulator.send("GET", "/v2/billing").json["current_balance"] == .number(0.07))
            let topUp = try await simulator.send("POST", "/_simulator/balance", body: Data(#"{"usd":0.56}"#.utf8))
            #expect(topUp.json == ["current_balance": .number(0.63), "currency": "USD"])
            let statuses = [
                try await RawExchange.create(simulator).status, try await RawExchange.create(simulator).status,
                try await RawExchange.create(simulator).status,
            ]
            #expect(statuses == [200, 200, 403])
            #expect(try await simulator.stats()["accepted"] == 4)
        }
    }

    @Test("A row among past requests can lag, wait for the end, or never come", .timeLimit(.minutes(1)))
    func logs() async throws {
        @Sendable func rows(_ simulator: RunningSimulator) async throws -> Int? {
            try await simulator.send("GET", "/v2/logs?period=1h").json["pagination"]?["total"]?.integerValue
        }
        try await RunningSimulator.misbehaving(["logs": ["lag": "1h", "prompt": "slow"]]) { simulator in
            _ = try await RawExchange.create(simulator, prompt: "slow one")
            _ = try await RawExchange.create(simulator, prompt: "quick one")
            #expect(try await rows(simulator) == 1)
            for (logs, count) in [(#"{"lag":"0s"}"#, 2), (#"{"missing":true}"#, 0), ("null", 2)] {
                let document = Data(#"{"logs":\#(logs)}"#.utf8)
                #expect(try await simulator.send("POST", "/_simulator/scenario", body: document).status == 200)
                #expect(try await rows(simulator) == count)
            }
        }
        try await RunningSimulator.misbehaving(["logs": ["until": "ended"]]) {
            $0.renderTime = .seconds(3600)
        } body: { simulator in
            let id = try #require(try await RawExchange.create(simulator).json["id"]?.stringValue)
            #expect(try await rows(simulator) == 0)
            let failing = Data(fault(.poll, "failed").text.utf8)
            #expect(try await simulator.send("POST", "/_simulator/scenario", body: failing).status == 200)
            #expect(try await RawExchange.poll(simulator, id).json["status"] == "error")
            #expect(try await rows(simulator) == 1)
        }
    }

    @Test("A scenario told at run time takes the faults' place and begins to count anew", .timeLimit(.minutes(1)))
    func atRunTime() async throws {
        try await RunningSimulator.misbehaving(fault(.billing, "status", ["status": 500, "times": "always"])) {
            simulator in
            #expect(try await simulator.send("GET", "/v2/billing").status == 500)
            let other = Data(fault(.billing, "status", ["status": 502]).text.utf8)
            for _ in 0..<2 {
                #expect(try await simulator.send("POST", "/_simulator/scenario", body: other).status == 200)
                #expect(try await simulator.send("GET", "/v2/billing").status == 502)
                #expect(try await simulator.send("GET", "/v2/billing").status == 200)
            }
            let wrong = try await simulator.send("POST", "/_simulator/scenario", body: Data(#"{"fault":[]}"#.utf8))
            #expect(wrong.status == 400)
            let problem = wrong.json["problems"]?.arrayValue?.first
            #expect(problem?["key"] == "fault" && problem?["value"] == "[]")
        }
    }

    @Test("What a client request id was accepted for twice is counted", .timeLimit(.minutes(1)))
    func doubles() async throws {
        try await RunningSimulator.misbehaving([:]) { simulator in
            for id in ["a", "b", "a", "a"] {
                _ = try await RawExchange.create(simulator, headers: ["X-Client-Request-Id": id])
            }
            #expect(try await simulator.stats()["double_creates"] == ["a": 3])
        }
    }

    @Test("Generations that take an hour are under way together, and looked up page by page", .timeLimit(.minutes(1)))
    func manyInFlight() async throws {
        let count = 800
        try await RunningSimulator.misbehaving([:]) {
            $0.renderTime = .seconds(3600)
        } body: { simulator in
            let body = Data(createBody(image: "https://example.com/a.png").text.utf8)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        for _ in 0..<(count / 8) {
                            let answer = try await simulator.send("POST", "/v2/video/generations", body: body)
                            #expect(answer.status == 200)
                        }
                    }
                }
                try await group.waitForAll()
            }
            let stats = try await simulator.stats()
            #expect(stats["accepted"] == .integer(count) && stats["in_flight"] == .integer(count))
            let last = try await simulator.send("GET", "/v2/logs?period=1h&limit=100&offset=\(count - 100)")
            #expect(last.json["data"]?.arrayValue?.count == 100)
            #expect(last.json["pagination"]?["has_more"] == false)
        }
    }

    @Test("Requests that hang, drip or never end do not hold up its shutdown", .timeLimit(.minutes(1)))
    func shutdown() async throws {
        let scenario: JSONValue = [
            "faults": [
                ["operation": "billing", "fault": "hang"],
                ["operation": "billing", "from": 2, "fault": "drip", "bytes": 1, "delay": "1h"],
                ["operation": "billing", "from": 3, "fault": "late", "delay": "1h"],
                ["operation": "billing", "from": 4, "fault": "huge"],
            ]
        ]
        var configuration = SimulatorConfiguration()
        configuration.scenario = try Scenario(Array(scenario.text.utf8), file: "scenario.json")
        let (ports, ready) = AsyncStream.makeStream(of: Int.self)
        let logger = Logger(label: "simulator") { _ in SwiftLogNoOpLogHandler() }
        let services = ServiceGroup(
            services: [Simulator(configuration: configuration, logger: logger) { ready.yield($0) }], logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await services.run() }
            let running = RunningSimulator(port: try #require(await ports.first { _ in true }))
            for _ in 0..<4 {
                group.addTask {
                    var request = HTTPClientRequest(url: "http://127.0.0.1:\(running.port)/v2/billing")
                    request.headers.add(name: "Authorization", value: "Bearer any")
                    // An answer, if there is one, is left unread.
                    let response = try? await HTTPClient.shared.execute(request, timeout: .seconds(50))
                    try? await Task.sleep(for: .seconds(3600))
                    _ = response
                }
            }
            while try await running.stats()["billing"] != 4 { await Task.yield() }
            await services.triggerGracefulShutdown()
            try await group.next()
            group.cancelAll()
        }
    }

    @Test(
        "A restart in the same folder keeps what was spent, what has failed and what has expired",
        .timeLimit(.minutes(1)))
    func restart() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path
        let scenario: JSONValue = [
            "faults": [
                ["operation": "poll", "prompt": "fails", "fault": "failed"],
                ["operation": "download", "fault": "expired"],
            ],
            "balance": 1,
        ]
        let ids = AsyncStream.makeStream(of: [String].self)
        try await RunningSimulator.misbehaving(scenario) {
            $0.directory = path
            $0.renderTime = .milliseconds(1)
        } body: { simulator in
            let failing = try #require(try await RawExchange.create(simulator, prompt: "fails").json["id"]?.stringValue)
            let fine = try #require(try await RawExchange.create(simulator).json["id"]?.stringValue)
            _ = try await RawExchange.poll(simulator, failing)
            let url = try await url(simulator, fine)
            #expect(try await RawExchange.download(simulator, url).status == 403)
            ids.continuation.yield([failing, fine, url])
        }
        let kept = try #require(await ids.stream.first { _ in true })
        try await RunningSimulator.misbehaving(["balance": 1]) {
            $0.directory = path
            $0.queueTime = .milliseconds(1)
        } body: { simulator in
            #expect(try await simulator.send("GET", "/v2/billing").json["current_balance"] == .number(0.685))
            #expect(try await RawExchange.poll(simulator, kept[0]).json["status"] == "error")
            let old = kept[2].replacing(/http:\/\/127\.0\.0\.1:[0-9]+/, with: "")
            #expect(try await RawExchange.download(simulator, old).status == 403)
            let fresh = try await url(simulator, kept[1])
            #expect(try await RawExchange.download(simulator, fresh).isWhole)
        }
    }

    private func url(_ simulator: RunningSimulator, _ id: String) async throws -> String {
        while true {
            if let url = try await RawExchange.poll(simulator, id).json["video"]?["url"]?.stringValue { return url }
        }
    }
}
