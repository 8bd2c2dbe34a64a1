import Catalog
import Folders
import Foundation
import Jobs
import Logging
import SQLiteStore
import Synchronization
import SystemPackage
import TestKit
import Testing
import VideoAPI

@testable import Pipeline

/// Real folders, a real ledger, a clock that stands still and a far end of the test's own making.
struct PipelineFixture: Sendable {
    let folder: TemporaryFolder
    let store: SQLiteJobStore
    let api = FakeAPI()
    let clock = ManualClock()
    let notices = Notices()
    private(set) var context: Context

    /// - Parameters:
    ///   - time: the fixture's own clock by default.
    ///   - inbox, outbox: on another disk; folders of the fixture's own by default.
    ///   - inboxes: the names of several, `NAME/inbox` and `NAME/outbox`; one without a name by default.
    ///   - hasPlaces: whether the folders have to lie where they lie now.
    ///   - wrapping: puts something between the pipeline and the ledger.
    ///   - trace: hears each statement of the ledger, to do something between two of them.
    ///   - skew: by how many seconds the calendar's clock goes wrong.
    init(
        _ configure: (inout PipelineConfiguration) -> Void = { _ in }, time: Timekeeper? = nil,
        skew: (@Sendable () -> TimeInterval)? = nil,
        inbox: FilePath? = nil, outbox: FilePath? = nil, inboxes: [InboxName] = [], hasPlaces: Bool = false,
        wrapping: (SQLiteJobStore) -> any JobStore = { $0 },
        reached: @escaping @Sendable (Step) -> Void = { _ in }, trace: StatementTrace? = nil
    ) throws {
        folder = try TemporaryFolder()
        for name in ["inbox", "outbox", "state"] { try folder.folder(name) }
        let (inbox, outbox) = (inbox ?? folder["inbox"], outbox ?? folder["outbox"])
        let known = folder
        let folders =
            try inboxes.map { name in
                let (inbox, outbox) = (try known.folder("\(name)/inbox"), try known.folder("\(name)/outbox"))
                return HotFolder(
                    name: name, claims: Claims(inbox: inbox), outbox: Outbox(root: outbox),
                    places: try Places(inboxAt: inbox, outboxAt: outbox))
            }
            + (inboxes.isEmpty
                ? [
                    HotFolder(
                        claims: Claims(inbox: inbox), outbox: Outbox(root: outbox),
                        places: hasPlaces ? try Places(inboxAt: inbox, outboxAt: outbox) : nil)
                ] : [])
        store = try SQLiteJobStore(path: folder["state/ledger.sqlite"].string, trace: trace)
        var time = time ?? clock.timekeeper
        if let skew {
            time = Timekeeper(now: { [clock] in clock.date + skew() }, uptime: time.uptime, sleep: time.sleep)
        }
        var configuration = PipelineConfiguration()
        configuration.submitsPerSecond = 0
        configuration.lookupsPerSecond = 0
        // Most tests drop the same pair again and again.
        configuration.duplicates = .generate
        // Folders are looked at in real time while the clock stands or leaps: no look may seem to hang by that.
        configuration.mountPatience = .seconds(1_000_000_000)
        configure(&configuration)
        context = Context(
            store: wrapping(store), client: api, catalog: try .bundled(), folders: folders,
            configuration: configuration, time: time,
            notify: { [notices] in notices.add($0) }, reached: reached,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        for hot in folders {
            try hot.outbox.prepare()
            try FileSystem.makeFolder(hot.claims.root)
        }
    }

    /// The same, seen from one of several inboxes.
    func within(_ name: InboxName) throws -> PipelineFixture {
        var fixture = self
        fixture.context = context.within(try #require(context.folders.first { $0.name == name }))
        return fixture
    }

    // MARK: Drops

    /// Writes a pair into the inbox and describes it as the ledger would. The picture's content is of no interest here.
    func drop(_ stem: String = "shot", in place: FileName = "") throws -> Drop {
        let sources = try [(Source.Role.picture, "\(stem).png"), (.sidecar, "\(stem).json")].map { role, name in
            let relative = InboxPath(folder: place, name: FileName(name)).relative
            let path = try folder.write("\(role) of \(stem)", to: context.claims.inbox.appending(relative))
            guard let status = try FileSystem.status(of: path) else { throw Vanished(path: path) }
            return Source(
                role: role, file: FileName(name), identity: status.identity,
                sha256: try FileSystem.hash(path).sha256, claim: .move)
        }
        return Drop(id: .make(at: clock.date), folder: place, sources: sources, inbox: context.folder.name)
    }

    struct Vanished: Error { let path: FilePath }

    /// The jobs of a drop, as the intake makes them.
    func jobs(of drop: Drop, variations: Int = 1, held: Bool = false, fingerprint: String? = nil, at date: Date? = nil)
        -> [Job]
    {
        (1...variations).map { number in
            .queued(
                .make(at: clock.date, chance: UInt32(number) << 20 | .random(in: 0..<1 << 20)), drop: drop,
                request: GenerationRequest(
                    body: ["model": "kling-video/v1.6/pro/image-to-video", "prompt": "slow push in", "duration": 5],
                    attachments: [
                        Attachment(
                            place: [.key("image_url")], file: "sources/\(drop.stem).png".fileName,
                            name: "\(drop.stem).png".fileName, mimeType: "image/png", bytes: 7, sha256: "ab")
                    ]),
                name: OutputName.variation(number, of: variations, name: drop.stem), priority: 5, held: held,
                fingerprint: fingerprint.map { "\($0)-\(number)" }, at: date ?? clock.date)
        }
    }

    /// Jobs of a pair that has been claimed: rows and files in place.
    func claimed(
        _ stem: String = "shot", in place: FileName = "", variations: Int = 1, held: Bool = false,
        fingerprint: String? = nil, at date: Date? = nil
    ) async throws -> [Job] {
        let drop = try drop(stem, in: place)
        let jobs = jobs(of: drop, variations: variations, held: held, fingerprint: fingerprint, at: date)
        try context.claims.prepare(drop.id)
        try await store.insert(jobs)
        for source in drop.sources { _ = try context.claims.take(source, of: drop) }
        return jobs
    }

    func claimedJob(
        _ stem: String = "shot", in place: FileName = "", held: Bool = false, fingerprint: String? = nil
    ) async throws -> Job {
        try await claimed(stem, in: place, held: held, fingerprint: fingerprint)[0]
    }

    /// Records what has happened to a job meanwhile.
    @discardableResult
    func after(_ events: JobEvent..., on job: Job) async throws -> Job {
        var job = job
        for event in events { job = try await store.record(event, on: job, at: clock.date) }
        return job
    }

    func submitting(_ job: Job) async throws -> Job {
        try await after(.submissionStarted(job.nextClientRequestID), on: job)
    }

    func generating(_ job: Job) async throws -> Job {
        try await after(
            .accepted(.of(job.nextClientRequestID), status: "queued", charge: Charge(), nextPoll: clock.date),
            on: submitting(job))
    }

    func generated(_ job: Job) async throws -> Job {
        try await after(.completed(.link(1), charge: .sample), on: generating(job))
    }

    /// The next process over the same ledger and folders.
    func restarted(
        over ledger: (any JobStore)? = nil, inboxes: [HotFolder]? = nil,
        _ configure: (inout PipelineConfiguration) -> Void = { _ in }
    ) -> Context {
        var configuration = context.configuration
        configure(&configuration)
        return Context(
            store: ledger ?? store, client: api, catalog: context.catalog, folders: inboxes ?? context.folders,
            configuration: configuration, time: context.time,
            notify: { [notices] in notices.add($0) }, logger: context.logger)
    }

    // MARK: Looking

    func now(_ job: Job) async throws -> Job {
        guard let now = try await store.job(job.id) else { throw JobStoreError.lostRace(job.id) }
        return now
    }

    func state(_ job: Job) async throws -> JobState.Name { try await now(job).state.name }

    func isSettled(_ drop: Drop) async throws -> Bool {
        try await store.unsettled().allSatisfy { $0.drop.id != drop.id }
    }

    /// Every file of the outbox and the inbox, dot-files included.
    var outbox: [String] { folder.files(in: "outbox") }
    var inbox: [String] { folder.files(in: "inbox") }

    func json(_ name: String) throws -> JSONValue {
        try JSONDecoder().decode(JSONValue.self, from: Data(folder.text(of: name).utf8))
    }

    // MARK: Steps, one at a time

    /// Does what the ledger says is due in a loop's state, once each.
    func run(_ loop: DueLoop) async throws {
        let due = try await store.claimDue(
            loop.state, now: clock.date, leaseEnd: clock.date.adding(loop.lease), limit: 1000)
        // Whatever the gates say: what they let through is tried elsewhere.
        for job in due { try await DueLoop.$isProbe.withValue(true) { try await loop.step(job) } }
    }

    /// As `run`, for the jobs that the gates and folders let through now.
    func runAdmitted(_ loop: DueLoop) async throws {
        let clearance = await context.clearance(loop.work)
        guard clearance.admission == .open else { return }
        let due = try await store.claimDue(
            loop.state, now: clock.date, leaseEnd: clock.date.adding(loop.lease), limit: 1000,
            without: clearance.without)
        for job in due { try await loop.step(job) }
    }

    func submit() async throws { try await run(Submitter(context: context).loop) }
    func poll() async throws { try await run(Poller(context: context).loop) }
    func deliver() async throws { try await run(Deliverer(context: context).loop) }
    func lookUp() async throws { try await run(Reconciler(context: context).loop) }
    func start() async throws {
        try await StartUp(context: context).resume()
        try await StartUp(context: context).heal()
    }
    func reuse() async throws { try await run(Reuser(context: context).loop) }
    func release() async throws { try await run(Releaser(context: context).loop) }
}

/// What an admin would have been told.
final class Notices: Sendable {
    private let told = Mutex<[Notice]>([])
    var all: [Notice] { told.withLock { $0 } }
    var kinds: [Notice.Kind] { all.map(\.kind) }
    func add(_ notice: Notice) { told.withLock { $0.append(notice) } }
}

extension Places {
    /// The folders have to lie where they lie now.
    init(inboxAt inbox: FilePath, outboxAt outbox: FilePath) throws {
        self.init(
            inbox: SharePresence(role: "inbox", root: inbox, place: try .of(inbox)),
            outbox: SharePresence(role: "outbox", root: outbox, place: try .of(outbox)))
    }
}

extension ManualClock {
    /// This clock as the pipeline takes it.
    var timekeeper: Timekeeper {
        Timekeeper(now: { self.date }, uptime: { self.now.offset }, sleep: { try await self.sleep(for: $0) })
    }
}

extension String {
    var fileName: FileName { FileName(self) }
}

extension Context {
    /// For a service with the one inbox that needs no name.
    init(
        store: any JobStore, client: any GenerationClient, catalog: Catalog, claims: Claims, outbox: Outbox,
        configuration: PipelineConfiguration, time: Timekeeper = .system, calendar: Calendar = .current,
        places: Places? = nil, notify: @escaping @Sendable (Notice) -> Void = { _ in },
        reached: @escaping @Sendable (Step) -> Void = { _ in }, logger: Logger
    ) {
        self.init(
            store: store, client: client, catalog: catalog,
            folders: [HotFolder(claims: claims, outbox: outbox, places: places)], configuration: configuration,
            time: time, calendar: calendar, notify: notify, reached: reached, logger: logger)
    }
}
