import Jobs
import Pipeline
import TestKit
import Testing

extension EndToEnd {
    /// Ended as by a power cut at every moment at which it would do something of its own.
    @Suite(.serialized) struct CrashTests {
        /// What befalls a drop, so that it comes to a step.
        enum Fate: String {
            case delivered, refused, failing, uncertain, repeated, held

            init(_ step: Step) {
                self =
                    switch step {
                    case .refused: .refused
                    case .failed, .reported, .sourcesGivenBack, .settled: .failing
                    case .unconfirmed, .lookedUp, .adopted: .uncertain
                    case .reuseFound: .repeated
                    case .held: .held
                    default: .delivered
                    }
            }
        }

        private static let scenario: JSONValue = [
            "faults": [
                ["operation": "create", "prompt": "refused", "fault": "status", "status": 400, "times": "always"],
                [
                    "operation": "create", "prompt": "uncertain", "fault": "status", "status": 502, "envelope": "html",
                    "accepted": true, "times": "always",
                ],
                ["operation": "poll", "prompt": "failing", "fault": "failed", "times": "always"],
            ]
        ]

        @Test("Killed at any step, a restart ends the job, paid once, with nothing lost", .timeLimit(.minutes(5)))
        func crash() async throws {
            let moments = Step.allCases.map { ($0, $0.rawValue) } + [(Step.sourceTaken, "source-taken:2")]
            try await HotreelStandIn.running("--instant", "--render-time", "300ms", scenario: Self.scenario) {
                standIn in
                try await inLanes(moments) { step, moment in
                    try await crash(at: moment, step, standIn)
                }
                // Nothing but the drops of this test, and the second try of the one that was resolved.
                let expected = moments.filter { Fate($0.0) != .refused }.map { Self.prompt(Fate($0.0), $0.1) }
                try await standIn.expectPaidOnce(expected)
            }
        }

        private static func prompt(_ fate: Fate, _ moment: String) -> String { "\(fate.rawValue) at \(moment)" }

        private func crash(at moment: String, _ step: Step, _ standIn: HotreelStandIn) async throws {
            let folder = try HotreelFolder()
            let fate = Fate(step)
            let names = fate == .repeated ? ["first", "shot"] : ["shot"]
            var settings = ["INTAKE_DUPLICATES": "reuse"]
            if fate == .repeated {
                try await folder.drop(pair: "first", prompt: Self.prompt(fate, moment))
                try await folder.serving(api: standIn.url, settings: settings, key: "any") { _ in
                    try await folder.waitUntilSettled(1)
                }
            }
            try await folder.drop(pair: "shot", prompt: Self.prompt(fate, moment))
            settings["CRASH_AT"] = moment
            if fate == .held { settings["BUDGET_DAILY_CREDITS"] = "1" }
            let ending = try await folder.running(api: standIn.url, settings: settings, key: "any", after: nil) {
                service in
                #expect(await service.ends(within: .seconds(30)), "\(moment) was never reached")
            }
            #expect(ending.status == nil, "\(moment): \(ending.log)")
            settings["CRASH_AT"] = nil
            settings["BUDGET_DAILY_CREDITS"] = nil
            if step == .marked { try await resolve(folder, standIn, settings) }
            try await folder.serving(api: standIn.url, settings: settings, key: "any") { _ in
                do {
                    try await folder.waitUntilSettled(names.count, within: .seconds(30))
                } catch {
                    throw HotreelProcess.Failure(description: "\(moment): \(error)")
                }
            }
            let jobs = try await folder.jobs()
            let isFailed = fate == .refused || fate == .failing
            #expect(
                jobs.map { $0["state"] } == names.map { _ in isFailed ? "failed" : "delivered" }, "\(moment): \(jobs)")
            let place = isFailed ? "errors" : "originals"
            let reports = isFailed ? ["shot.error.json", "shot.error.txt"] : []
            #expect(
                folder.root.files(in: "outbox/\(place)")
                    == (names.flatMap { ["\($0).jpg", "\($0).json"] } + reports).sorted(),
                "\(moment)")
            let videos = folder.root.files(in: "outbox/videos").filter { $0.hasSuffix(".mp4") }
            #expect(videos == (isFailed ? [] : names.map { "\($0).mp4" }.sorted()), "\(moment)")
            try await folder.expectInOrder()
        }

        /// Ended after the mark and before the request: nobody can know, so it waits visibly, and a person says so.
        private func resolve(_ folder: HotreelFolder, _ standIn: HotreelStandIn, _ settings: [String: String])
            async throws
        {
            let log = try await folder.serving(
                api: standIn.url, settings: settings.merging(["API_LOOKUP_PATIENCE": "1s"]) { $1 }, key: "any"
            ) { _ in
                try await folder.wait("a word for the admin") {
                    try await folder.jobs().first?["reason"]?.stringValue?.contains("hotreel resolve") ?? false
                }
            }
            #expect(!log.contains("accepted by the API"))
            let job = try #require(try await folder.jobs().first)
            #expect(job["state"] == "unconfirmed")
            let answer = try await folder.call("resolve", job["id"]?.stringValue ?? "", "--not-billed")
            #expect(answer.status == 0, "\(answer.errors)")
        }
    }
}

/// Does the same for many, a few at a time, because most of it is waiting.
func inLanes<Item: Sendable>(
    _ items: [Item], _ lanes: Int = 4, _ work: @escaping @Sendable (Item) async throws -> Void
) async throws {
    try await withThrowingTaskGroup { group in
        var rest = items[...]
        for item in rest.prefix(lanes) { group.addTask { try await work(item) } }
        rest = rest.dropFirst(lanes)
        for try await _ in group {
            if let item = rest.popFirst() { group.addTask { try await work(item) } }
        }
    }
}
