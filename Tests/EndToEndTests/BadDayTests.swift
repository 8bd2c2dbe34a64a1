import Foundation
import Jobs
import TestKit
import Testing

extension EndToEnd {
    /// Trouble with the world: nothing fails, people are told once, and work goes on by itself.
    @Suite(.serialized) struct BadDayTests {
        let folder: HotreelFolder

        init() throws { folder = try HotreelFolder() }

        /// A notification hook that keeps what it is told, a line each.
        private func hook() throws -> [String: String] {
            let script = try folder.root.write(
                "#!/bin/sh\ntr -d '\\n' >> '\(folder.root["notices"].string)'\necho >> '\(folder.root["notices"].string)'\n",
                to: "hook")
            #expect(script.withPlatformString { chmod($0, 0o755) } == 0)
            return ["NOTIFY_COMMAND": script.string]
        }

        /// What the hook was told, in order.
        private func notices() throws -> [JSONValue] {
            guard folder.root.exists("notices") else { return [] }
            return try folder.root.text(of: "notices").split(separator: "\n").map {
                try JSONDecoder().decode(JSONValue.self, from: Data($0.utf8))
            }
        }

        private func warnings(_ log: String, about gate: String) -> [String] {
            log.split(separator: "\n").map(String.init).filter {
                $0.contains("warning: waiting for") && $0.contains(gate)
            }
        }

        @Test(
            "Credit runs out at job 7 of 300: the rest waits, one message, and after a top-up all are delivered",
            .timeLimit(.minutes(3)))
        func outOfCredit() async throws {
            let names = (0..<300).map { "shot\($0)" }
            // Five seconds cost 630,000 credits, and a dollar is 2,000,000.
            let scenario: JSONValue = ["balance": .number(7 * 630_000 / 2_000_000)]
            try await HotreelStandIn.running("--instant", scenario: scenario) { standIn in
                for name in names { try await folder.drop(pair: name) }
                let log = try await folder.serving(api: standIn.url, settings: try hook(), key: "any") { service in
                    _ = try await service.line("warning: waiting for")
                    try await folder.wait("seven videos and everything claimed") {
                        folder.root.files(in: "outbox/videos").count == 14
                            && folder.root.files(in: "inbox").allSatisfy {
                                $0.hasPrefix(".hotreel/")
                            }
                    }
                    let before = try await standIn.posts()
                    try await Task.sleep(for: .seconds(3))
                    let jobs = states(try await folder.jobs()).values
                    #expect(jobs.count { $0 == "delivered" } == 7 && jobs.count { $0 == "queued" } == 293)
                    // Those that were on their way when the first was refused, and a probe now and then.
                    let probes = try await standIn.posts() - before
                    #expect(before <= 7 + 8 + 6 && probes <= 4)
                    #expect(try notices().map { $0["event"] } == ["gate_closed"])
                    #expect(try notices().first?["gate"] == "credit")
                    let status = try folder.json("outbox/status.json")
                    #expect(status["gates"]?.arrayValue?.map { $0["gate"] } == ["credit"])
                    #expect(try await folder.call("status").output.contains("waiting for credit"))
                    try await standIn.topUp(1000)
                    try await folder.waitUntilSettled(300, within: .seconds(120))
                }
                #expect(warnings(log, about: "credit").count == 1)
                #expect(try notices().map { $0["event"] } == ["gate_closed", "gate_opened"])
                try await standIn.expectPaidOnce(names)
                let jobs = try await folder.jobs()
                #expect(jobs.count == 300 && jobs.allSatisfy { $0["state"] == "delivered" })
                #expect(folder.root.files(in: "outbox/errors").isEmpty)
                try await folder.expectInOrder(standIn)
            }
        }

        @Test("A key that is not accepted stops nothing but the clock, also over a restart", .timeLimit(.minutes(1)))
        func badKey() async throws {
            try await HotreelStandIn.running("--instant", "--key", "good") { standIn in
                let log = try await folder.serving(api: standIn.url, settings: try hook(), key: "bad") { service in
                    for name in ["one", "two", "three"] { try await folder.drop(pair: name) }
                    _ = try await service.line("warning: waiting for")
                    try await folder.wait("all to be claimed") { try await folder.jobs().count == 3 }
                    try await folder.wait("a notice") { try notices().count == 1 }
                    #expect(states(try await folder.jobs()).values.allSatisfy { $0 == "queued" })
                }
                #expect(warnings(log, about: "key").count == 1)
                #expect(try notices().map { $0["gate"] } == ["key"])
                #expect(try await standIn.paid() == [])
                // Told once, over restarts too.
                let again = try await folder.serving(api: standIn.url, settings: try hook(), key: "bad") { _ in
                    let before = try await standIn.posts()
                    try await folder.wait("a probe") { try await standIn.posts() > before }
                }
                #expect(warnings(again, about: "key").isEmpty)
                #expect(try notices().count == 1)
                try await folder.serving(api: standIn.url, settings: try hook(), key: "good") { _ in
                    try await folder.waitUntilSettled(3)
                }
                try await standIn.expectPaidOnce(["one", "two", "three"])
                #expect(try notices().map { $0["event"] } == ["gate_closed", "gate_opened"])
                #expect(try await folder.jobs().allSatisfy { $0["state"] == "delivered" })
                try await folder.expectInOrder(standIn, key: "good")
            }
        }

        @Test("An API that is not there is waited for, before and between jobs", .timeLimit(.minutes(1)))
        func unreachable() async throws {
            let memory = try TemporaryFolder()
            let port = try await HotreelStandIn.running { standIn in
                String(standIn.url.split(separator: ":").last ?? "")
            }
            let kept = ["--instant", "--port", port, "--directory", memory["stand-in"].string]
            let log = try await folder.serving(api: "http://127.0.0.1:\(port)", key: "any") { service in
                try await folder.drop(pair: "early")
                _ = try await service.line("warning: waiting for")
                #expect(states(try await folder.jobs()) == ["early": "queued"])
                try await HotreelStandIn.running(options: kept + ["--render-time", "2s"]) { _ in
                    _ = try await service.line("early: accepted")
                }
                // It goes down with a job of ours, and comes back.
                try await folder.wait("the gate to be told") {
                    try folder.json("outbox/status.json")["gates"]?.arrayValue?.map { $0["gate"] } == ["api"]
                }
                #expect(states(try await folder.jobs()) == ["early": "generating"])
                try await folder.drop(pair: "late")
                _ = try await service.line("late: claimed")
                try await HotreelStandIn.running(options: kept) { standIn in
                    try await folder.waitUntilSettled(2)
                    try await standIn.expectPaidOnce(["early", "late"])
                    try await folder.expectInOrder(standIn)
                }
            }
            #expect(!log.contains("unconfirmed"))
            #expect(try await folder.jobs().allSatisfy { $0["state"] == "delivered" })
        }

        @Test("429 with Retry-After in either form is heeded, for all and to the second", .timeLimit(.minutes(1)))
        func retryAfter() async throws {
            let date = DateFormatter()
            date.locale = Locale(identifier: "en_US_POSIX")
            date.timeZone = TimeZone(secondsFromGMT: 0)
            date.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
            for form in ["3", date.string(from: Date().addingTimeInterval(60))] {
                let folder = try HotreelFolder()
                let isDate = form != "3"
                let scenario: JSONValue = [
                    "faults": [
                        [
                            "operation": "create", "fault": "status", "status": 429,
                            "headers": ["Retry-After": .string(form)],
                        ]
                    ]
                ]
                try await HotreelStandIn.running("--instant", scenario: scenario) { standIn in
                    try await folder.serving(
                        api: standIn.url, settings: ["API_SUBMITS_PER_SECOND": "4"], key: "any"
                    ) { service in
                        for name in ["one", "two", "three"] { try await folder.drop(pair: name) }
                        _ = try await service.line("warning: waiting for")
                        // Longer than any probe of ours would wait by itself.
                        try await Task.sleep(for: .seconds(1.5))
                        #expect(try await standIn.posts() == 1)
                        if !isDate { try await folder.waitUntilSettled(3) }
                    }
                    #expect(try await standIn.paid().count == (isDate ? 0 : 3))
                    #expect(try await standIn.posts() == (isDate ? 1 : 4))
                    #expect(
                        states(try await folder.jobs()).values.allSatisfy { $0 == (isDate ? "queued" : "delivered") })
                }
            }
        }

        @Test("An API that takes four at a time gets four at a time, and makes all forty", .timeLimit(.minutes(2)))
        func fourAtATime() async throws {
            let names = (0..<40).map { "shot\($0)" }
            try await HotreelStandIn.running(
                "--instant", "--render-time", "500ms", scenario: ["maxInFlight": 4]
            ) { standIn in
                for name in names { try await folder.drop(pair: name) }
                try await folder.serving(api: standIn.url, key: "any") { _ in
                    try await folder.waitUntilSettled(40, within: .seconds(90))
                }
                try await standIn.expectPaidOnce(names)
                #expect(try await folder.jobs().allSatisfy { $0["state"] == "delivered" })
                // Forty that were taken, and few that were not.
                #expect(try await standIn.posts() < 80)
                try await folder.expectInOrder(standIn)
            }
        }
    }
}
