import Jobs
import TestKit
import Testing

extension EndToEnd {
    /// What a request can meet at the far end, each through the whole program: what was paid, what was sent, what people see.
    @Suite(.serialized) struct CreateFaultTests {
        /// What is to become of a drop whose first request meets the fault.
        enum Outcome {
            /// Surely not taken, and the drop's fault: given back at once, with the API's words.
            case refused
            /// Surely not taken, and not its fault: sent again.
            case sentAgain
            /// Taken: found and fetched, whatever the answer looked like.
            case fetched
            /// Nobody can know: it waits for a person, who says that it was not taken.
            case asked
        }

        struct Fault: Sendable, CustomStringConvertible {
            let description: String
            let document: [String: JSONValue]
            let outcome: Outcome

            init(_ kind: String, _ outcome: Outcome, _ more: [String: JSONValue] = [:]) {
                let details = more.filter { $0.key != "accepted" }.values.map { $0.stringValue ?? $0.text }.sorted()
                description = ([kind] + details + (more["accepted"] == nil ? [] : ["accepted"])).joined(separator: " ")
                document = ["operation": "create", "fault": .string(kind)].merging(more) { $1 }
                self.outcome = outcome
            }

            static func status(_ status: Int, _ envelope: String, _ outcome: Outcome) -> Fault {
                var more: [String: JSONValue] = ["status": .integer(status), "envelope": .string(envelope)]
                if outcome == .fetched { more["accepted"] = true }
                return Fault("status", outcome, more)
            }

            var json: JSONValue { .object(document.merging(["prompt": .string("«\(description)»")]) { $1 }) }
            var prompt: String { "«\(description)»" }
        }

        static let envelopes = ["statusCode", "title", "array", "string", "html", "none"]
        static let faults: [Fault] =
            envelopes.map { .status(400, $0, .refused) } + [
                .status(413, "html", .refused), .status(422, "array", .refused),
                .status(401, "statusCode", .sentAgain), .status(401, "html", .sentAgain),
                .status(402, "title", .sentAgain),
                .status(403, "title", .sentAgain), .status(403, "html", .sentAgain), .status(404, "html", .sentAgain),
                .status(405, "none", .sentAgain), .status(429, "string", .sentAgain), .status(429, "none", .sentAgain),
                .status(302, "html", .asked),
                .status(408, "none", .fetched), .status(409, "title", .fetched), .status(500, "statusCode", .fetched),
                .status(500, "array", .asked), .status(502, "html", .fetched), .status(503, "none", .asked),
                .status(503, "title", .fetched), .status(504, "html", .fetched), .status(524, "string", .fetched),
                Fault("hang", .fetched, ["accepted": true]), Fault("hang", .asked),
                Fault("drop", .fetched, ["accepted": true]), Fault("drop", .asked),
                Fault("late", .fetched, ["delay": "500ms"]), Fault("late", .fetched, ["delay": "2s"]),
                Fault("no-id", .fetched), Fault("no-id-at-all", .fetched),
                Fault("empty", .fetched, ["accepted": true]), Fault("html", .fetched, ["accepted": true]),
                Fault("huge", .fetched, ["accepted": true, "bytes": 3_000_000]), Fault("truncate", .fetched),
                Fault("wrong-length", .fetched), Fault("drip", .fetched, ["bytes": 100, "delay": "10ms"]),
            ]

        @Test(
            "Whatever answers a request, it is paid for once, and sent again only where it was surely not taken",
            .timeLimit(.minutes(3)))
        func faults() async throws {
            let scenario: JSONValue = ["faults": .array(Self.faults.map(\.json))]
            try await HotreelStandIn.running("--instant", scenario: scenario) { standIn in
                try await inLanes(Self.faults, 8) { try await meet($0, standIn) }
                try await standIn.expectPaidOnce(Self.faults.filter { $0.outcome != .refused }.map(\.prompt))
                let twice = Self.faults.count { $0.outcome == .sentAgain || $0.outcome == .asked }
                #expect(try await standIn.posts() == Self.faults.count + twice)
                #expect(try await standIn.stats()["faulted_creates"] == .integer(Self.faults.count))
            }
        }

        private func meet(_ fault: Fault, _ standIn: HotreelStandIn) async throws {
            let folder = try HotreelFolder()
            try await folder.drop(pair: "shot", prompt: fault.prompt)
            let settings = ["API_SUBMIT_TIMEOUT": "1s", "API_LOOKUP_PATIENCE": "1s"]
            try await folder.serving(api: standIn.url, settings: settings, key: "any") { _ in
                do {
                    if fault.outcome == .asked {
                        try await folder.wait("a word for the admin") {
                            try await folder.jobs().first?["reason"]?.stringValue?.contains("--not-billed") ?? false
                        }
                    } else {
                        try await folder.waitUntilSettled(1, within: .seconds(30))
                    }
                } catch {
                    throw HotreelProcess.Failure(description: "\(fault): \(error)")
                }
            }
            if fault.outcome == .asked {
                #expect(try await folder.jobs().first?["state"] == "unconfirmed", "\(fault)")
                #expect(try await folder.call("status").output.contains("hotreel resolve"), "\(fault)")
                #expect(try await folder.call("resolve", "shot", "--not-billed").status == 0, "\(fault)")
                try await folder.serving(api: standIn.url, settings: settings, key: "any") { _ in
                    try await folder.waitUntilSettled(1)
                }
            }
            let job = try #require(try await folder.jobs().first)
            #expect(job["state"] == (fault.outcome == .refused ? "failed" : "delivered"), "\(fault): \(job)")
            if fault.outcome == .refused {
                let report = try folder.root.text(of: "outbox/errors/shot.error.txt")
                let words = ["html": "4", "none": "HTTP 4"][fault.document["envelope"]?.stringValue ?? ""]
                #expect(
                    report.contains(words ?? "Bad Request") || report.contains("Unprocessable"), "\(fault): \(report)")
            }
            try await folder.expectInOrder()
        }

        @Test(
            "A connection that is reset in mid-request leaves it unknown, and is no reason to send again",
            .timeLimit(.minutes(1)))
        func reset() async throws {
            let scenario: JSONValue = ["faults": [["operation": "create", "fault": "drop-early"]]]
            let folder = try HotreelFolder()
            try await HotreelStandIn.running("--instant", scenario: scenario) { standIn in
                try await folder.serving(
                    api: standIn.url, settings: ["API_LOOKUP_PATIENCE": "1s"], key: "any"
                ) { service in
                    // Larger than what the kernel takes in without anybody reading.
                    try folder.drop(
                        try await TestPictures.make(.png, size: "1600x1200", filter: "noise=alls=80"), "shot.png")
                    try folder.drop(sidecar(), "shot.json")
                    try await folder.wait("a word for the admin") {
                        try await folder.jobs().first?["reason"]?.stringValue?.contains("--not-billed") ?? false
                    }
                    #expect(try await standIn.posts() == 1)
                    // Others go on.
                    try await folder.drop(pair: "next")
                    try await folder.wait(for: "videos/next.receipt.json")
                }
                try await standIn.expectPaidOnce(["next"])
                #expect(try await standIn.posts() == 2)
            }
        }

        @Test(
            "A request whose answer was lost is found in the log, however late it appears there",
            .timeLimit(.minutes(1)),
            arguments: [["lag": "2s"], ["until": "ended"]] as [[String: JSONValue]])
        func lateLog(logs: [String: JSONValue]) async throws {
            let folder = try HotreelFolder()
            let scenario: JSONValue = [
                "faults": [["operation": "create", "fault": "status", "status": 504, "accepted": true, "times": 3]],
                "logs": .object(logs),
            ]
            try await HotreelStandIn.running("--instant", "--render-time", "2s", scenario: scenario) { standIn in
                let names = ["one", "two", "three", "four"]
                for name in names { try await folder.drop(pair: name) }
                try await folder.serving(api: standIn.url, key: "any") { _ in
                    try await folder.waitUntilSettled(4)
                }
                try await standIn.expectPaidOnce(names)
                #expect(try await standIn.posts() == 4)
                #expect(try await folder.jobs().allSatisfy { $0["state"] == "delivered" })
                try await folder.expectInOrder(standIn)
            }
        }

        @Test(
            "One that the log never shows waits for a person, who names its generation, and it is fetched",
            .timeLimit(.minutes(1)))
        func missingLog() async throws {
            let folder = try HotreelFolder()
            let scenario: JSONValue = [
                "faults": [["operation": "create", "fault": "drop", "accepted": true]], "logs": ["missing": true],
            ]
            try await HotreelStandIn.running("--instant", scenario: scenario) { standIn in
                try await folder.drop(pair: "shot")
                try await folder.serving(
                    api: standIn.url, settings: ["API_LOOKUP_PATIENCE": "1s"], key: "any"
                ) { _ in
                    try await folder.wait("a word for the admin") {
                        try await folder.jobs().first?["reason"]?.stringValue?.contains("--generation ID") ?? false
                    }
                    try await folder.wait("the share to say so") {
                        try folder.json("outbox/status.json")["waiting"]?.arrayValue?.first?["reason"]?.stringValue?
                            .contains("hotreel resolve") ?? false
                    }
                }
                let job = try #require(try await folder.jobs().first)
                #expect(job["state"] == "unconfirmed" && job["client_request_id"]?.stringValue != nil)
                let accepted = try #require(try await standIn.requests().first)
                #expect(accepted["client_request_id"] == job["client_request_id"])
                let generation = accepted["inference_id"]?.stringValue ?? ""
                // An id may begin with a dash.
                let answer = try await folder.call(
                    "resolve", job["id"]?.stringValue ?? "", "--generation=\(generation)")
                #expect(answer.status == 0, "\(answer.errors)")
                try await folder.serving(api: standIn.url, key: "any") { _ in try await folder.waitUntilSettled(1) }
                #expect(try folder.receipt("shot")["generation_id"] == .string(generation))
                try await standIn.expectPaidOnce(["shot"])
                #expect(try await standIn.posts() == 1)
                try await folder.expectInOrder(standIn)
            }
        }
    }
}
