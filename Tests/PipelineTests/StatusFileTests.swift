import Foundation
import Jobs
import ServiceLifecycleTestKit
import SystemPackage
import Testing

@testable import Folders
@testable import Pipeline

@Suite("How things stand, for people who have only the share", .timeLimit(.minutes(1)))
struct StatusFileTests {
    /// What is written at a shutdown, at the latest.
    private func write(_ fixture: PipelineFixture) async {
        await testGracefulShutdown { trigger in
            trigger.triggerGracefulShutdown()
            await StatusFile(context: fixture.context).run()
        }
    }

    @Test func `It tells counts, closed gates, spending and what waits for what`() async throws {
        let fixture = try PipelineFixture()
        _ = try await fixture.generating(fixture.claimedJob("a", in: "portraits"))
        let held = try await fixture.claimedJob("b", held: true)
        fixture.context.gates.close(.credit, reason: "no credit")
        await write(fixture)
        let status = try fixture.json("outbox/status.json")
        #expect(status["jobs"]?["generating"] == 1)
        #expect(status["jobs"]?["delivered"] == 0)
        #expect(status["gates"]?.arrayValue?.first?["reason"] == "no credit")
        #expect(status["spend"]?["today"]?["in_flight"] == 1)
        #expect(status["spend"]?["today"]?["folders"]?.arrayValue?.first?["folder"] == "portraits")
        #expect(status["waiting"]?.arrayValue?.first?["job"] == .string(held.id.rawValue))
        #expect(fixture.outbox == ["status.json"])
    }

    @Test func `It is written anew only when something has changed`() async throws {
        let fixture = try PipelineFixture()
        let context = fixture.context
        let running = Task { await StatusFile(context: context).run() }
        await fixture.clock.waitForSleepers()
        let first = try FileSystem.status(of: fixture.folder["outbox/status.json"])?.identity
        context.bells.status.ring()
        fixture.clock.advance(by: .seconds(2))
        await fixture.clock.waitForSleepers()
        #expect(try FileSystem.status(of: fixture.folder["outbox/status.json"])?.identity == first)
        _ = try await fixture.claimedJob()
        context.bells.status.ring()
        fixture.clock.advance(by: .seconds(2))
        await fixture.clock.waitForSleepers()
        #expect(try FileSystem.status(of: fixture.folder["outbox/status.json"])?.identity != first)
        running.cancel()
        await running.value
    }

    @Test func `It tells that the inbox is away, and is not written where the outbox belongs`() async throws {
        let fixture = try PipelineFixture(hasPlaces: true)
        try FileManager.default.moveItem(
            atPath: fixture.folder["inbox"].string, toPath: fixture.folder["inbox.away"].string)
        await fixture.context.lookAtPlaces()
        await write(fixture)
        #expect(try fixture.json("outbox/status.json")["gates"]?.arrayValue?.first?["gate"] == "inbox")
        try FileManager.default.moveItem(
            atPath: fixture.folder["outbox"].string, toPath: fixture.folder["outbox.away"].string)
        await write(fixture)
        #expect(!fixture.folder.exists("outbox"))
    }
}
