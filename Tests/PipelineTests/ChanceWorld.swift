import Folders
import Foundation
import Jobs
import Logging
import SQLiteStore
import Synchronization
import SystemPackage
import TestKit
import VideoAPI

@testable import Pipeline

/// A world in which anything may happen next: a vendor of chance, a ledger and folders that come and go, a clock that is set,
/// a process that ends anywhere, and people. Real folders and a real ledger; each seed is one story.
final class ChanceWorld {
    private let fixture: PipelineFixture
    private let vendor: ChanceVendor
    private let skew = Skew()
    private let places: Places
    private var chance: SeededChance
    private var process: (context: Context, store: TroubledStore, keeper: Gatekeeper.Memory)
    private var stems: [String] = []
    private var isBudgeted: Bool
    private(set) var story: [String] = []

    private final class Skew: Sendable {
        private let value = Mutex(TimeInterval(0))
        var now: TimeInterval { value.withLock { $0 } }
        func add(_ seconds: TimeInterval) { value.withLock { $0 += seconds } }
    }

    private final class Flag: Sendable {
        private let value = Mutex(false)
        var isSet: Bool { value.withLock { $0 } }
        func set() { value.withLock { $0 = true } }
    }

    init(seed: UInt64) async throws {
        chance = SeededChance(seed: seed)
        isBudgeted = chance.once(in: 2)
        fixture = try PipelineFixture()
        vendor = ChanceVendor(seed: seed ^ 0xABCD) { [clock = fixture.clock] in clock.now.offset }
        places = try Places(inboxAt: fixture.folder["inbox"], outboxAt: fixture.folder["outbox"])
        process = try Self.process(fixture, vendor, skew, places, isBudgeted: isBudgeted)
        try await start()
    }

    private static func process(
        _ fixture: PipelineFixture, _ vendor: ChanceVendor, _ skew: Skew, _ places: Places, isBudgeted: Bool
    ) throws -> (context: Context, store: TroubledStore, keeper: Gatekeeper.Memory) {
        let (store, api, clock) = (TroubledStore(fixture.store), FakeAPI(), fixture.clock)
        var configuration = PipelineConfiguration()
        configuration.submitsPerSecond = 0
        configuration.lookupsPerSecond = 0
        configuration.lookupPatience = .seconds(7200)
        configuration.deliveryPatience = .seconds(3600)
        configuration.maxInFlight = 3
        if isBudgeted { configuration.budgets.overall.daily = 2_200_000 }
        let limit = configuration.budgets.overall.daily
        let context = Context(
            store: store, client: api, catalog: try .bundled(), claims: fixture.context.claims,
            outbox: fixture.context.outbox, configuration: configuration,
            time: Timekeeper(
                now: { clock.date + skew.now }, uptime: { clock.now.offset },
                sleep: { try await clock.sleep(for: $0) }), places: places,
            notify: { [notices = fixture.notices] in notices.add($0) },
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        api.onSubmit { [ledger = fixture.store] submission in
            if store.isDead { return .unconfirmed(reason: "the process has ended") }
            let outcome = vendor.submit(submission.clientRequestID)
            let day = context.calendar.period(.day, of: context.time.now()).start
            if let limit, let spent = try? await ledger.spending(since: day).total.credits, spent > limit {
                vendor.complain("\(spent) of \(limit) credits were spent or under way at a POST")
            }
            return outcome
        }
        api.onPoll { id in store.isDead ? .failure(.unreachable) : vendor.poll(id) }
        api.onLog { _ in store.isDead ? .failure(.unreachable) : vendor.log() }
        api.onDownload { url, file in
            if store.isDead { throw DownloadError.interrupted("the process has ended") }
            try vendor.download(url)
            try await SmallVideo.write(to: file)
        }
        return (context, store, Gatekeeper(context: context).beginning)
    }

    // MARK: The process

    private func start() async throws {
        await living { context in
            try await StartUp(context: context).resume()
            if await context.admission(.settle) == .open { try await StartUp(context: context).heal() }
        }
    }

    private func restart() async throws {
        process = try Self.process(fixture, vendor, skew, places, isBudgeted: isBudgeted)
        try await start()
    }

    /// Lets the process do something. Time passes while it sleeps; when it has died, it does nothing more.
    private func living(_ work: @escaping @Sendable (Context) async throws -> Void) async {
        let (context, store, clock) = (process.context, process.store, fixture.clock)
        let isOver = Flag()
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                do { try await work(context) } catch { context.note(error) }
                isOver.set()
            }
            while !isOver.isSet {
                if store.isDead { group.cancelAll() }
                if clock.sleepers > 0 { clock.advance(by: .seconds(1)) }
                await Task.yield()
            }
        }
    }

    /// What a loop does when it looks once.
    private func turn(_ loop: @escaping @Sendable (Context) -> DueLoop) async {
        await living { context in
            let loop = loop(context)
            let admission = await context.admission(loop.work)
            var room = min(loop.width, try await loop.allowance())
            switch admission {
            case .closed: return
            case .probe:
                room = min(room, 1)
                guard room > 0, context.gates.beginProbe(loop.work) else { return }
            case .open: break
            }
            defer { if admission == .probe { context.gates.endProbe(loop.work) } }
            guard room > 0 else { return }
            let now = context.time.now()
            for job in try await context.store.claimDue(
                loop.state, now: now, leaseEnd: now.adding(loop.lease), limit: room)
            {
                do {
                    try await DueLoop.$isProbe.withValue(admission == .probe) { try await loop.step(job) }
                } catch {
                    context.note(error)
                }
            }
        }
    }

    private func keepGates() async {
        var memory = process.keeper
        await Gatekeeper(context: process.context).look(&memory)
        process.keeper = memory
    }

    private func sweep() async {
        await living { context in
            if await context.admission(.settle) == .open { try await Endings(context: context).settleEnded() }
        }
    }

    // MARK: What may happen

    func happen() async throws {
        let roll = Int.random(in: 0..<100, using: &chance)
        switch roll {
        case ..<14: await turn { Submitter(context: $0).loop }
        case ..<28: await turn { Poller(context: $0).loop }
        case ..<40: await turn { Deliverer(context: $0).loop }
        case ..<47: await turn { Reconciler(context: $0).loop }
        case ..<53: await turn { Reuser(context: $0).loop }
        case ..<55: await turn { Releaser(context: $0).loop }
        case ..<62: await keepGates()
        case ..<65: await sweep()
        case ..<77: pass([1, 5, 20, 60, 200, 900, 7000].randomElement(using: &chance) ?? 1)
        case ..<79: setClock()
        case ..<83: vendor.setFine(chance.once(in: 3))
        case ..<86: try move(chance.once(in: 2) ? "outbox" : "inbox")
        case ..<89:
            process.store.set(chance.once(in: 2) ? nil : .failing(writes: Int.random(in: 1...4, using: &chance)))
        case ..<92: process.store.set(.dying(writes: Int.random(in: 0...4, using: &chance), after: chance.once(in: 2)))
        case ..<93: try await restart()
        case ..<96: try await dropSomething()
        default: try await someoneActs(isPatient: false)
        }
        story.append("\(roll)")
        if process.store.isDead { try await restart() }
    }

    private func pass(_ seconds: Double) { fixture.clock.advance(by: .seconds(seconds)) }

    private func setClock() {
        let day = 86_400.0
        skew.add([3600, -3600, day, -day, 3650 * day, -3650 * day].randomElement(using: &chance) ?? day)
    }

    /// Takes a folder away, or brings it back.
    private func move(_ name: String) throws {
        let (here, away) = (fixture.folder[name], fixture.folder["\(name).away"])
        let isHere = fixture.folder.exists(name)
        try FileManager.default.moveItem(
            atPath: (isHere ? here : away).string, toPath: (isHere ? away : here).string)
    }

    private func dropSomething() async throws {
        guard stems.count < 6, fixture.folder.exists("inbox") else { return }
        let stem = "shot\(stems.count)"
        stems.append(stem)
        // Some of them ask for the same.
        let fingerprint = chance.once(in: 3) ? nil : "asked-\(Int.random(in: 0...1, using: &chance))"
        let variations = chance.once(in: 4) ? 2 : 1
        pass(1)
        _ = try await fixture.claimed(
            stem, variations: variations, held: chance.once(in: 6), fingerprint: fingerprint,
            at: process.context.time.now())
    }

    /// A person, who tells the truth; patient ones wait to be asked.
    private func someoneActs(isPatient: Bool) async throws {
        let now = process.context.time.now()
        let jobs = try await fixture.store.jobs(JobQuery())
        guard let job = jobs.randomElement(using: &chance) else { return }
        let event: JobEvent
        switch job.state {
        case .queued where !isPatient, .reusing where !isPatient: event = .cancelled
        case .held(let hold) where hold.reason == .person: event = .released
        case .failed(_, .paid): event = .retried
        case .unconfirmed(let submission):
            guard !isPatient || job.reason?.contains("hotreel resolve") == true else { return }
            event =
                vendor.lookedUp(submission.clientRequestID).map {
                    .accepted($0, status: "found by a person", charge: Charge(), nextPoll: now)
                } ?? .foundUnbilled
        default: return
        }
        try await fixture.store.record(event, on: job, at: now)
    }

    // MARK: The end

    /// Makes the world well, and lets time pass until everything has ended. What has not by then never will.
    func end() async throws {
        vendor.setFine(true)
        for name in ["inbox", "outbox"] where !fixture.folder.exists(name) { try move(name) }
        process.store.set(nil)
        for round in 1...1500 {
            if try await hasEnded() { return }
            await keepGates()
            await turn { Submitter(context: $0).loop }
            await turn { Poller(context: $0).loop }
            await turn { Deliverer(context: $0).loop }
            await turn { Reconciler(context: $0).loop }
            await turn { Reuser(context: $0).loop }
            await turn { Releaser(context: $0).loop }
            await sweep()
            if round > 100 { try await someoneActs(isPatient: true) }
            pass(round % 10 == 0 ? 4000 : 15)
        }
    }

    private func hasEnded() async throws -> Bool {
        guard try await fixture.store.unsettled().isEmpty else { return false }
        return try await fixture.store.jobs(JobQuery()).allSatisfy { job in
            if case .failed(_, .paid(let generation, _)) = job.state { return isLost(generation.id) }
            return job.state.name.isEnded
        }
    }

    private func isLost(_ id: GenerationID) -> Bool {
        vendor.billed.values.joined().contains { $0.id == id && $0.isLost }
    }

    // MARK: What must hold

    /// At any time.
    func complaints() async throws -> [String] {
        var complaints = vendor.complaints
        for (job, generations) in vendor.billed where generations.count > 1 {
            complaints.append("job \(job) was billed for \(generations.count) generations")
        }
        let contents = try contents()
        for stem in stems {
            for role in ["picture", "sidecar"] where contents["\(role) of \(stem)", default: []].isEmpty {
                complaints.append("the \(role) of \(stem) is gone")
            }
        }
        return complaints
    }

    /// Once all has ended.
    func lastComplaints() async throws -> [String] {
        var complaints = try await complaints()
        let jobs = try await fixture.store.jobs(JobQuery())
        for job in jobs where !job.state.name.isEnded {
            complaints.append("\(job.name) is still \(job.state.name.rawValue), due \(job.due): \(job.reason ?? "")")
        }
        for job in try await fixture.store.unsettled() { complaints.append("\(job.name) is not settled") }
        for (id, generations) in vendor.billed {
            guard let job = jobs.first(where: { $0.id.rawValue == id }) else {
                complaints.append("the billed job \(id) is not in the ledger")
                continue
            }
            for generation in generations where job.state.generation?.id != generation.id {
                complaints.append("\(generation.id) is billed, and \(job.name) does not know it")
            }
            if generations.contains(where: { !$0.isLost }), job.state.name != .delivered {
                complaints.append("\(job.name) is billed and \(job.state.name.rawValue)")
            }
            let told = fixture.notices.all.contains { $0.kind == .notRetrieved && $0.job == job.id }
            if job.state.name == .failed, !told { complaints.append("nobody was told that \(job.name) is lost") }
        }
        for case .delivered(_, let video) in jobs.map(\.state) {
            let path = fixture.context.outbox.videoPath(folder: "", name: video.name)
            if try FileSystem.status(of: path) == nil || FileSystem.hash(path).sha256 != video.sha256 {
                complaints.append("\(video.name).mp4 is not what was delivered")
            }
        }
        for drop in Dictionary(grouping: jobs, by: \.drop.id).values {
            let isSplit = Set(drop.map { $0.state.name == .delivered }).count > 1
            for source in drop[0].drop.sources {
                let places = try contents()["\(source.role.rawValue) of \(drop[0].drop.stem)", default: []]
                if places.count != (isSplit ? 2 : 1) { complaints.append("\(source.file.shown) lies in \(places)") }
            }
        }
        let litter = fixture.folder.files(in: "outbox").filter { $0.contains("/.") }
        if !litter.isEmpty { complaints.append("left in the outbox: \(litter)") }
        return complaints
    }

    /// Where each source lies, by its content.
    private func contents() throws -> [String: [String]] {
        try ["inbox", "outbox", "inbox.away", "outbox.away"].flatMap { top in
            fixture.folder.files(in: top).map { "\(top)/\($0)" }
        }.filter { $0.hasSuffix(".png") || $0.hasSuffix(".json") }.reduce(into: [:]) { places, file in
            places[try fixture.folder.text(of: file), default: []].append(file)
        }
    }
}
