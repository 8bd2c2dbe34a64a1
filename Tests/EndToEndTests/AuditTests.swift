import Foundation
import Jobs
import TestKit
import Testing

extension EndToEnd {
    /// After whatever has happened, each file, job and paid video is accounted for; and what is not is named.
    @Suite(.serialized) struct AuditTests {
        let folder: HotreelFolder

        private static let reuse = ["INTAKE_DUPLICATES": "reuse"]

        init() throws { folder = try HotreelFolder() }

        private func drop(_ name: String, _ more: [String: JSONValue] = [:]) async throws {
            try folder.drop(try await TestPictures.make(), "\(name).jpg")
            try folder.drop(sidecar(["prompt": .string(name)].merging(more) { $1 }), "\(name).json")
        }

        private func audit(_ standIn: HotreelStandIn, _ more: String...) async throws -> HotreelBinary.Answer {
            try await HotreelBinary.call(
                ["audit", "--api-url", standIn.url] + more + folder.options,
                environment: HotreelFolder.environment(key: "any"))
        }

        @Test(
            "After deliveries, a refusal, variations and a kill all is accounted for; what is tampered with is named",
            .timeLimit(.minutes(2)))
        func life() async throws {
            try await HotreelStandIn.running("--render-time", "1s") { standIn in
                // One request and no more is on its way when it is killed: what is cut off cannot be told from what is paid.
                let slow = ["API_SUBMITS_PER_SECOND": "0.01"]
                let ending = try await folder.running(api: standIn.url, settings: slow, key: "any") { service in
                    try await drop("first")
                    try await drop("several", ["hotreel": ["variations": 2]])
                    try await drop("refused", ["duration": 7])
                    try await drop("waiting", ["hotreel": ["hold": true]])
                    _ = try await service.line("accepted by the API")
                    await service.kill()
                }
                #expect(ending.status == nil)
                // Nobody is at work, and files and jobs lie where the kill left them.
                let cut = try await audit(standIn, "--json")
                #expect(cut.status == 0, "\(cut.output)\(cut.errors)")

                try await folder.serving(api: standIn.url, key: "any") { _ in
                    let beside = try await audit(standIn)
                    #expect(beside.status == 0, "\(beside.output)\(beside.errors)")
                    _ = try await folder.waitUntilEnded(4)
                    try await folder.wait("the drops that are over to be settled") {
                        folder.claimedSources.count == 2
                    }
                }
                let answer = try await audit(standIn)
                #expect(answer.status == 0 && answer.errors.isEmpty, "\(answer.output)\(answer.errors)")
                #expect(answer.output.hasPrefix("5 jobs, "), "\(answer.output)")
                #expect(
                    answer.output.hasSuffix(
                        " 3 videos, \(try await standIn.requests().count) requests in the API's log looked at; everything is accounted for\n"
                    ), "\(answer.output)")
                try await tamper(standIn)
            }
        }

        private func tamper(_ standIn: HotreelStandIn) async throws {
            let video = try folder.bytes("outbox/videos/first.mp4")
            try folder.root.write(video + [0], to: "outbox/videos/first.mp4")
            let held = try #require(folder.claimedSources.first)
            try folder.root.write("something else", to: "inbox/.hotreel/\(held)")
            let named = try await audit(standIn)
            #expect(named.status == 65)
            #expect(named.output.contains("✗ video_changed: outbox/videos/first.mp4, job "), "\(named.output)")
            #expect(named.output.contains("✗ source_changed: inbox/.hotreel/\(held), job "), "\(named.output)")
            #expect(named.output.hasSuffix("2 exceptions\n"), "\(named.output)")

            let report = try await audit(standIn, "--json").json()
            #expect(
                Set(report.objectValue?.keys.map(\.self) ?? []) == [
                    "jobs", "files", "videos", "log_rows", "log_unread", "exceptions", "notes", "counts",
                ])
            let exceptions = report["exceptions"]?.arrayValue ?? []
            #expect(exceptions.count == 2)
            for exception in exceptions {
                #expect(
                    exception.objectValue.map { Set($0.keys) } == ["kind", "job", "file", "message", "remedy"])
            }
        }

        @Test(
            "Wherever a crash cuts it short, nothing is missing before the next start nor after it",
            .timeLimit(.minutes(1)),
            arguments: [
                "claim-recorded", "source-taken", "reuse-found", "answered", "name-recorded", "published:2",
                "receipt-written", "originals-placed", "originals-placed:2", "reported",
            ])
        func crash(step: String) async throws {
            try await HotreelStandIn.running { standIn in
                let ending = try await folder.running(
                    api: standIn.url, settings: Self.reuse.merging(["CRASH_AT": step]) { $1 }, key: "any"
                ) { service in
                    try await drop("first")
                    try await drop("twin", ["prompt": "first"])
                    try await drop("refused", ["duration": 7])
                    // Nothing says this; it is over when the service is.
                    _ = try? await service.line("\u{0}")
                }
                try #require(ending.status == nil, "\(ending.log)")
                let cut = try await audit(standIn, "--json")
                #expect(cut.status == 0, "\(cut.output)\(cut.errors)")
                try await folder.serving(api: standIn.url, settings: Self.reuse, key: "any") { _ in
                    try await folder.wait("all to have ended") {
                        try await resolveWhatNeverArrived(standIn)
                        let ended = try await folder.jobs().count {
                            ["delivered", "failed"].contains($0["state"]?.stringValue)
                        }
                        return ended == 3 && folder.root.files(in: "inbox/.hotreel").isEmpty
                    }
                }
                let whole = try await audit(standIn, "--json")
                #expect(whole.status == 0, "\(whole.output)\(whole.errors)")
                #expect(try whole.json()["notes"] == [], "\(whole.output)")
                #expect(try await standIn.requests().count == 1)
            }
        }

        /// A request that was cut off before it arrived cannot be told from a paid one; a person looks, and says so.
        private func resolveWhatNeverArrived(_ standIn: HotreelStandIn) async throws {
            guard try await standIn.requests().isEmpty else { return }
            for job in try await folder.jobs() where job["state"] == "unconfirmed" {
                _ = try await folder.call("resolve", job["id"]?.stringValue ?? "", "--not-billed")
            }
        }

        @Test("With the stand-in inside the service there is no log to read, and it says so", .timeLimit(.minutes(1)))
        func local() async throws {
            try await folder.serving { _ in
                try await drop("shot")
                try await folder.waitForVideos("shot")
            }
            let answer = try await folder.call("audit")
            #expect(answer.status == 0, "\(answer.output)\(answer.errors)")
            #expect(answer.output.contains("the API's log was not looked at: the stand-in lives inside the service"))
            #expect(answer.output.contains("1 jobs, ") && answer.output.contains("everything is accounted for"))
            #expect(try await folder.call("audit", "--since", "yesterday").status == 64)
        }

        @Test(
            "A log that does not answer is no proof: it ends with 69, and with 0 when it is left out",
            .timeLimit(.minutes(1)))
        func unread() async throws {
            let url = try await HotreelStandIn.running { standIn in
                try await folder.serving(api: standIn.url, key: "any") { _ in
                    try await drop("shot")
                    try await folder.waitForVideos("shot")
                }
                return standIn.url
            }
            let environment = HotreelFolder.environment(key: "any")
            let arguments = ["audit", "--api-url", url] + folder.options
            let unread = try await HotreelBinary.call(arguments, environment: environment)
            #expect(unread.status == 69 && unread.errors.contains("--offline"), "\(unread.output)\(unread.errors)")
            let offline = try await HotreelBinary.call(arguments + ["--offline"], environment: environment)
            #expect(offline.status == 0, "\(offline.output)\(offline.errors)")
            let keyless = try await HotreelBinary.call(arguments)
            #expect(keyless.status == 0 && keyless.output.contains("there is no key to ask with"), "\(keyless.errors)")
        }

        @Test("Where the outbox is gone it says so, and names no file as lost", .timeLimit(.minutes(1)))
        func gone() async throws {
            try await folder.serving { _ in
                try await drop("shot")
                try await folder.waitForVideos("shot")
            }
            try FileManager.default.moveItem(
                atPath: folder.root["outbox"].string, toPath: folder.root["elsewhere"].string)
            let answer = try await folder.call("audit")
            #expect(answer.status == 69, "\(answer.output)\(answer.errors)")
            #expect(answer.output.isEmpty && answer.errors.contains("nothing can be said"))
        }
    }
}
