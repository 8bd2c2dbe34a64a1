import Jobs
import TestKit
import Testing

extension EndToEnd {
    /// What questions and downloads can meet at the far end: what is paid for is brought home, and nothing is sent again.
    @Suite(.serialized) struct AskingFaultTests {
        private func fault(
            _ operation: String, _ kind: String, _ more: [String: JSONValue] = [:]
        ) -> (prompt: String, document: JSONValue) {
            let details = more.filter { $0.key != "times" }.values.map { $0.stringValue ?? $0.text }.sorted()
            let prompt = "«\(([kind] + details).joined(separator: " "))»"
            let fixed: [String: JSONValue] = [
                "operation": .string(operation), "fault": .string(kind), "prompt": .string(prompt),
            ]
            return (prompt, .object(fixed.merging(more) { $1 }))
        }

        /// A drop for each fault, all at once; each delivered, the same video as the one that met none, and sent once.
        private func meet(
            _ faults: [(prompt: String, document: JSONValue)], settings: [String: String] = [:]
        ) async throws -> [String] {
            let folder = try HotreelFolder()
            let prompts = ["none"] + Set(faults.map(\.prompt)).sorted()
            let scenario: JSONValue = ["faults": .array(faults.map(\.document))]
            return try await HotreelStandIn.running("--instant", "--render-time", "500ms", scenario: scenario) {
                standIn in
                for (number, prompt) in prompts.enumerated() {
                    try await folder.drop(pair: "shot\(number)", prompt: prompt)
                }
                let log = try await folder.serving(api: standIn.url, settings: settings, key: "any") { _ in
                    try await folder.waitUntilSettled(prompts.count)
                }
                try await standIn.expectPaidOnce(prompts)
                #expect(try await standIn.posts() == prompts.count)
                let whole = try folder.bytes("outbox/videos/shot0.mp4")
                for (number, prompt) in prompts.enumerated() {
                    let name = "outbox/videos/shot\(number).mp4"
                    #expect(try folder.root.exists(name) && folder.bytes(name) == whole, "\(prompt)")
                }
                #expect(folder.root.files(in: "outbox/errors").isEmpty)
                try await folder.expectInOrder(standIn)
                return log.split(separator: "\n").map(String.init)
            }
        }

        @Test("Whatever answers a question about a generation, Hotreel keeps asking", .timeLimit(.minutes(2)))
        func polls() async throws {
            let envelopes = ["statusCode", "title", "array", "string", "html", "none"]
            let statuses = zip([400, 401, 403, 404, 408, 409, 429, 500, 502, 503, 504, 524], envelopes + envelopes)
            _ = try await meet(
                statuses.map { status, envelope in
                    fault("poll", "status", ["status": .integer(status), "envelope": .string(envelope), "times": 2])
                } + [
                    fault("poll", "status", ["status": 503, "headers": ["Retry-After": "1"]]),
                    fault("poll", "unknown-status", ["times": 3]), fault("poll", "upper-case"),
                    fault("poll", "backwards", ["times": 3]), fault("poll", "completed-without-url", ["times": 2]),
                    fault("poll", "wrong-id", ["times": 2]), fault("poll", "not-found", ["times": 2]),
                    fault("poll", "html", ["times": 2]), fault("poll", "empty"),
                    fault("poll", "huge", ["bytes": 3_000_000]), fault("poll", "truncate"),
                    fault("poll", "wrong-length"),
                    fault("poll", "drop"), fault("poll", "late", ["delay": "700ms"]),
                    fault("poll", "drip", ["bytes": 100, "delay": "10ms"]),
                ])
        }

        @Test("Whatever comes of a download, the whole video arrives", .timeLimit(.minutes(2)))
        func downloads() async throws {
            let log = try await meet(
                [
                    fault("download", "expired"), fault("download", "truncate"),
                    fault("download", "truncate", ["bytes": 0]),
                    fault("download", "wrong-length"), fault("download", "wrong-length", ["bytes": 10_000_000]),
                    fault("download", "drip", ["bytes": 4000, "delay": "5ms"]), fault("download", "html"),
                    fault("download", "empty"), fault("download", "huge"), fault("download", "garbage"),
                    fault("download", "redirect"), fault("download", "redirect-loop"),
                    fault("download", "redirect-file"),
                    fault("download", "drop"), fault("download", "late", ["delay": "1s"]),
                    fault("download", "status", ["status": 404, "envelope": "html"]),
                    fault("download", "status", ["status": 410, "envelope": "none"]),
                    fault("download", "status", ["status": 403]), fault("download", "status", ["status": 500]),
                    fault("download", "status", ["status": 503, "headers": ["Retry-After": "1"]]),
                ], settings: ["DELIVERY_MAX_BYTES": "3000000"])
            #expect(!log.contains { $0.contains("root:") })
        }

        @Test("A download that broke off goes on also where ranges are ignored", .timeLimit(.minutes(1)))
        func ignoredRange() async throws {
            _ = try await meet([
                fault("download", "truncate", ["bytes": 20_000]),
                (
                    prompt: "again",
                    document: ["operation": "download", "fault": "truncate", "prompt": "again", "bytes": 20_000]
                ),
                (
                    prompt: "again",
                    document: [
                        "operation": "download", "fault": "ignore-range", "prompt": "again", "from": 2,
                        "times": "always",
                    ]
                ),
            ])
        }

        @Test(
            "A video that never comes is told as paid and not retrieved, keeps its id, and is fetched on retry",
            .timeLimit(.minutes(2)))
        func notRetrieved() async throws {
            let folder = try HotreelFolder()
            let scenario: JSONValue = ["faults": [["operation": "download", "fault": "garbage", "times": "always"]]]
            try await HotreelStandIn.running("--instant", scenario: scenario) { standIn in
                try await folder.drop(pair: "shot")
                let settings = ["DELIVERY_PATIENCE": "1s"]
                try await folder.serving(api: standIn.url, settings: settings, key: "any") { _ in
                    try await folder.waitUntilSettled(1)
                }
                let job = try #require(try await folder.jobs().first)
                #expect(job["state"] == "failed" && job["generation_id"]?.stringValue != nil)
                let report = try folder.root.text(of: "outbox/errors/shot.error.txt")
                #expect(report.contains("paid for, but could not be fetched") && report.contains("hotreel retry"))
                try await folder.expectNoLitter()
                try await standIn.scenario([:])
                #expect(try await folder.call("retry", job["id"]?.stringValue ?? "").status == 0)
                try await folder.serving(api: standIn.url, settings: settings, key: "any") { _ in
                    try await folder.wait(for: "videos/shot.receipt.json")
                    try await folder.waitUntilSettled(1)
                }
                #expect(states(try await folder.jobs()) == ["shot": "delivered"])
                try await standIn.expectPaidOnce(["shot"])
                #expect(try await standIn.posts() == 1)
                try await folder.expectNoLitter()
            }
        }
    }
}
