import Foundation
import Jobs
import TestKit
import Testing

extension EndToEnd {
    /// Ended at moments nobody chose, again and again.
    @Suite(.serialized) struct KillTests {
        /// What each of the folders that are worked on side by side goes through.
        struct Lane: Sendable {
            let number: Int
            let ends: Int
            let drops: Int
            /// Each fifth answer is lost after the request was taken.
            let losesAnswers: Bool

            /// Told with every failure, so that it can be run again.
            var seed: UInt64 { 20_261_124 + UInt64(number) }
            var names: [String] {
                (0..<drops).map { "lane\(number)-\(losesAnswers && $0 % 5 == 0 ? "lossy" : "plain")\($0)" }
            }
        }

        @Test(
            "Killed or stopped 200 times at random moments, with and without lost answers, nothing is lost or paid twice",
            .timeLimit(.minutes(5)))
        func randomMoments() async throws {
            let lanes = (0..<4).map { Lane(number: $0, ends: 50, drops: 40, losesAnswers: $0 % 2 == 1) }
            let scenario: JSONValue = [
                "faults": [
                    ["operation": "create", "prompt": "lossy", "fault": "drop", "accepted": true, "times": "always"]
                ]
            ]
            try await HotreelStandIn.running("--instant", scenario: scenario) { standIn in
                try await inLanes(lanes) { try await endOften($0, standIn) }
                try await standIn.expectPaidOnce(lanes.flatMap(\.names))
                #expect(try await standIn.stats()["double_creates"] == [:])
            }
        }

        private func endOften(_ lane: Lane, _ standIn: HotreelStandIn) async throws {
            let folder = try HotreelFolder()
            var random = Steady(seed: lane.seed)
            var rest = lane.names[...]
            for round in 0..<lane.ends {
                // Some before, some while it runs.
                for _ in 0..<Int.random(in: 0...2, using: &random) {
                    if let name = rest.popFirst() { try await folder.drop(pair: name) }
                }
                let moment = Duration.milliseconds(Int.random(in: 50...900, using: &random))
                let isStopped = Int.random(in: 0..<5, using: &random) == 0
                let later = rest.popFirst()
                let ending = try await folder.running(api: standIn.url, key: "any", after: nil) { service in
                    if let later { try await folder.drop(pair: later) }
                    try await Task.sleep(for: moment)
                    if isStopped { await service.stop() } else { await service.kill() }
                }
                #expect(
                    isStopped ? ending.status == 0 || ending.status == nil : ending.status == nil,
                    "seed \(lane.seed), round \(round): \(ending.log)")
            }
            for name in rest { try await folder.drop(pair: name) }
            try await bringHome(folder, lane, standIn)
        }

        /// Lets everything come to its end. A request that was cut off before it arrived cannot be told from a paid one: it waits for
        /// a person, who looks at the API's side and says so.
        private func bringHome(_ folder: HotreelFolder, _ lane: Lane, _ standIn: HotreelStandIn) async throws {
            func unsent() async throws -> [JSONValue] {
                let paid = Set(try await standIn.paid())
                return try await folder.jobs().filter {
                    $0["state"] == "unconfirmed" && !paid.contains($0["name"]?.stringValue ?? "")
                }
            }
            var resolved: Set<String> = []
            for round in 0..<5 {
                let settings = ["API_LOOKUP_PATIENCE": "1s"]
                let log = try await folder.serving(api: standIn.url, settings: settings, key: "any") { _ in
                    try await folder.wait(within: .seconds(60), "all to end but what nobody can know") {
                        let files = folder.root.files(in: "inbox").filter { $0.hasSuffix(".json") }
                        return try await files.count == unsent().count
                    }
                }
                let lost = try await unsent()
                guard !lost.isEmpty else { break }
                #expect(round < 4, "seed \(lane.seed): still unknown: \(lost)\n\(log)")
                for job in lost {
                    let id = job["id"]?.stringValue ?? ""
                    #expect(resolved.insert(id).inserted, "seed \(lane.seed): \(job) was resolved before")
                    #expect(try await folder.call("resolve", id, "--not-billed").status == 0)
                }
            }
            let jobs = try await folder.jobs()
            // A drop that was overtaken while being claimed leaves a cancelled job; nothing else does.
            let ended = jobs.filter { $0["state"] != "cancelled" }
            #expect(
                ended.compactMap { $0["name"]?.stringValue }.sorted() == lane.names.sorted()
                    && ended.allSatisfy { $0["state"] == "delivered" }, "seed \(lane.seed): \(jobs)")
            #expect(folder.root.files(in: "outbox/errors").isEmpty, "seed \(lane.seed)")
            try await folder.expectInOrder()
        }

        @Test(
            "With the ledger's last transaction torn off after a kill, the job ends well and is paid once",
            .timeLimit(.minutes(3)))
        func tornLedger() async throws {
            // With `marked` and `answered` the torn transaction is the intent itself, and only the mark tells of the request.
            let steps = [
                "answered", "claim-recorded", "claimed", "accepted", "polled", "completed", "downloaded",
                "name-recorded",
                "published",
                "receipt-written", "originals-placed", "delivered",
            ]
            try await HotreelStandIn.running("--instant") { standIn in
                try await inLanes(steps) { try await tear(at: $0, standIn) }
                try await standIn.expectPaidOnce(steps)
                #expect(try await standIn.posts() == steps.count)
            }
        }

        private func tear(at step: String, _ standIn: HotreelStandIn) async throws {
            let folder = try HotreelFolder()
            try await folder.drop(pair: "shot", prompt: step)
            _ = try await folder.running(api: standIn.url, settings: ["CRASH_AT": step], key: "any", after: nil) {
                service in
                #expect(await service.ends(within: .seconds(30)), "\(step) was never reached")
            }
            try tearLedger(of: folder)
            try await folder.serving(api: standIn.url, key: "any") { _ in try await folder.waitUntilSettled(1) }
            #expect(states(try await folder.jobs()) == ["shot": "delivered"], "\(step)")
            #expect(folder.root.files(in: "outbox/videos") == ["shot.mp4", "shot.receipt.json"], "\(step)")
            #expect(folder.root.files(in: "outbox/originals") == ["shot.jpg", "shot.json"], "\(step)")
            try await folder.expectInOrder()
        }

        @Test("With the very claim torn off the ledger, the files are given back unsent", .timeLimit(.minutes(1)))
        func tornClaim() async throws {
            let folder = try HotreelFolder()
            try await HotreelStandIn.running("--instant") { standIn in
                try await folder.drop(pair: "shot")
                _ = try await folder.running(
                    api: standIn.url, settings: ["CRASH_AT": "source-taken:2"], key: "any", after: nil
                ) { service in #expect(await service.ends(within: .seconds(30))) }
                try tearLedger(of: folder)
                try await folder.serving(api: standIn.url, key: "any") { _ in try await folder.waitUntilSettled(1) }
                #expect(try await standIn.posts() == 0)
                #expect(
                    folder.root.files(in: "outbox/errors") == [
                        "shot.error.json", "shot.error.txt", "shot.jpg", "shot.json",
                    ])
                try await folder.expectInOrder()
            }
        }

        /// As if the disk had not kept the last page written: the last transaction is no longer whole.
        private func tearLedger(of folder: HotreelFolder) throws {
            let log = try folder.bytes("state/ledger.sqlite-wal")
            try #require(log.count > 100)
            try folder.root.write(log.dropLast(100), to: "state/ledger.sqlite-wal")
        }
    }
}

/// The same numbers for the same seed (SplitMix64).
struct Steady: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
