import Folders
import Foundation
import Jobs
import ServiceLifecycleTestKit
import TestKit
import Testing

@testable import Pipeline

@Suite("What waits in the inbox", .timeLimit(.minutes(1)))
struct InboxWaitsTests {
    private let clock = ManualClock()
    private let bell = Bell()

    private func waits() -> InboxWaits {
        InboxWaits(configuration: PipelineConfiguration(), time: clock.timekeeper, bell: bell)
    }

    private func group(_ stem: String) -> GroupKey { GroupKey(folder: "p", stem: stem) }

    private func path(_ name: String) -> InboxPath { InboxPath(folder: "p", name: FileName(name)) }

    @Test func `It is told once it has waited a minute, with since when and why`() {
        let waits = waits()
        let start = clock.date
        waits.note(group("shot"), [(path("shot.png"), clock.timekeeper.uptime(), "waiting for shot.json")])
        #expect(waits.told.count == 0 && waits.told.next == .seconds(60))
        clock.advance(by: .seconds(60))
        let told = waits.told
        #expect(told.count == 1 && told.next == nil)
        #expect(told.waits.first?.file == "p/shot.png")
        #expect(told.waits.first?.since == start)
        #expect(told.waits.first?.reason == "waiting for shot.json")
        waits.note(group("shot"), [])
        #expect(waits.told.count == 0)
    }

    @Test func `Deciding again on the same is no news, and a write starts the wait anew`() {
        let waits = waits()
        let start = clock.timekeeper.uptime()
        waits.note(group("shot"), [(path("shot.png"), start, "waiting for shot.json")])
        let rings = bell.rings
        clock.advance(by: .seconds(90))
        let since = waits.told.waits.first?.since
        for _ in 1...50 { waits.note(group("shot"), [(path("shot.png"), start, "waiting for shot.json")]) }
        #expect(bell.rings == rings)
        #expect(waits.told.waits.first?.since == since)
        waits.note(group("shot"), [(path("shot.png"), clock.timekeeper.uptime(), "waiting for shot.json")])
        #expect(bell.rings == rings + 1 && waits.told.count == 0)
    }

    @Test func `Of very many the fifty that wait longest are told, and how many there are`() {
        let waits = waits()
        for number in 1...200 {
            waits.note(group("\(number)"), [(path("\(number).png"), clock.timekeeper.uptime(), "why")])
            clock.advance(by: .seconds(1))
        }
        clock.advance(by: .seconds(60))
        let told = waits.told
        #expect(told.count == 200 && told.waits.count == 50)
        #expect(told.waits.map(\.file) == (1...50).map { FileName("p/\($0).png") })
    }

    @Test func `What keeps a ready file from going on is told in place of what it waits for, until it is gone`() {
        let waits = waits()
        waits.note(group("shot"), [(path("shot.png"), clock.timekeeper.uptime(), "being written")])
        waits.note(path("shot.png"), obstacle: "a program still has it open for writing")
        clock.advance(by: .seconds(60))
        #expect(waits.told.waits.map(\.reason) == ["a program still has it open for writing"])
        waits.keepObstacles { _ in true }
        #expect(waits.told.count == 1)
        waits.note(group("shot"), [])
        waits.keepObstacles { _ in false }
        #expect(waits.told.count == 0)
    }

    @Test func `The status file tells it when its time has come, though nothing else happens`() async throws {
        let fixture = try PipelineFixture()
        let context = fixture.context
        context.waits.note(group("shot"), [(path("shot.png"), context.time.uptime(), "waiting for shot.json")])
        let running = Task { await StatusFile(context: context).run() }
        await fixture.clock.waitForSleepers()
        #expect(try fixture.json("outbox/status.json")["unclaimed"]?["count"] == 0)
        fixture.clock.advance(by: .seconds(2))
        await fixture.clock.waitForSleepers()
        fixture.clock.advance(by: .seconds(58))
        await fixture.clock.waitForSleepers()
        let inbox = try fixture.json("outbox/status.json")["unclaimed"]
        #expect(inbox?["count"] == 1)
        let entry = inbox?["waiting"]?.arrayValue?.first
        #expect(entry?["file"] == "p/shot.png" && entry?["reason"] == "waiting for shot.json")
        running.cancel()
        await running.value
        let read = try #require(Status.unclaimedAsTold(in: context.outbox, of: .unnamed))
        #expect(read.count == 1 && read.waits == context.waits.told.waits)
    }
}
