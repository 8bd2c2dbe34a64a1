import Catalog
import Folders
import Foundation
import Jobs
import Logging
import VideoAPI

/// What every step of the pipeline works with.
package struct Context: Sendable {
    package let store: any JobStore
    package let client: any GenerationClient
    package let catalog: Catalog
    package let claims: Claims
    package let outbox: Outbox
    package let configuration: PipelineConfiguration
    package let time: Timekeeper
    package let logger: Logger
    package let bells = JobBells()
    package let files = Offload(label: "hotreel.files")
    package let metrics = PipelineMetrics()
    let endings = Turnstile<DropID>()

    package init(
        store: any JobStore, client: any GenerationClient, catalog: Catalog, claims: Claims, outbox: Outbox,
        configuration: PipelineConfiguration, time: Timekeeper = .system, logger: Logger
    ) {
        self.store = store
        self.client = client
        self.catalog = catalog
        self.claims = claims
        self.outbox = outbox
        self.configuration = configuration
        self.time = time
        self.logger = logger
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
        // A place with the vendor has become free.
        if job.state.name == .generating || job.state.name == .submitting { bells[.queued].ring() }
        metrics.count(event.name)
        log(event, next)
        return next
    }

    /// One line for people; the ids in the metadata are for looking further.
    private func log(_ event: JobEvent, _ job: Job) {
        let place = job.drop.folder.appending(FileName(job.name)).shown
        var metadata: Logger.Metadata = ["job": "\(job.id)"]
        switch event {
        case .polled(_, nil, _), .downloaded, .submissionStarted:
            logger.debug("\(place): \(event.name.rawValue)", metadata: metadata)
        case .accepted(let id, _, _, _):
            metadata["generation"] = "\(id)"
            logger.info("\(place): accepted by the API", metadata: metadata)
        case .completed: logger.info("\(place): generated", metadata: metadata)
        case .delivered(let video):
            logger.notice("\(job.drop.folder.appending(FileName(video.name)).shown).mp4: delivered", metadata: metadata)
        case .submissionRefused(let failure), .generationFailed(let failure), .deliveryFailed(let failure):
            logger.error("\(place): \(failure.message)", metadata: metadata)
        case .submissionUnconfirmed(let reason, _):
            logger.warning("\(place): unconfirmed, perhaps billed. \(reason)", metadata: metadata)
        default:
            let name = event.name.rawValue.replacing("_", with: " ")
            logger.info("\(place): \(name)\(event.detail.map { ", \($0)" } ?? "")", metadata: metadata)
        }
    }
}
