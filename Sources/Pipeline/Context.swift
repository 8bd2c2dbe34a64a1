import Catalog
import Folders
import Foundation
import Jobs
import Logging
import VideoAPI

/// What every step of the pipeline works with.
///
/// A step that touches files is taken within a hot folder, `within`: only such a context has claims and an outbox. Where the one
/// hot folder has no name there is nothing to choose.
package struct Context: Sendable {
    package let store: any JobStore
    package let client: any GenerationClient
    package let catalog: Catalog
    package let folders: [HotFolder]
    package let configuration: PipelineConfiguration
    package let time: Timekeeper
    package internal(set) var logger: Logger
    /// Days and months are the server's own.
    package let calendar: Calendar
    package let bells: JobBells
    package let gates: Gates
    package let files = Offload(label: "hotreel.files")
    package let metrics = PipelineMetrics()
    let notify: @Sendable (Notice) -> Void
    let reached: @Sendable (Step) -> Void
    let endings = Turnstile<DropID>()
    let unhealed = Unhealed()
    /// The hot folder it has been narrowed to; see `within`.
    var current: HotFolder?
    let memories: [InboxName: FolderMemory]
    /// Drops of one name choose where their files go one after the other.
    let names = Turnstile<FileName>()

    /// - Parameters:
    ///   - notify: hears, once, of what an admin should know. Must not block.
    ///   - reached: hears of each named moment before the next thing happens; for tests that end the process there.
    package init(
        store: any JobStore, client: any GenerationClient, catalog: Catalog, folders: [HotFolder],
        configuration: PipelineConfiguration, time: Timekeeper = .system, calendar: Calendar = .current,
        notify: @escaping @Sendable (Notice) -> Void = { _ in },
        reached: @escaping @Sendable (Step) -> Void = { _ in }, logger: Logger
    ) {
        self.store = store
        self.client = client
        self.catalog = catalog
        self.folders = folders
        self.configuration = configuration
        self.time = time
        self.logger = logger
        self.calendar = calendar
        self.notify = notify
        self.reached = reached
        let bells = JobBells()
        self.bells = bells
        memories = Dictionary(
            folders.map { folder in
                (
                    folder.name,
                    FolderMemory(
                        waits: InboxWaits(configuration: configuration, time: time, bell: bells.status),
                        resends: Resends(window: configuration.resendWindow))
                )
            }, uniquingKeysWith: { first, _ in first })
        gates = Gates(firstWait: configuration.retryInterval, time: time, logger: logger, notify: notify) {
            bells.ringAll()
        }
    }

    /// Makes an event durable, tells who may have something to do now, and says it in the log.
    ///
    /// Runs to its end even when the task is cancelled: what has happened must be on disk before anybody stops.
    @discardableResult
    func record(_ event: JobEvent, on job: Job) async throws(JobStoreError) -> Job {
        let (store, now) = (store, time.now())
        let next = try await Task<Result<Job, JobStoreError>, Never> {
            do throws(JobStoreError) { return .success(try await store.record(event, on: job, at: now)) } catch {
                return .failure(error)
            }
        }.value.get()
        bells[next.state.name].ring()
        bells.status.ring()
        // A place with the vendor has become free.
        if job.state.name == .generating || job.state.name == .submitting { bells[.queued].ring() }
        if next.state.name.isEnded { await wakeReusers(of: next) }
        // A video was cheaper than expected, or is not billed after all.
        if (next.state.cost?.credits ?? 0) < (job.state.cost?.credits ?? 0) { bells.budget.ring() }
        metrics.count(event.name)
        log(event, next, isNews: next.reason != job.reason)
        return next
    }

    /// Whoever waits for this job's video may have it now, or must do without.
    private func wakeReusers(of job: Job) async {
        guard job.fingerprint != nil else { return }
        do throws(JobStoreError) {
            for waiting in try await store.reusers(of: job) {
                do throws(JobStoreError) {
                    try await record(
                        .deliveryPostponed(reason: "the other job has ended", until: time.now()), on: waiting)
                } catch {
                    guard case .lostRace = error else { throw error }
                }
            }
        } catch {
            // They look by themselves now and then.
            note(error)
        }
    }

    /// Does what must get into the ledger, because it has happened outside: again and again while the ledger cannot be written.
    func insisting<Value: Sendable>(
        _ work: () async throws(JobStoreError) -> Value
    ) async throws(JobStoreError) -> Value {
        while true {
            do throws(JobStoreError) {
                return try await work()
            } catch {
                guard case .unavailable(let why) = error, !Task.isCancelled else { throw error }
                gates.close(.ledger, reason: "the ledger cannot be written: \(why)")
                let rings = gates.bell.rings
                guard gates.isClosed(.ledger) else { continue }
                await gates.bell.wait(after: rings, atMost: .seconds(30), by: time)
            }
        }
    }

    /// One line for people; the ids in the metadata are for looking further.
    private func log(_ event: JobEvent, _ job: Job, isNews: Bool) {
        let place = job.drop.folder.appending(FileName(job.name)).shown
        var metadata: Logger.Metadata = ["job": "\(job.id)"]
        if !job.drop.inbox.isUnnamed { metadata["inbox"] = "\(job.drop.inbox)" }
        switch event {
        // What is still the same is no news.
        case .polled where !isNews, .stillUnconfirmed where !isNews, .deliveryPostponed where !isNews,
            .submissionDeferred where gates.closed.isEmpty == false:
            logger.debug("\(place): \(event.name.rawValue)", metadata: metadata)
        case .polled(_, nil, _), .downloaded, .submissionStarted:
            logger.debug("\(place): \(event.name.rawValue)", metadata: metadata)
        case .accepted(let id, _, _, _):
            metadata["generation"] = "\(id)"
            logger.info("\(place): accepted by the API", metadata: metadata)
        case .completed: logger.info("\(place): generated", metadata: metadata)
        case .delivered(let video):
            logger.notice("\(job.drop.folder.appending(FileName(video.name)).shown).mp4: delivered", metadata: metadata)
        case .submissionRefused(let failure), .submissionFailed(let failure), .generationFailed(let failure),
            .deliveryFailed(let failure):
            logger.error("\(place): \(failure.message)", metadata: metadata)
        case .submissionUnconfirmed(let reason, _):
            logger.warning("\(place): unconfirmed, perhaps billed. \(reason)", metadata: metadata)
        default:
            let name = event.name.rawValue.replacing("_", with: " ")
            logger.info("\(place): \(name)\(event.detail.map { ", \($0)" } ?? "")", metadata: metadata)
        }
    }
}
