import Foundation
import Jobs
import SystemPackage
import TestKit
import Testing

extension EndToEnd {
    /// Several inboxes under one service, each with its own outbox and defaults.
    @Suite(.serialized) struct InboxesTests {
        let root: TemporaryFolder
        let configuration: FilePath

        init() throws {
            root = try TemporaryFolder()
            configuration = try root.write(
                """
                state: state
                inboxes:
                  - name: commercials
                    inbox: a/inbox
                    outbox: a/outbox
                    defaults: { negative_prompt: "from commercials", duration: 10, cfg_scale: 0.25 }
                  - name: features
                    inbox: b/inbox
                    outbox: b/outbox
                    defaults:
                      negative_prompt: from features
                """, to: "hotreel.yaml")
            for name in ["a/inbox", "a/outbox", "b/inbox", "b/outbox"] { try root.folder(name) }
        }

        private func serving(_ body: (HotreelProcess) async throws -> Void) async throws {
            let ending = try await HotreelProcess.running(
                ["run", "--api-url", "local", "--config", configuration.string],
                environment: HotreelFolder.environment(), body)
            #expect(ending.status == 0, "\(ending.log)")
        }

        private func call(_ arguments: String...) async throws -> HotreelBinary.Answer {
            try await HotreelBinary.call(arguments + ["--config", configuration.string])
        }

        private func wait(_ what: String, until isSo: () async throws -> Bool) async throws {
            let deadline = ContinuousClock.now + .seconds(40)
            while try await !isSo() {
                guard .now < deadline else {
                    throw HotreelProcess.Failure(description: "Waited in vain for \(what).\nFiles: \(root.files())")
                }
                try await Task.sleep(for: .milliseconds(50))
            }
        }

        private func drop(_ sidecar: JSONValue, into inbox: String) async throws {
            try root.write(try await TestPictures.make(), to: "\(inbox)/shot.jpg")
            try root.write(Array(sidecar.text.utf8), to: "\(inbox)/shot.json")
        }

        private func receipt(_ outbox: String) throws -> JSONValue {
            try JSONDecoder().decode(
                JSONValue.self, from: Data(root.text(of: "\(outbox)/videos/shot.receipt.json").utf8))
        }

        @Test(
            "The same names in two inboxes, the outbox of one away over a restart: each drop its own way, the other's never waits",
            .enabled(if: SmallDisk.isAvailable, "\(SmallDisk.remedy)"), .timeLimit(.minutes(3)))
        func twoInboxes() async throws {
            let disk = try SmallDisk(bytes: 32 << 20)
            let share = root["a/outbox"]
            try disk.mount(at: share)
            defer { try? disk.unmount(from: share) }
            try await serving { service in
                try disk.unmount(from: share)
                try await drop(["prompt": "one", "duration": 5], into: "a/inbox")
                try await drop(["prompt": "two"], into: "b/inbox")
                try await wait("the video of the one that is there") {
                    root.exists("b/outbox/originals/shot.json")
                }
                // It is not taken while its outbox is away, since a refusal could not be told.
                _ = try await service.line("the outbox of commercials")
                let gates = try await call("status", "--json").json()["gates"]?.arrayValue ?? []
                #expect(gates.map { $0["gate"] } == ["outbox:commercials"])
                #expect(root.files(in: "a/outbox").isEmpty, "nothing is written beneath the mount point")
            }
            // Ready, though one of two is away.
            try await serving { _ in
                try disk.mount(at: share)
                try await wait("the video of the one that was away") {
                    root.exists("a/outbox/originals/shot.json")
                }
                try await wait("an empty inbox") {
                    root.files(in: "a/inbox").isEmpty && root.files(in: "b/inbox").isEmpty
                }
            }

            let commercials = try receipt("a/outbox")
            #expect(commercials["inbox"] == "commercials")
            #expect(commercials["request"]?["prompt"] == "one")
            #expect(commercials["request"]?["negative_prompt"] == "from commercials")
            #expect(commercials["request"]?["cfg_scale"] == 0.25)
            #expect(commercials["request"]?["duration"] == 5, "the sidecar has the last word")
            let features = try receipt("b/outbox")
            #expect(features["inbox"] == "features")
            #expect(features["request"]?["prompt"] == "two")
            #expect(features["request"]?["negative_prompt"] == "from features")
            #expect(features["request"]?["cfg_scale"] == nil)

            let jobs = try await call("jobs", "--json").json().arrayValue ?? []
            #expect(jobs.count == 2 && jobs.allSatisfy { $0["state"] == "delivered" && $0["name"] == "shot" })
            #expect(Set(jobs.map { $0["inbox"]?.stringValue }) == ["commercials", "features"])
            let listed = try await call("jobs", "--json", "--folder", "features:").json().arrayValue ?? []
            #expect(listed.map { $0["inbox"] } == ["features"])
            let shown = try await call("show", "commercials:shot", "--json").json()
            #expect(shown["inbox"] == "commercials" && shown["id"] == commercials["job"])

            for (outbox, name) in [("a/outbox", "commercials"), ("b/outbox", "features")] {
                let status = try JSONDecoder().decode(
                    JSONValue.self, from: Data(root.text(of: "\(outbox)/status.json").utf8))
                #expect(status["inbox"] == .string(name))
                #expect(status["jobs"]?["delivered"] == 1)
                #expect(status["spend"]?["month"]?["in_flight"] == 0)
            }
            let audit = try await call("audit", "--json")
            #expect(audit.status == 0, "\(audit.output)\(audit.errors)")
            #expect(try audit.json()["exceptions"] == [] && audit.json()["videos"] == 2)
        }

        @Test("check knows the defaults of the inbox that a file lies in", .timeLimit(.minutes(1)))
        func check() async throws {
            try await drop(["prompt": "one"], into: "a/inbox")
            try await drop(["prompt": "two"], into: "b/inbox")
            let answer = try await call("check", "--json", root["a/inbox"].string, root["b/inbox"].string)
            #expect(answer.status == 0, "\(answer.errors)")
            let checks = try answer.json().arrayValue ?? []
            #expect(checks.map { $0["request"]?["negative_prompt"] } == ["from commercials", "from features"])
            #expect(checks.map { $0["request"]?["duration"] } == [10, nil])
            #expect(checks.map { $0["inbox"] } == ["commercials", "features"])
        }

        @Test("doctor looks at every inbox, and drop asks which one is meant", .timeLimit(.minutes(1)))
        func doctorAndDrop() async throws {
            let findings = try await call("doctor", "--json", "--api-url", "local").json()["findings"]?.arrayValue ?? []
            for name in ["commercials", "features"] {
                let own = findings.filter { $0["inbox"] == .string(name) }
                #expect(own.contains { $0["check"] == "inbox_write" && $0["level"] == "ok" })
                #expect(own.allSatisfy { $0["message"]?.stringValue?.hasPrefix("\(name): ") == true })
            }
            #expect(findings.contains { $0["check"] == "state_space" && $0["inbox"] == nil })

            let picture = try root.write(try await TestPictures.make(), to: "shot.jpg").string
            let sidecar = try root.write("{\"prompt\": \"one\"}", to: "shot.json").string
            var answer = try await call("drop", picture, sidecar)
            #expect(answer.status == 64 && answer.errors.contains("--into: commercials, features"), "\(answer.errors)")
            answer = try await call("drop", picture, sidecar, "--into", "movies")
            #expect(answer.status == 64 && answer.errors.contains("no inbox movies"), "\(answer.errors)")
            answer = try await call("drop", picture, sidecar, "--into", "features")
            #expect(answer.status == 0, "\(answer.errors)")
            #expect(root.files(in: "b/inbox") == ["shot.jpg", "shot.json"])
            #expect(root.files(in: "a/inbox").isEmpty)
        }

        @Test("--inbox and --outbox choose the one inbox without a name", .timeLimit(.minutes(1)))
        func single() async throws {
            let ending = try await HotreelProcess.running(
                [
                    "run", "--api-url", "local", "--config", configuration.string, "--inbox", root["c/inbox"].string,
                    "--outbox", root["c/outbox"].string,
                ], environment: HotreelFolder.environment()
            ) { _ in
                try await drop(["prompt": "three"], into: "c/inbox")
                try await wait("the video") { root.exists("c/outbox/originals/shot.json") }
            }
            #expect(ending.status == 0, "\(ending.log)")
            #expect(try receipt("c/outbox")["inbox"] == nil)
            #expect(try await call("jobs", "--json").json().arrayValue?.map { $0["inbox"] } == [nil])

            // As one of several from now on, it is still known by what it made.
            try root.write(
                """
                state: state
                inboxes:
                  - { name: first, formerly: "", inbox: c/inbox, outbox: c/outbox }
                  - { name: second, inbox: b/inbox, outbox: b/outbox }
                """, to: "hotreel.yaml")
            try await serving { _ in }
            let audit = try await call("audit", "--json")
            #expect(audit.status == 0, "\(audit.output)\(audit.errors)")
            #expect(try audit.json()["videos"] == 1)
            #expect(try audit.json()["notes"] == [])
        }

        private static let refused: [(yaml: String, words: [String])] = [
            (
                "inbox: in\ninboxes:\n  - {name: a, inbox: a, outbox: b}",
                ["inbox (", "line 1", "list of inboxes", "Take inbox out"]
            ),
            ("outbox: out\ninboxes:\n  - {name: a, inbox: a, outbox: b}", ["outbox (", "list of inboxes"]),
            ("inboxes: a", ["inboxes (", "line 1", "list of inboxes", "- name:"]),
            ("inboxes: []", ["inboxes (", "- name:"]),
            ("inboxes:\n  - {inbox: a, outbox: b}", ["inboxes.name", "line 2", "needs a name"]),
            ("inboxes:\n  - {name: two words, inbox: a, outbox: b}", ["inboxes.name", "two words", "1 to 64"]),
            (
                "inboxes:\n  - {name: a, inbox: a, outbox: b}\n  - {name: a, inbox: c, outbox: d}",
                ["inboxes.a", "line 3", "two inboxes of this name"]
            ),
            (
                "inboxes:\n  - {name: a, inbox: a, outbox: b}\n  - {name: c, formerly: [x, a], inbox: c, outbox: d}",
                ["inboxes.c", "“a”", "line 3", "two inboxes of this name"]
            ),
            (
                "inboxes:\n  - {name: a, formerly: a/b, inbox: a, outbox: b}",
                ["inboxes.a.formerly", "a/b", "never the name"]
            ),
            ("inboxes:\n  - {name: a, inbox: a}", ["inboxes.a.outbox", "outbox of its own"]),
            ("inboxes:\n  - {name: a, inbox: a, outbox: b, default: {}}", ["default", "Did you mean defaults?"]),
            (
                "inboxes:\n  - name: a\n    inbox: a\n    outbox: b\n    defaults: {duration: 7}",
                ["inboxes.a.defaults.duration", "7", "5"]
            ),
            (
                "inboxes:\n  - name: a\n    inbox: a\n    outbox: b\n    defaults: {negativ_prompt: x}",
                ["inboxes.a.defaults", "negative_prompt"]
            ),
            (
                "inboxes:\n  - name: a\n    inbox: a\n    outbox: b\n    defaults: {tail_image_url: end.png}",
                ["inboxes.a.defaults", "end.png", "_hotreel.json"]
            ),
            (
                "inboxes:\n  - name: a\n    inbox: a\n    outbox: b\n    budget: {dailyCredits: lots}",
                ["inboxes.a.budget.dailyCredits", "lots"]
            ),
            (
                "inboxes:\n  - {name: a, inbox: a, outbox: b}\n  - {name: c, inbox: b/c, outbox: d}",
                ["inbox of c", "inside the outbox of a", "beside one another"]
            ),
            (
                "inboxes:\n  - {name: a, inbox: a, outbox: b}\n  - {name: c, inbox: c, outbox: b}",
                ["outbox of", "inside the outbox of", "beside one another"]
            ),
            ("inboxess:\n  - {name: a, inbox: a, outbox: b}", ["Did you mean inboxes?"]),
        ]

        @Test(
            "A list of inboxes that cannot be is refused with its line, its rule and what to do",
            .timeLimit(.minutes(1)))
        func refusals() async throws {
            for (yaml, words) in Self.refused {
                let folder = try TemporaryFolder()
                let file = try folder.write(yaml + "\nstate: state\n", to: "hotreel.yaml")
                let answer = try await HotreelBinary.call(["run", "--api-url", "local", "--config", file.string])
                #expect(answer.status == 78, "\(yaml)\n\(answer.errors)")
                for word in words { #expect(answer.errors.contains(word), "\(yaml)\n\(answer.errors)") }
                #expect(folder.files() == ["hotreel.yaml"])
            }
        }
    }
}
