import Folders
import Jobs
import ServiceLifecycleTestKit
import TestKit
import Testing

@testable import Pipeline

@Suite("The whole way", .timeLimit(.minutes(1)))
struct IntakeTests {
    private let heard = Bell()

    /// In real time, since events come in real time; each statement of the ledger rings `heard`.
    private func fixture(_ watch: PipelineConfiguration.Watch) throws -> PipelineFixture {
        let fixture = try PipelineFixture(
            {
                $0.pairing = PairingRules(
                    settle: .milliseconds(100), grace: .milliseconds(300), orphanAfter: .milliseconds(600))
                $0.watch = watch
                $0.listing = .milliseconds(50)
                $0.pollInterval = .milliseconds(20)
            }, time: .system, trace: { [heard] _ in heard.ring() })
        fixture.api.onPoll { _ in .success(.completed(.link(1))) }
        return fixture
    }

    /// Runs the pipeline until every job has ended and there are `count`; `body` is called once drops are picked up.
    private func run(
        _ fixture: PipelineFixture, untilEnded count: Int, _ body: @escaping @Sendable () async throws -> Void
    ) async throws -> [Job] {
        let ready = Bell()
        return try await testGracefulShutdown { trigger in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    try await Pipeline(context: fixture.context, onReady: { ready.ring() }).run()
                }
                await ready.wait(after: 0)
                try await body()
                while true {
                    let rings = heard.rings
                    let jobs = try await fixture.store.jobs(JobQuery())
                    let unsettled = try await fixture.store.unsettled()
                    if jobs.count >= count, jobs.allSatisfy(\.state.name.isEnded), unsettled.isEmpty {
                        trigger.triggerGracefulShutdown()
                        try await group.waitForAll()
                        return jobs
                    }
                    // A statement is heard before its effect is seen.
                    await heard.wait(after: rings, atMost: .milliseconds(20), by: .system)
                    try Task.checkCancellation()
                }
            }
        }
    }

    @Test(arguments: [PipelineConfiguration.Watch.inotify, .poll])
    func `A dropped pair comes out as a video, in whatever order it came`(watch: PipelineConfiguration.Watch)
        async throws
    {
        let fixture = try fixture(watch)
        let picture = try await TestPictures.make(.png, size: "640x360")
        let sidecar = "{\"prompt\": \"push in\"}"
        let jobs = try await run(fixture, untilEnded: 3) { [folder = fixture.folder] in
            try folder.write(picture, to: "inbox/one.png")
            try folder.write(sidecar, to: "inbox/one.json")
            try folder.write(sidecar, to: "inbox/new/folder/two.json")
            try folder.write(picture, to: "inbox/new/folder/two.png")
            try folder.write(picture, to: "inbox/three.png")
            try folder.write(sidecar, to: "inbox/three.png.json")
        }
        #expect(jobs.map(\.state.name) == [.delivered, .delivered, .delivered])
        #expect(
            fixture.folder.files(in: "outbox/videos") == [
                "new/folder/two.mp4", "new/folder/two.receipt.json", "one.mp4", "one.receipt.json", "three.mp4",
                "three.receipt.json",
            ])
        #expect(fixture.inbox.isEmpty)
        #expect(fixture.api.submissions.count == 3)
    }

    @Test func `A pair that was there before is found, and a bad neighbour fails alone`() async throws {
        let fixture = try fixture(.inotify)
        try fixture.folder.write(try await TestPictures.make(.png, size: "640x360"), to: "inbox/good.png")
        try fixture.folder.write("{\"prompt\": \"push in\"}", to: "inbox/good.json")
        try fixture.folder.write("not a picture", to: "inbox/bad.png")
        try fixture.folder.write("{\"prompt\": \"push in\"}", to: "inbox/bad.json")
        let jobs = try await run(fixture, untilEnded: 2) {}
        #expect(Set(jobs.map { "\($0.name) \($0.state.name)" }) == ["good delivered", "bad failed"])
        #expect(fixture.api.submissions.count == 1)
        #expect(
            fixture.folder.files(in: "outbox/errors") == ["bad.error.json", "bad.error.txt", "bad.json", "bad.png"])
    }

    @Test func `A picture alone in a folder with defaults is a drop, and elsewhere waits`() async throws {
        let fixture = try fixture(.inotify)
        let picture = try await TestPictures.make(.png, size: "640x360")
        let jobs = try await run(fixture, untilEnded: 1) { [folder = fixture.folder] in
            try folder.write("{\"prompt\": \"sway\", \"duration\": 10}", to: "inbox/portraits/_hotreel.json")
            try folder.write(picture, to: "inbox/portraits/shot.png")
        }
        #expect(jobs.map(\.state.name) == [.delivered])
        #expect(fixture.api.submissions.first?.request.body["duration"] == 10)
        #expect(fixture.inbox == ["portraits/_hotreel.json"])
    }

    @Test(arguments: [
        #"{"prompt": "x", "duration": 7}"#, #"{"promt": "x"}"#, #"{"prompt": "x", "cfg_scale": 1.01, "duration": "5"}"#,
        #"[1]"#, #"{"prompt": "x", "prompt": "y"}"#, #"{"prompt": "x", "tail_image_url": "missing.png"}"#,
        #"{"prompt": "x", "hotreel": {"variations": 17}}"#, #"{"prompt": "#,
    ])
    func `A check says beforehand what the intake will say`(sidecar: String) async throws {
        let fixture = try fixture(.inotify)
        try fixture.folder.write(try await TestPictures.make(.png, size: "640x360"), to: "inbox/a/shot.png")
        try fixture.folder.write(sidecar, to: "inbox/a/shot.json")
        let checks = try DropChecker(catalog: fixture.context.catalog, inbox: fixture.folder["inbox"])
            .check(fixture.folder["inbox/a/shot.json"])
        let check = try #require(checks.first)
        #expect(checks.count == 1)
        #expect(check.request == nil)
        let jobs = try await run(fixture, untilEnded: 1) {}
        guard case .failed(let failure, .rejected) = try #require(jobs.first).state else {
            Issue.record("not rejected: \(jobs)")
            return
        }
        #expect(check.problems == failure.problems)
        #expect(check.name == jobs.first?.name)
        #expect(check.folder == jobs.first?.drop.folder.text)
        #expect(fixture.api.submissions.isEmpty)
    }
}
