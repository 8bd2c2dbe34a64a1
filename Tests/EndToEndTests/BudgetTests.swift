import Jobs
import TestKit
import Testing

extension EndToEnd {
    /// Money: what may be spent, and what need not be.
    @Suite(.serialized) struct BudgetTests {
        let folder: HotreelFolder

        init() throws { folder = try HotreelFolder() }

        @Test(
            "Over budget drops wait with their reason, whole days if need be, and a raised budget lets them go on",
            .timeLimit(.minutes(1)))
        func daily() async throws {
            try await HotreelStandIn.running("--instant") { standIn in
                // The stand-in charges 630,000 credits for five seconds.
                let twoVideos = ["BUDGET_DAILY_CREDITS": "1300000", "BUDGET_CREDITS_PER_SECOND": "126000"]
                let names = (1...5).map { "shot\($0)" }
                try await folder.serving(api: standIn.url, settings: twoVideos, key: "any") { _ in
                    for name in names { try await folder.drop(pair: name) }
                    try await folder.wait("two videos and three that wait") {
                        let states = states(try await folder.jobs()).values
                        return states.count { $0 == "delivered" } == 2 && states.count { $0 == "held" } == 3
                    }
                    #expect(try await standIn.posts() == 2)
                    for job in try await folder.jobs() where job["state"] == "held" {
                        #expect(
                            job["reason"]?.stringValue?.contains("today's budget is 1,300,000 credits") == true,
                            "\(job)")
                    }
                    let status = try await folder.call("status")
                    #expect(status.output.contains("held        3") && status.output.contains("today's budget"))
                    #expect(status.output.contains("1,260,000 credits for 2 videos"), "\(status.output)")
                    let json = try await folder.call("status", "--json").json()
                    #expect(json["spend"]?["today"]?["credits"] == 1_260_000)
                }
                // The same budget again changes nothing.
                try await folder.serving(api: standIn.url, settings: twoVideos, key: "any") { _ in
                    try await folder.wait("the held ones to have been looked at again") {
                        states(try await folder.jobs()).values.count { $0 == "held" } == 3
                    }
                }
                #expect(try await standIn.posts() == 2)
                let more = ["BUDGET_DAILY_CREDITS": "10000000"]
                try await folder.serving(api: standIn.url, settings: more, key: "any") { _ in
                    try await folder.waitUntilSettled(5)
                }
                try await standIn.expectPaidOnce(names)
                #expect(try await standIn.posts() == 5)
                #expect(states(try await folder.jobs()).values.allSatisfy { $0 == "delivered" })
                try await folder.expectInOrder(standIn)
            }
        }

        @Test("A folder's own budget holds its drops back and no others", .timeLimit(.minutes(1)))
        func folders() async throws {
            try await HotreelStandIn.running("--instant") { standIn in
                try folder.root.write(
                    "budget:\n  folders:\n    tests:\n      dailyCredits: 1\n", to: "hotreel.yaml")
                let configuration = ["--config", folder.root["hotreel.yaml"].string]
                _ = try await HotreelProcess.running(
                    ["run", "--api-url", standIn.url] + folder.options + configuration,
                    environment: HotreelFolder.environment(key: "any")
                ) { _ in
                    try await folder.drop(pair: "shot", prompt: "trial", in: "tests")
                    try await folder.drop(pair: "shot", prompt: "film", in: "films")
                    try await folder.wait(for: "videos/films/shot.receipt.json")
                    try await folder.wait("the other one to be held") {
                        try await folder.jobs().contains { $0["state"] == "held" && $0["folder"] == "tests" }
                    }
                }
                try await standIn.expectPaidOnce(["film"])
            }
        }

        @Test("Uncertain requests and those under way count as spent", .timeLimit(.minutes(1)))
        func underWay() async throws {
            let scenario: JSONValue = [
                "faults": [["operation": "create", "fault": "status", "status": 500, "accepted": true]],
                "logs": ["missing": true],
            ]
            try await HotreelStandIn.running("--instant", scenario: scenario) { standIn in
                try await folder.serving(
                    api: standIn.url, settings: ["BUDGET_DAILY_CREDITS": "1000000"], key: "any"
                ) { service in
                    try await folder.drop(pair: "lost")
                    _ = try await service.line("unconfirmed")
                    try await folder.drop(pair: "next")
                    _ = try await service.line("next: held")
                }
                #expect(states(try await folder.jobs()) == ["lost": "unconfirmed", "next": "held"])
                try await standIn.expectPaidOnce(["lost"])
                #expect(try await standIn.posts() == 1)
            }
        }

        @Test(
            "The same pair again gets the same video for nothing, also at the same time, and fetched anew once the first is gone",
            .timeLimit(.minutes(1)))
        func duplicates() async throws {
            let reuse = ["INTAKE_DUPLICATES": "reuse"]
            try await HotreelStandIn.running("--instant") { standIn in
                try await folder.serving(api: standIn.url, settings: reuse, key: "any") { _ in
                    try await folder.drop(pair: "one", prompt: "twins")
                    try await folder.drop(pair: "two", prompt: "twins")
                    try await folder.waitUntilSettled(2)
                    #expect(try await standIn.posts() == 1)
                    try await folder.drop(pair: "one", prompt: "twins")
                    try await folder.waitUntilSettled(3)
                    #expect(try await standIn.posts() == 1)
                    for name in ["one", "two", "one (2)"] {
                        #expect(folder.root.exists("outbox/videos/\(name).mp4"), "\(name)")
                        #expect(try folder.bytes("outbox/videos/\(name).mp4") == folder.bytes("outbox/videos/one.mp4"))
                    }
                    let receipts = try ["one", "two", "one (2)"].map { try folder.receipt($0) }
                    #expect(receipts.count { $0["credits"] == 630_000 } == 1)
                    #expect(receipts.count { $0["credits"] == 0 } == 2)
                    #expect(Set(receipts.map { $0["generation_id"] ?? .null }).count == 1)
                    for receipt in receipts where receipt["credits"] == 0 {
                        #expect(receipt.text.contains("nothing was paid"), "\(receipt)")
                    }
                }
                // People take their videos away.
                for name in folder.root.files(in: "outbox/videos") {
                    folder.root.remove("outbox/videos/\(name)")
                }
                try await folder.serving(api: standIn.url, settings: reuse, key: "any") { _ in
                    try await folder.drop(pair: "three", prompt: "twins")
                    try await folder.waitUntilSettled(4)
                }
                try await standIn.expectPaidOnce(["twins"])
                #expect(try await standIn.posts() == 1)
                try await folder.expectInOrder(standIn)
            }
        }

        @Test("again: true asks anew, and so does a change of a single word", .timeLimit(.minutes(1)))
        func again() async throws {
            try await HotreelStandIn.running("--instant") { standIn in
                try await folder.serving(
                    api: standIn.url, settings: ["INTAKE_DUPLICATES": "reuse"], key: "any"
                ) { _ in
                    try await folder.drop(pair: "one", prompt: "calm")
                    try await folder.waitUntilSettled(1)
                    try await folder.drop(pair: "two", prompt: "calm", ["hotreel": ["again": true]])
                    try await folder.drop(pair: "three", prompt: "stormy")
                    try await folder.waitUntilSettled(3)
                }
                #expect(try await standIn.paid() == ["calm", "calm", "stormy"])
                #expect(try await standIn.posts() == 3)
                try await folder.expectInOrder(standIn)
            }
        }

        @Test("One that waits for a twin's video asks for its own when the twin gets none", .timeLimit(.minutes(1)))
        func twinFails() async throws {
            let scenario: JSONValue = ["faults": [["operation": "poll", "fault": "failed"]]]
            try await HotreelStandIn.running("--instant", "--render-time", "1s", scenario: scenario) { standIn in
                let jobs = try await folder.serving(
                    api: standIn.url, settings: ["INTAKE_DUPLICATES": "reuse"], key: "any"
                ) { _ in
                    try await folder.drop(pair: "one", prompt: "twins")
                    try await folder.drop(pair: "two", prompt: "twins")
                    try await folder.waitUntilSettled(2)
                }
                #expect(jobs.contains("did not get one"))
                #expect(states(try await folder.jobs()).values.sorted() == ["delivered", "failed"])
                // Both were asked for, and the one that failed cost nothing.
                #expect(try await standIn.posts() == 2)
                try await folder.expectInOrder(standIn)
            }
        }

        @Test("hold: true waits for release and for nothing else", .timeLimit(.minutes(1)))
        func held() async throws {
            try await HotreelStandIn.running("--instant") { standIn in
                try await folder.serving(api: standIn.url, key: "any") { service in
                    try await folder.drop(pair: "shot", ["hotreel": ["hold": true]])
                    _ = try await service.line("shot: claimed")
                }
                // Neither time nor a restart is a release.
                try await folder.serving(api: standIn.url, key: "any") { _ in
                    let job = try #require(try await folder.jobs().first)
                    #expect(job["state"] == "held" && job["reason"]?.stringValue?.contains("releases it") == true)
                    #expect(try await standIn.posts() == 0)
                }
                #expect(try await folder.call("release", "shot").status == 0)
                try await folder.serving(api: standIn.url, key: "any") { _ in try await folder.waitUntilSettled(1) }
                try await standIn.expectPaidOnce(["shot"])
                try await folder.expectInOrder(standIn)
            }
        }
    }
}
