import Jobs
import TestKit
import Testing

extension EndToEnd {
    /// A start that cannot be ends with 78, the place, the rule and the remedy, before anything is touched.
    @Suite(.serialized) struct RefusedStartTests {
        let folder: HotreelFolder

        init() throws { folder = try HotreelFolder() }

        private func expectRefusal(
            _ arguments: [String], environment: [String: String] = [:], words: String...,
            sourceLocation: SourceLocation = #_sourceLocation
        ) async throws {
            let answer = try await HotreelBinary.call(arguments, environment: environment)
            #expect(answer.status == 78, "\(answer.errors)", sourceLocation: sourceLocation)
            for word in words {
                #expect(answer.errors.contains(word), "\(answer.errors)", sourceLocation: sourceLocation)
            }
            #expect(!answer.errors.contains("ready"), sourceLocation: sourceLocation)
        }

        @Test("Without a key the paid API is not tried, and the message says where to put one", .timeLimit(.minutes(1)))
        func noKey() async throws {
            try folder.drop(try await TestPictures.make(), "shot.jpg")
            try folder.drop(sidecar(), "shot.json")
            try await expectRefusal(["run"] + folder.options, words: "AIML_API_KEY", "api.keyFile", "--api-url local")
            try await expectRefusal(
                ["run"] + folder.options, environment: ["AIML_API_KEY": "two words"], words: "AIML_API_KEY",
                "no key has")
            #expect(folder.root.files(in: "inbox") == ["shot.jpg", "shot.json"])
        }

        @Test("An unknown setting is refused with its place and the nearest known one", .timeLimit(.minutes(1)))
        func unknownSetting() async throws {
            let file = try folder.root.write("intake:\n  setle: 2s\n", to: "hotreel.yaml").string
            try await expectRefusal(
                ["run", "--config", file, "--api-url", "local"] + folder.options,
                words: "intake.setle", "hotreel.yaml line 2", "Did you mean intake.settle?")
            try await expectRefusal(
                ["run", "--api-url", "local"] + folder.options, environment: ["HOTREEL_INTAKE_SETLE": "2s"],
                words: "HOTREEL_INTAKE_SETLE", "Did you mean HOTREEL_INTAKE_SETTLE?")
        }

        @Test("A setting that cannot be read is refused with its value and how to write it", .timeLimit(.minutes(1)))
        func badValue() async throws {
            try await expectRefusal(
                ["run", "--api-url", "local"] + folder.options, environment: ["HOTREEL_INTAKE_SETTLE": "2 parsecs"],
                words: "intake.settle (HOTREEL_INTAKE_SETTLE)", "2 parsecs", "500ms")
            try await expectRefusal(
                ["run", "--api-url", "http://api.example.com"] + folder.options, words: "unencrypted", "https://")
        }

        @Test(
            "Rights that are none, and a group that is not there, are refused", .timeLimit(.minutes(1)),
            arguments: [
                ("MODE", "rw-rw-r--"), ("MODE", "0775"), ("MODE", "2664"), ("MODE", "0066"), ("MODE", "64"),
                ("GROUP", "nobody-has-this-group"),
            ])
        func badRights(key: String, value: String) async throws {
            try await expectRefusal(
                ["run", "--api-url", "local"] + folder.options, environment: ["HOTREEL_DELIVERY_\(key)": value],
                words: "delivery.\(key.lowercased())", value)
        }

        @Test(
            "Inbox, outbox and state must lie beside one another", .timeLimit(.minutes(1)),
            arguments: [
                ("outbox/inbox", "outbox", "state", "inbox", "inside the outbox"),
                ("inbox", "inbox/outbox", "state", "outbox", "inside the inbox"),
                ("inbox", "outbox", "inbox/.state", "state", "inside the inbox"),
                ("inbox", "inbox", "state", "inbox", "inside"),
            ])
        func nested(inbox: String, outbox: String, state: String, named: String, words: String) async throws {
            let root = try TemporaryFolder()
            try await expectRefusal(
                [
                    "run", "--api-url", "local", "--inbox", root[inbox].string, "--outbox", root[outbox].string,
                    "--state", root[state].string,
                ], words: named, words, "beside one another")
            #expect(root.files().isEmpty)
        }
    }
}
