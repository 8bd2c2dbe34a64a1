import Folders
import Foundation
import Jobs
import Media
import SystemPackage
import VideoAPI

/// Gives a job the video that another job has, for nothing: a copy of what was delivered, or, where people have taken that away,
/// the same generation fetched once more.
struct Reuser: Sendable {
    let context: Context

    var loop: DueLoop {
        DueLoop(
            state: .reusing, work: .deliver, width: 4, lease: .seconds(3600), finishesSteps: false, context: context,
            step: { job throws(JobStoreError) in
                try await context.within(job) { there throws(JobStoreError) in
                    try await Reuser(context: there).reuse(job)
                }
            })
    }

    private func reuse(_ job: Job) async throws(JobStoreError) {
        guard case .reusing(let reuse) = job.state else { return }
        guard let original = try await context.store.job(reuse.original) else {
            try await context.record(.reuseAbandoned(reason: "job \(reuse.original) is not in the ledger"), on: job)
            return
        }
        switch original.state {
        case .delivered(let origin, let video): try await take(video, origin, of: original, for: job, reuse)
        case .queued, .held, .submitting, .unconfirmed, .generating, .generated, .reusing:
            // A bell tells when it ends; this is for what another process does to it.
            try await context.record(
                .deliveryPostponed(
                    reason: "waits for \(Self.place(of: original)), which asks for the same video and is paid for once",
                    until: context.time.now().adding(pause(job))), on: job)
        case .failed, .cancelled:
            try await context.record(
                .reuseAbandoned(reason: "\(Self.place(of: original)), which asked for the same video, did not get one"),
                on: job)
        }
    }

    private func take(
        _ video: DeliveredVideo, _ origin: Origin, of original: Job, for job: Job, _ reuse: Reuse
    ) async throws(JobStoreError) {
        let delivery = Delivery(context: context)
        do {
            try await context.requirePlaces([.outbox])
            if let known = reuse.downloaded, try await delivery.isInPlace(known, of: job) {
                return try await finish(job, known, origin, original)
            }
            let part = try context.outbox.downloadPath(of: job.id, folder: job.drop.folder)
            guard let file = try await fetch(video, origin, of: original, into: part, for: job) else { return }
            let (named, final) = try await delivery.publish(part, file, of: job)
            try await finish(named, final, origin, original)
        } catch let error as JobStoreError {
            // Somebody cancelled it meanwhile: no part of the copy may stay.
            if case .lostRace = error, try await context.store.job(job.id)?.state.name == .cancelled {
                removePart(of: job)
            }
            throw error
        } catch is CancellationError {
            return
        } catch {
            if Task.isCancelled { return }
            guard let current = try await context.store.job(job.id), current.state.name == .reusing else { return }
            try await postpone(current, error)
        }
    }

    /// Puts a copy that could not be made off, or gives it up where trying again is no use: then the job is sent after all.
    private func postpone(_ job: Job, _ error: any Error) async throws(JobStoreError) {
        if Delivery(context: context).isTheWorlds(error) {
            try await context.record(
                .deliveryPostponed(
                    reason: "the copy waits: \(error)", until: Delivery(context: context).dueAfterTheWorldsTrouble()),
                on: job)
            return
        }
        let history = try await context.store.history(of: job.id)
        let found = history.lastIndex { $0.event == JobEvent.Name.reuseFound.rawValue } ?? 0
        let tries = history[found...].count { $0.detail?.hasPrefix(Self.failed) == true }
        if tries >= Self.tries, !Self.passes(error) {
            try await abandon(job, "\(error)")
            return
        }
        try await context.record(
            .deliveryPostponed(reason: "\(Self.failed)\(error)", until: context.time.now().adding(pause(job))), on: job)
    }

    private static let failed = "the copy cannot be made: "
    /// Tries before trouble that may be the video's own is taken to be.
    private static let tries = 10

    /// Whether it is trouble on the way to the API, and not with this one video.
    private static func passes(_ error: any Error) -> Bool {
        switch error {
        case let error as PollError: error.trouble.kind != .api
        case DownloadError.interrupted, VideoProblem.notChecked: true
        default: false
        }
    }

    /// The longer it has been, the longer until the next look: from half a minute to ten.
    private func pause(_ job: Job) -> Duration {
        let age = Duration.seconds(max(0, context.time.now().timeIntervalSince(job.created)))
        return min(max(age / 10, .seconds(30)), .seconds(600))
    }

    /// The video in `part`, copied or fetched; nil where neither can be, which is recorded.
    private func fetch(
        _ video: DeliveredVideo, _ origin: Origin, of original: Job, into part: FilePath, for job: Job
    ) async throws -> DeliveredVideo? {
        if try await copy(video, of: original, to: part) { return video }
        guard let generation = try await generation(of: origin) else {
            try await abandon(job, "its video is no longer in the outbox")
            return nil
        }
        let update = try await context.client.poll(generation.id)
        guard case .completed(let url) = update.phase else {
            try await abandon(job, "its video is no longer in the outbox, and the API no longer has it")
            return nil
        }
        do {
            try FileSystem.remove(part)
            _ = try await context.client.download(url, to: part, limit: context.configuration.maxVideoBytes)
            return try await Delivery(context: context).verified(part, of: job)
        } catch let error as DownloadError where error.isLasting {
            try await abandon(job, "its video is no longer in the outbox, and cannot be fetched again: \(error)")
            return nil
        }
    }

    /// Copies what was delivered, be it into the outbox of another inbox. False where it is not there any more; while that outbox
    /// is not in its place nobody can tell, and it throws.
    private func copy(_ video: DeliveredVideo, of original: Job, to part: FilePath) async throws -> Bool {
        guard let folder = context.folders.named(original.drop.inbox) else { return false }
        try await context.within(folder).requirePlaces([.outbox])
        let source = folder.outbox.videoPath(folder: original.drop.folder, name: video.name)
        return try await context.files.run { () throws(FileError) -> Bool in
            guard let status = try FileSystem.status(of: source), status.kind == .regular,
                status.identity.size == Int64(video.bytes)
            else { return false }
            try FileSystem.remove(part)
            try FileSystem.copy(source, to: part)
            return try FileSystem.hash(part).sha256 == video.sha256
        }
    }

    private func abandon(_ job: Job, _ reason: String) async throws(JobStoreError) {
        removePart(of: job)
        try await context.record(.reuseAbandoned(reason: "the same was delivered before, but \(reason)"), on: job)
    }

    private func removePart(of job: Job) {
        do throws(FileError) {
            try FileSystem.remove(context.outbox.downloadPath(of: job.id, folder: job.drop.folder))
        } catch {
            context.note(error)
        }
    }

    /// The generation behind a video, through however many reuses.
    private func generation(of origin: Origin) async throws(JobStoreError) -> Generation? {
        switch origin {
        case .generation(let generation): return generation
        case .reuse(let reuse):
            guard let original = try await context.store.job(reuse.original),
                case .delivered(let earlier, _) = original.state
            else { return nil }
            return try await generation(of: earlier)
        }
    }

    private func finish(_ job: Job, _ video: DeliveredVideo, _ origin: Origin, _ original: Job) async throws {
        let receipt = Receipt(
            job: job, payment: .reused(from: original, try await generation(of: origin)), video: video,
            delivered: context.time.now(),
            warnings: (job.request?.warnings ?? []) + [
                "the same picture and request were made before as \(Self.place(of: original)): this is that video, and nothing was paid. "
                    + "Write \"hotreel\": {\"again\": true} into the sidecar for a new one"
            ], isPreview: context.configuration.isPreview)
        try await Delivery(context: context).finish(job, video, receipt)
    }

    private static func place(of job: Job) -> String {
        job.drop.inbox.prefix + job.drop.folder.appending(FileName(job.name)).shown
    }
}

extension DownloadError {
    /// Whether trying the same link again is no use.
    var isLasting: Bool {
        switch self {
        case .expired, .notAVideo, .addressRefused: true
        default: false
        }
    }
}
