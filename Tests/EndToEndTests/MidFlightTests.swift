import Foundation
import Jobs
import SQLiteStore
import SystemPackage
import TestKit
import Testing

extension EndToEnd {
    /// What people and admins change while jobs are under way.
    @Suite(.serialized) struct MidFlightTests {
        let folder: HotreelFolder

        init() throws { folder = try HotreelFolder() }

        @Test("Another api.url is refused while jobs belong to the first, and there they end", .timeLimit(.minutes(1)))
        func otherAPI() async throws {
            try await HotreelStandIn.running("--instant") { other in
                try await HotreelStandIn.running("--instant", "--render-time", "2s") { standIn in
                    try await folder.serving(api: standIn.url, key: "any") { service in
                        try await folder.drop(pair: "shot")
                        _ = try await service.line("accepted by the API")
                    }
                    let refused = try await HotreelBinary.call(
                        ["run", "--api-url", other.url] + folder.options,
                        environment: HotreelFolder.environment(key: "any"))
                    #expect(refused.status == 78 && refused.errors.contains(standIn.url), "\(refused.errors)")
                    #expect(states(try await folder.jobs()) == ["shot": "generating"])
                    try await folder.serving(api: standIn.url, key: "any") { _ in try await folder.waitUntilSettled(1) }
                    try await standIn.expectPaidOnce(["shot"])
                    #expect(try await standIn.posts() == 1)
                }
                // Now that nothing is under way it may change.
                try await folder.serving(api: other.url, key: "any") { _ in
                    try await folder.drop(pair: "next")
                    try await folder.waitUntilSettled(2)
                }
                try await other.expectPaidOnce(["next"])
                try await folder.expectInOrder(other)
            }
        }

        @Test(
            "A key that changes in mid-flight asks after the same generations, and sends nothing again",
            .timeLimit(.minutes(1)))
        func otherKey() async throws {
            let memory = try TemporaryFolder()
            let port = try await HotreelStandIn.running { standIn in
                String(standIn.url.split(separator: ":").last ?? "")
            }
            let kept = ["--instant", "--port", port, "--directory", memory["stand-in"].string]
            let url = "http://127.0.0.1:\(port)"
            try await HotreelStandIn.running(options: kept + ["--key", "first", "--render-time", "5m"]) { _ in
                try await folder.serving(api: url, key: "first") { service in
                    try await folder.drop(pair: "shot")
                    _ = try await service.line("accepted by the API")
                }
            }
            try await HotreelStandIn.running(options: kept + ["--key", "second"]) { standIn in
                try await folder.serving(api: url, key: "first") { service in
                    _ = try await service.line("warning: waiting for")
                    #expect(states(try await folder.jobs()) == ["shot": "generating"])
                }
                try await folder.serving(api: url, key: "second") { _ in
                    try await folder.waitUntilSettled(1)
                    // A question that was answered shows that the key is well, though nothing has been sent.
                    try await folder.wait("the gate to open") {
                        try await folder.call("status", "--json").json()["gates"]?.arrayValue?.isEmpty ?? false
                    }
                }
                try await standIn.expectPaidOnce(["shot"])
                #expect(try await standIn.posts() == 0)
                try await folder.expectInOrder(standIn, key: "second")
            }
        }

        @Test("Sources deleted or replaced once they are claimed change nothing about the job", .timeLimit(.minutes(1)))
        func touchedSources() async throws {
            try await HotreelStandIn.running("--instant", "--render-time", "2s") { standIn in
                let picture = try await TestPictures.make(size: "320x320", source: "color=c=0x306090")
                try await folder.serving(api: standIn.url, key: "any") { service in
                    try await folder.drop(pair: "deleted")
                    try await folder.drop(pair: "replaced")
                    _ = try await service.line("deleted: accepted")
                    _ = try await service.line("replaced: accepted")
                    // Somebody tidies where nobody should.
                    let claimed = try #require(
                        folder.root.files(in: "inbox/.hotreel").first { $0.hasSuffix("/deleted.jpg") })
                    folder.root.remove("inbox/.hotreel/\(claimed)")
                    // And a new drop of the same name is another drop.
                    try folder.drop(picture, "replaced.jpg")
                    try folder.drop(sidecar(["prompt": "another"]), "replaced.json")
                    try await folder.waitUntilSettled(3)
                }
                try await standIn.expectPaidOnce(["another", "deleted", "replaced"])
                #expect(try await folder.jobs().allSatisfy { $0["state"] == "delivered" })
                #expect(
                    folder.root.files(in: "outbox/originals")
                        == ["deleted.json", "replaced (2).jpg", "replaced (2).json", "replaced.jpg", "replaced.json"])
                try await folder.expectInOrder(standIn)
            }
        }

        @Test(
            "Ten thousand generations under way survive a restart: no request, questions at a bounded rate, little memory",
            .timeLimit(.minutes(2)))
        func tenThousand() async throws {
            let count = 10_000
            let store = try SQLiteJobStore(path: folder.root["state/ledger.sqlite"].string)
            // The past, so that all are due at once, as they are after an hour's outage.
            let hourAgo = Date(timeIntervalSince1970: Date().timeIntervalSince1970.rounded() - 3600)
            for start in stride(from: 1, through: count, by: 1000) {
                try await store.insert((start..<start + 1000).map { Job.sample(.generating, $0, at: hourAgo) })
            }
            // Sixteen at a time, each answered after a fifth of a second: at most eighty in a second.
            let scenario: JSONValue = [
                "faults": [
                    ["operation": "poll", "fault": "status", "status": 503, "delay": "200ms", "times": "always"]
                ]
            ]
            try await HotreelStandIn.running("--instant", scenario: scenario) { standIn in
                // Questions begin at once; being ready takes a look at what each job has in the inbox.
                let ending = try await folder.running(
                    api: standIn.url, settings: ["LOG_LEVEL": "info"], key: "any", after: nil
                ) { service in
                    try await folder.wait("the first questions") {
                        try await standIn.stats()["poll"]?.integerValue ?? 0 > 0
                    }
                    let (before, start) = (try await standIn.stats()["poll"]?.integerValue ?? 0, ContinuousClock.now)
                    _ = try await service.line("ready")
                    try await folder.wait("a few hundred questions") {
                        try await standIn.stats()["poll"]?.integerValue ?? 0 >= before + 300
                    }
                    let asked = try await standIn.stats()["poll"]?.integerValue ?? 0
                    let seconds = start.duration(to: .now) / .seconds(1)
                    #expect(Double(asked - before) <= 80 * seconds + 16, "\(asked - before) questions in \(seconds) s")
                    #expect(try service.residentBytes() < 300 << 20)
                }
                #expect(ending.status == 0)
                #expect(try await standIn.posts() == 0)
                #expect(try await standIn.stats()["logs"] == 0)
            }
            #expect(try await store.counts() == [.generating: count])
        }
    }
}
