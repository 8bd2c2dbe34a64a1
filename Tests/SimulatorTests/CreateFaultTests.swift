import Foundation
import Jobs
import Simulator
import TestKit
import Testing

@Suite struct CreateFaultTests {
    @Test("A create that is met with a status leaves nothing, and the next one is taken", .timeLimit(.minutes(1)))
    func refused() async throws {
        let scenario = fault(
            .create, "status", ["status": 503, "message": "Upstream is down", "headers": ["Retry-After": "2"]])
        try await RunningSimulator.misbehaving(scenario) { simulator in
            let first = try await RawExchange.create(simulator)
            #expect(first.status == 503)
            #expect(first.headers["retry-after"] == "2")
            #expect(first.json["statusCode"] == 503)
            #expect(first.json["message"] == "Upstream is down")
            #expect(try await RawExchange.create(simulator).status == 200)
            let stats = try await simulator.stats()
            #expect(stats["accepted"] == 1)
            #expect(stats["faulted_creates"] == 1)
            #expect(stats["create_answers"] == ["503": 1, "200": 1])
        }
    }

    @Test("With accepted the generation is made, billed and logged all the same", .timeLimit(.minutes(1)))
    func accepted() async throws {
        let scenario = fault(.create, "status", ["status": 524, "envelope": "html", "accepted": true])
        try await RunningSimulator.misbehaving(scenario) { simulator in
            let answer = try await RawExchange.create(simulator, headers: ["X-Client-Request-Id": "one"])
            #expect(answer.status == 524)
            #expect(answer.headers["x-inference-id"] == nil)
            #expect(String(decoding: answer.body, as: UTF8.self).hasPrefix("<html>"))
            let row = try await simulator.send("GET", "/v2/logs?period=1h").json["data"]?.arrayValue?.first
            #expect(row?["client_request_id"] == "one")
            #expect(try await simulator.send("GET", "/v2/billing").json["current_balance"] == .number(999_999.685))
            let id = try #require(row?["inference_id"]?.stringValue)
            #expect(try await simulator.poll(id).json["status"] == "completed")
        }
    }

    @Test("Every envelope of the vendor's can be had, with every status", .timeLimit(.minutes(1)))
    func envelopes() async throws {
        func entry(_ status: JSONValue, _ envelope: JSONValue, _ more: [String: JSONValue] = [:]) -> JSONValue {
            let fault: [String: JSONValue] = [
                "operation": "billing", "fault": "status", "status": status, "envelope": envelope,
            ]
            return .object(fault.merging(more) { $1 })
        }
        let entries: [JSONValue] = [
            entry(403, "title", ["name": "OutOfFundsException", "kind": "err_insufficent_credits", "message": "no"]),
            entry(429, "array", ["message": "slower"]), entry(500, "string"), entry(502, "html"), entry(204, "none"),
        ]
        // Each counts what the others take, so the n-th begins with the n-th request.
        let faults = entries.enumerated().map { index, entry in
            JSONValue.object((entry.objectValue ?? [:]).merging(["from": .integer(index + 1)]) { $1 })
        }
        try await RunningSimulator.misbehaving(["faults": .array(faults)]) { simulator in
            var answers: [RawExchange] = []
            for _ in faults { answers.append(try await RawExchange(simulator, "GET", "/v2/billing")) }
            #expect(answers.map(\.status) == [403, 429, 500, 502, 204])
            #expect(answers[0].json["title"] == "Forbidden")
            #expect(answers[0].json["status"] == 403)
            #expect(
                answers[0].json["error"] == [
                    "name": "OutOfFundsException", "message": "no", "data": ["kind": "err_insufficent_credits"],
                ])
            #expect(answers[1].json["message"] == ["slower"])
            #expect(answers[2].json["statusCode"] == "500")
            #expect(answers[3].headers["content-type"] == "text/html")
            #expect(answers[4].body.isEmpty)
            #expect(try await simulator.send("GET", "/v2/billing").status == 200)
        }
    }

    @Test(
        "A dropped create is read whole and never answered", .timeLimit(.minutes(1)), arguments: [true, false])
    func dropped(accepted: Bool) async throws {
        try await RunningSimulator.misbehaving(fault(.create, "drop", ["accepted": .bool(accepted)])) { simulator in
            let answer = try await RawExchange.create(simulator)
            #expect(answer.status == nil && answer.body.isEmpty)
            let stats = try await simulator.stats()
            #expect(stats["accepted"] == (accepted ? 1 : 0))
            #expect(stats["create_answers"] == ["none": 1])
        }
    }

    @Test("A connection is closed before the body has come", .timeLimit(.minutes(1)))
    func droppedEarly() async throws {
        try await RunningSimulator.misbehaving(fault(.create, "drop-early")) { simulator in
            let answer = try await RawExchange(
                simulator, "POST", "/v2/video/generations", body: "the rest never comes", announcing: 1_000_000)
            #expect(answer.status == nil)
            #expect(try await RawExchange.create(simulator).status == 200)
            #expect(try await simulator.stats()["accepted"] == 1)
        }
    }

    @Test("A create that hangs is answered by nothing, and the client's going ends it", .timeLimit(.minutes(1)))
    func hangs() async throws {
        try await RunningSimulator.misbehaving(fault(.create, "hang", ["accepted": true])) { simulator in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { _ = try? await RawExchange.create(simulator) }
                while try await simulator.stats()["accepted"] == 0 { await Task.yield() }
                #expect(try await simulator.stats()["create_answers"] == [:])
                group.cancelAll()
                try await group.waitForAll()
            }
            while try await simulator.stats()["create_answers"] == [:] { await Task.yield() }
            #expect(try await simulator.stats()["create_answers"] == ["none": 1])
        }
    }

    @Test("A late answer is the usual one", .timeLimit(.minutes(1)))
    func late() async throws {
        try await RunningSimulator.misbehaving(fault(.create, "late", ["delay": "50ms"])) { simulator in
            let start = ContinuousClock.now
            let answer = try await RawExchange.create(simulator)
            #expect(start.duration(to: .now) >= .milliseconds(50))
            #expect(answer.json["status"] == "queued" && answer.isWhole)
        }
    }

    @Test("The id can be missing from the body, and from the headers as well", .timeLimit(.minutes(1)))
    func noID() async throws {
        try await RunningSimulator.misbehaving(fault(.create, "no-id")) { simulator in
            let answer = try await RawExchange.create(simulator)
            #expect(answer.status == 200 && answer.json["id"] == nil && answer.json["status"] == "queued")
            let id = try #require(answer.headers["x-inference-id"])
            #expect(try await RawExchange.poll(simulator, id).json["status"] == "completed")
        }
        try await RunningSimulator.misbehaving(fault(.create, "no-id-at-all")) { simulator in
            let answer = try await RawExchange.create(simulator)
            #expect(answer.status == 200 && answer.json["id"] == nil && answer.headers["x-inference-id"] == nil)
            #expect(try await simulator.stats()["accepted"] == 1)
        }
    }

    @Test("Faults hold by count, also among requests at one time", .timeLimit(.minutes(1)))
    func counts() async throws {
        let scenario = fault(.create, "status", ["status": 500, "from": 3, "times": 7, "accepted": true])
        try await RunningSimulator.misbehaving(scenario) { simulator in
            let statuses = try await withThrowingTaskGroup(of: Int?.self) { group in
                for _ in 0..<20 { group.addTask { try await RawExchange.create(simulator).status } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(statuses.count { $0 == 500 } == 7)
            #expect(statuses.count { $0 == 200 } == 13)
            #expect(try await simulator.stats()["accepted"] == 20)
        }
    }

    @Test("A fault with a prompt concerns only the generations of that prompt", .timeLimit(.minutes(1)))
    func prompts() async throws {
        let scenario: JSONValue = [
            "faults": [
                ["operation": "create", "prompt": "shot7", "fault": "status", "status": 500, "times": "always"],
                ["operation": "poll", "prompt": "shot8", "fault": "not-found", "times": "always"],
            ]
        ]
        try await RunningSimulator.misbehaving(scenario) { simulator in
            for _ in 0..<3 { #expect(try await RawExchange.create(simulator, prompt: "a shot7, calm").status == 500) }
            let eight = try #require(try await RawExchange.create(simulator, prompt: "shot8").json["id"]?.stringValue)
            let nine = try #require(try await RawExchange.create(simulator, prompt: "shot9").json["id"]?.stringValue)
            #expect(try await RawExchange.poll(simulator, eight).status == 404)
            #expect(try await RawExchange.poll(simulator, eight).status == 404)
            #expect(try await RawExchange.poll(simulator, nine).status == 200)
        }
    }

    @Test("Pictures of a create that comes to nothing are not kept", .timeLimit(.minutes(1)))
    func picturesGo() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path
        let image = try await TestPicture.jpegURI()
        try await RunningSimulator.misbehaving(fault(.create, "status", ["status": 500])) {
            $0.isInstant = false
            $0.directory = path
        } body: { simulator in
            let answer = try await simulator.create(createBody(image: image))
            #expect(answer.status == 500)
            #expect(folder.files().isEmpty)
        }
    }
}
