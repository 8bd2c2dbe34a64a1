import Folders
import Foundation
import Jobs
import Synchronization
import TestKit
import Testing
import VideoAPI

@testable import Pipeline

/// Several inboxes under one service: what is wrong with one is wrong with no other.
@Suite("Several inboxes", .timeLimit(.minutes(1)))
struct InboxesTests {
    private let fixture: PipelineFixture
    private let (ads, films): (PipelineFixture, PipelineFixture)

    init() throws {
        fixture = try PipelineFixture({ $0.duplicates = .reuse }, inboxes: ["ads", "films"])
        (ads, films) = (try fixture.within("ads"), try fixture.within("films"))
    }

    private func deliver() async throws { try await fixture.runAdmitted(Deliverer(context: fixture.context).loop) }
    private func submit() async throws { try await fixture.runAdmitted(Submitter(context: fixture.context).loop) }

    private func takeAway(_ name: String) throws {
        try FileManager.default.moveItem(
            atPath: fixture.folder[name].string, toPath: fixture.folder["away"].string)
    }

    private func giveBack(_ name: String) throws {
        try FileManager.default.moveItem(
            atPath: fixture.folder["away"].string, toPath: fixture.folder[name].string)
    }

    private func look(_ context: Context? = nil) async {
        let keeper = Gatekeeper(context: context ?? fixture.context)
        var memory = keeper.beginning
        await keeper.look(&memory)
    }

    private var gates: [String] { fixture.context.gates.closed.map(\.gate.rawValue) }

    @Test func `Files of one name go each its own way`() async throws {
        for one in [ads, films] { _ = try await one.generated(one.claimedJob("shot", in: "same")) }
        try await deliver()
        for name in ["ads", "films"] {
            #expect(
                fixture.folder.files(in: "\(name)/outbox") == [
                    "originals/same/shot.json", "originals/same/shot.png", "videos/same/shot.mp4",
                    "videos/same/shot.receipt.json",
                ])
            #expect(fixture.folder.files(in: "\(name)/inbox").isEmpty)
            #expect(try fixture.json("\(name)/outbox/videos/same/shot.receipt.json")["inbox"] == .string(name))
        }
    }

    @Test func `While the outbox of one is away, its videos wait and the other's are delivered`() async throws {
        let waiting = try await ads.generated(ads.claimedJob())
        let other = try await films.generated(films.claimedJob())
        try takeAway("ads/outbox")
        for _ in 1...3 { try await deliver() }
        #expect(try await fixture.state(other) == .delivered)
        #expect(try await fixture.now(waiting) == waiting, "it keeps its place, untouched")
        #expect(gates == ["outbox:ads"])
        #expect(fixture.notices.kinds == [.gateClosed(.outbox(of: "ads"))])
        #expect(!fixture.folder.exists("ads/outbox"))

        let sent = try await films.claimedJob("next")
        let unsent = try await ads.claimedJob("next")
        try await submit()
        #expect(try await fixture.state(sent) == .generating)
        #expect(try await fixture.state(unsent) == .queued)

        try giveBack("ads/outbox")
        fixture.clock.advance(by: .seconds(10))
        await look()
        #expect(gates.isEmpty)
        try await deliver()
        try await submit()
        #expect(try await fixture.state(waiting) == .delivered)
        #expect(try await fixture.state(unsent) == .generating)
        #expect(fixture.notices.kinds == [.gateClosed(.outbox(of: "ads")), .gateOpened(.outbox(of: "ads"))])
    }

    @Test func `With every inbox away a loop is closed, with one away it is not`() async throws {
        try takeAway("ads/inbox")
        var clearance = await fixture.context.clearance(.submit)
        #expect(clearance == Clearance(admission: .open, without: ["ads"]))
        #expect(await fixture.context.clearance(.deliver).without.isEmpty, "videos need no inbox")
        #expect(await fixture.context.clearance(.poll) == Clearance(admission: .open, without: []))
        try FileManager.default.removeItem(atPath: fixture.folder["films/inbox"].string)
        clearance = await fixture.context.clearance(.submit)
        #expect(clearance.without == ["ads", "films"])
        guard case .closed = clearance.admission else {
            Issue.record("\(clearance)")
            return
        }
    }

    @Test func `A full disk of one stops only its own`() async throws {
        let error = FileError("write", fixture.folder["films/outbox"].appending("videos"), .noSpace)
        #expect(fixture.context.note(error))
        #expect(gates == ["disk:films"])
        #expect(await fixture.context.clearance(.deliver) == Clearance(admission: .open, without: ["films"]))
    }

    @Test func `A loop with nothing but jobs that must wait sleeps, and wakes for another's`() async throws {
        let claims = Mutex(0)
        let fixture = try PipelineFixture(
            inboxes: ["ads", "films"],
            trace: { sql in
                if sql.hasPrefix("SELECT * FROM job WHERE state") { claims.withLock { $0 += 1 } }
            })
        let (ads, films) = (try fixture.within("ads"), try fixture.within("films"))
        for number in 1...5 { _ = try await ads.generated(ads.claimedJob("shot\(number)")) }
        try FileManager.default.removeItem(atPath: fixture.folder["ads/outbox"].string)
        await fixture.context.lookAtPlaces()
        let context = fixture.context
        let running = Task { await Deliverer(context: context).loop.run() }
        // One question for each priority, and then nothing until a bell rings or time passes.
        while claims.withLock({ $0 }) < 10 { await Task.yield() }
        for _ in 1...500 { await Task.yield() }
        #expect(claims.withLock { $0 } == 10)
        #expect(fixture.api.downloads.isEmpty)
        let job = try await films.generated(films.claimedJob())
        context.bells[.generated].ring()
        while try await fixture.state(job) != .delivered { await Task.yield() }
        running.cancel()
        await running.value
    }

    @Test func `A video is taken over from another inbox, and nothing is paid`() async throws {
        let first = try await films.generated(films.claimedJob("first", fingerprint: "same"))
        try await deliver()
        fixture.clock.advance(by: .seconds(1))
        let second = try await ads.claimedJob("second", fingerprint: "same")
        try await submit()
        #expect(try await fixture.state(second) == .reusing)

        // While the other outbox is away, nobody can tell whether the video is still there.
        try takeAway("films/outbox")
        fixture.clock.advance(by: .seconds(600))
        try await fixture.runAdmitted(Reuser(context: fixture.context).loop)
        #expect(try await fixture.state(second) == .reusing)
        #expect(fixture.api.polls == 0)
        try giveBack("films/outbox")
        fixture.clock.advance(by: .seconds(600))
        await look()
        try await fixture.runAdmitted(Reuser(context: fixture.context).loop)
        #expect(try await fixture.state(second) == .delivered)
        #expect(fixture.api.submissions.isEmpty && fixture.api.downloads.count == 1)
        let receipt = try fixture.json("ads/outbox/videos/second.receipt.json")
        #expect(receipt["reused"]?["inbox"] == "films")
        #expect(receipt["reused"]?["job"] == .string(first.id.rawValue))
        #expect(fixture.folder.exists("films/outbox/videos/first.mp4"))
    }

    @Test func `Jobs of an inbox that is no longer configured are polled and wait, and one notice says so`()
        async throws
    {
        let job = try await ads.generating(ads.claimedJob())
        let unsent = try await ads.claimedJob("unsent")
        let onlyFilms = fixture.context.folders.filter { $0.name == "films" }
        for _ in 1...2 {
            let context = fixture.restarted(inboxes: onlyFilms)
            try await StartUp(context: context).resume()
            #expect(context.gates.closed.map(\.gate) == [.inbox(of: "ads")])
            #expect(context.gates.closed.first?.reason.contains("name: ads") == true)
            await look(context)
            #expect(context.gates.closed.map(\.gate) == [.inbox(of: "ads")])
            #expect(try await fixture.store.closedGates().map(\.gate) == [.inbox(of: "ads")])
            #expect(await context.clearance(.deliver) == Clearance(admission: .open, without: ["ads"]))
            #expect(await context.clearance(.submit) == Clearance(admission: .open, without: ["ads"]))
            try await StartUp(context: context.within(onlyFilms[0])).heal()
        }
        #expect(fixture.notices.kinds == [.gateClosed(.inbox(of: "ads"))], "the second process tells nobody again")

        let context = fixture.restarted(inboxes: onlyFilms)
        fixture.api.onPoll { _ in .success(.completed(.link(1))) }
        try await fixture.run(Poller(context: context).loop)
        #expect(try await fixture.state(job) == .generated)
        // Whoever takes one up nevertheless leaves it as it was.
        try await fixture.run(Deliverer(context: context).loop)
        try await fixture.run(Submitter(context: context).loop)
        #expect(try await fixture.state(job) == .generated)
        #expect(try await fixture.state(unsent) == .queued)
        #expect(fixture.api.submissions.isEmpty)

        let again = fixture.restarted()
        try await StartUp(context: again).resume()
        await look(again)
        #expect(again.gates.closed.isEmpty)
        #expect(fixture.notices.kinds.last == .gateOpened(.inbox(of: "ads")))
        try await fixture.run(Deliverer(context: again).loop)
        #expect(try await fixture.state(job) == .delivered)
        #expect(fixture.folder.exists("ads/outbox/videos/shot.mp4"))
    }

    @Test func `Files of a drop whose inbox has got another name are nobody else's`() async throws {
        let job = try await ads.claimedJob()
        let renamed = fixture.context.folders.map { folder in
            HotFolder(
                name: folder.name == "ads" ? "spots" : folder.name, claims: folder.claims, outbox: folder.outbox,
                places: folder.places)
        }
        let context = fixture.restarted(inboxes: renamed)
        try await StartUp(context: context).resume()
        for folder in context.folders { try await StartUp(context: context.within(folder)).heal() }
        #expect(try await fixture.now(job) == job)
        #expect(fixture.folder.files(in: "ads/inbox").count == 2, "they stay in keeping")
        #expect(fixture.folder.files(in: "ads/outbox").isEmpty)
    }

    @Test func `An inbox that says what it was called before goes on with the jobs of that name`() async throws {
        let made = try await ads.generated(ads.claimedJob("made"))
        let queued = try await ads.claimedJob("queued")
        let delivered = try await films.generated(films.claimedJob("first", fingerprint: "same"))
        try await deliver()
        fixture.clock.advance(by: .seconds(1))
        let copy = try await films.claimedJob("copy", fingerprint: "same")
        let renamed = fixture.context.folders.map { folder in
            HotFolder(
                name: folder.name == "ads" ? "spots" : "features", formerly: [folder.name], claims: folder.claims,
                outbox: folder.outbox, places: folder.places)
        }
        let context = fixture.restarted(inboxes: renamed) {
            $0.budgets = Budgets(inboxes: ["spots": Budget(daily: 1_200_000), "features": Budget(daily: 1_000_000)])
        }
        try await StartUp(context: context).resume()
        for folder in renamed { try await StartUp(context: context.within(folder)).heal() }
        #expect(context.gates.closed.isEmpty)
        for job in [made, delivered] { #expect(try await fixture.state(job) == .delivered) }
        try await fixture.runAdmitted(Submitter(context: context).loop)
        #expect(
            try await fixture.now(queued).reason?.contains("budget of the inbox spots") == true, "630,000 are spent")
        #expect(try await fixture.state(copy) == .reusing)
        try await fixture.runAdmitted(Reuser(context: context).loop)
        #expect(try await fixture.state(copy) == .delivered)
        #expect(fixture.folder.exists("films/outbox/videos/copy.mp4"))

        context.gates.close(.outbox(of: "spots"), reason: "gone")
        #expect(await context.clearance(.deliver).without == ["spots", "ads"])
        let status = try await Status.current(context.within(renamed[0])).json
        #expect(status["inbox"] == "spots")
        #expect(status["jobs"]?["delivered"] == 1 && status["jobs"]?["held"] == 1)
        #expect(status["waiting"]?.arrayValue?.map { $0["name"] } == ["queued"])
        #expect(status["spend"]?["today"]?["generations"] == 1)
        let report = try await Auditor(store: fixture.store, folders: renamed, log: .skip("not now")).report()
        #expect(report.kinds == [] && report.videos == 3 && !report.notes.map(\.kind).contains(.inboxRetired))
    }

    @Test func `A POST that was cut off is unsent only where its own inbox says so`() async throws {
        let unsent = try await films.after(
            .submissionStarted(films.claimedJob().nextClientRequestID, expected: 600_000),
            on: films.store.jobs(JobQuery(inboxes: ["films"]))[0])
        let unsure = try await ads.after(
            .submissionStarted(ads.claimedJob().nextClientRequestID, expected: 600_000),
            on: ads.store.jobs(JobQuery(inboxes: ["ads"]))[0])
        try takeAway("ads/inbox")
        try await StartUp(context: fixture.restarted()).resume()
        #expect(try await fixture.state(unsent) == .queued)
        #expect(try await fixture.state(unsure) == .unconfirmed)
    }

    @Test func `Each outbox tells of its own jobs and gates, and of what all have spent`() async throws {
        _ = try await ads.generating(ads.claimedJob("a", in: "same"))
        _ = try await films.generated(films.claimedJob("b", in: "same"))
        _ = try await films.claimedJob("c", held: true)
        fixture.context.gates.close(.outbox(of: "films"), reason: "gone")
        fixture.context.gates.close(.credit, reason: "no credit")
        let status = try await Status.current(ads.context).json
        #expect(status["inbox"] == "ads")
        #expect(status["jobs"]?["generating"] == 1 && status["jobs"]?["generated"] == 0)
        #expect(status["gates"]?.arrayValue?.map { $0["gate"] } == ["credit"])
        #expect(status["spend"]?["today"]?["in_flight"] == 1 && status["spend"]?["today"]?["generations"] == 0)
        #expect(status["spend_all"]?["today"]?["generations"] == 1)
        #expect(status["waiting"] == [])
        let other = try await Status.current(films.context).json
        #expect(other["waiting"]?.arrayValue?.map { $0["inbox"] } == ["films"])
        #expect(other["gates"]?.arrayValue?.count == 2)

        let all = try await Status.read(fixture.store, at: fixture.clock.date, calendar: .current, isPreview: false)
            .json
        #expect(all["inbox"] == nil && all["spend_all"] == nil)
        #expect(all["jobs"]?["generating"] == 1 && all["jobs"]?["generated"] == 1)
        #expect(all["inboxes"]?.arrayValue?.map { $0["inbox"] } == ["ads", "films"])
        #expect(all["spend"]?["today"]?["folders"]?.arrayValue?.map { $0["inbox"] } == ["ads", "films"])
    }

    @Test func `The budget of one holds only its own`() async throws {
        let fixture = try PipelineFixture(
            { $0.budgets = Budgets(inboxes: ["ads": Budget(daily: 1_000_000)]) }, inboxes: ["ads", "films"])
        for name in ["ads", "films"] as [InboxName] {
            let one = try fixture.within(name)
            for stem in ["one", "two"] { _ = try await one.claimedJob(stem, in: "same") }
        }
        try await fixture.runAdmitted(Submitter(context: fixture.context).loop)
        let held = try await fixture.store.jobs(JobQuery(states: [.held]))
        #expect(held.map(\.drop.inbox) == ["ads"])
        #expect(held.first?.reason?.contains("budget of the inbox ads") == true)
        #expect(try await fixture.store.counts()[.generating] == 3)
    }

    @Test func `The audit accounts for every inbox, and says what it could not look at`() async throws {
        for one in [ads, films] { _ = try await one.generated(one.claimedJob()) }
        try await deliver()
        _ = try await ads.claimedJob("under way")
        #expect(try await fixture.audit().kinds == [])
        try FileManager.default.removeItem(
            atPath: fixture.folder["ads/inbox/.hotreel"].appending(
                try await fixture.store.unsettled()[0].drop.id.rawValue
            ).string)
        let report = try await fixture.audit()
        #expect(report.kinds == [.sourceMissing, .sourceMissing])
        #expect(report.exceptions.allSatisfy { $0.file?.hasPrefix("ads:inbox/.hotreel/") == true })

        func audit(_ names: Set<InboxName>) async throws -> AuditReport {
            try await Auditor(
                store: fixture.store, folders: fixture.context.folders.filter { names.contains($0.name) },
                log: .skip("not now")
            ).report()
        }
        #expect(try await audit(["films"]).kinds == [.inboxUnknown])
        let retired = try await audit(["ads"])
        #expect(retired.notes.map(\.kind) == [.inboxRetired])
        #expect(!retired.kinds.contains(.inboxUnknown))
    }
}
