import Folders
import Foundation
import Jobs
import Media
import SystemPackage
import VideoAPI

/// Brings finished videos home: downloaded beside their destination, verified, named, with a receipt. Never gives up lightly,
/// because they are paid for.
struct Deliverer: Sendable {
    let context: Context

    var loop: DueLoop {
        DueLoop(
            state: .generated, width: 4, lease: .seconds(3600), finishesSteps: false, context: context, step: deliver)
    }

    @Sendable
    private func deliver(_ job: Job) async throws(JobStoreError) {
        guard case .generated(let generation, let video) = job.state else { return }
        do {
            if let known = video.downloaded, try await isInPlace(known, of: job) {
                return try await finish(job, generation, known)
            }
            let part = try context.outbox.downloadPath(of: job.id, folder: job.drop.folder)
            try FileSystem.remove(part)
            _ = try await context.client.download(video.url, to: part, limit: context.configuration.maxVideoBytes)
            let facts = try await VideoProbe.facts(of: part)
            let hash = try await context.files.run { () throws(FileError) in try FileSystem.hash(part) }
            try await publish(part, facts: facts, sha256: hash.sha256, bytes: hash.bytes, of: job)
        } catch let error as JobStoreError {
            throw error
        } catch is CancellationError {
            return
        } catch {
            if Task.isCancelled { return }
            if let part = try? context.outbox.downloadPath(of: job.id, folder: job.drop.folder) {
                // Each try begins anew, and after the last none may stay.
                try? FileSystem.remove(part)
            }
            // Its name may have been recorded since the step began.
            guard let current = try await context.store.job(job.id), current.state.name == .generated else { return }
            try await record(error, on: current, since: generation)
        }
    }

    /// Records the name before it exists, then takes it; another drop may take it first, so it is tried again.
    private func publish(
        _ part: FilePath, facts: VideoFacts, sha256: String, bytes: Int, of job: Job
    ) async throws {
        var job = job
        while true {
            let name = try context.outbox.freeVideoName(job.wishedName, folder: job.drop.folder)
            let video = DeliveredVideo(name: name, sha256: sha256, bytes: bytes, facts: facts)
            job = try await context.record(.downloaded(video), on: job)
            guard case .generated(let generation, _) = job.state else { return }
            if try context.outbox.publish(part, folder: job.drop.folder, name: name) {
                return try await finish(job, generation, video)
            }
        }
    }

    /// Whether the chosen name already holds this very video, because a crash came just after the rename.
    private func isInPlace(_ video: DeliveredVideo, of job: Job) async throws -> Bool {
        let path = context.outbox.videoPath(folder: job.drop.folder, name: video.name)
        guard try FileSystem.status(of: path) != nil else { return false }
        return try await context.files.run { () throws(FileError) in try FileSystem.hash(path) }.sha256 == video.sha256
    }

    private func finish(_ job: Job, _ generation: Generation, _ video: DeliveredVideo) async throws {
        let delivered = context.time.now()
        let receipt = Receipt(
            job: job, generation: generation, video: video, delivered: delivered,
            warnings: (job.request?.warnings ?? []) + durationWarning(job, video),
            isPreview: context.configuration.isPreview)
        try FileSystem.replace(
            context.outbox.receiptPath(folder: job.drop.folder, name: video.name), with: receipt.json)
        try await Endings(context: context).deliver(job, video)
    }

    private func durationWarning(_ job: Job, _ video: DeliveredVideo) -> [String] {
        guard let asked = job.request?.body["duration"]?.doubleValue, abs(asked - video.facts.duration) > 1 else {
            return []
        }
        let got = (video.facts.duration * 10).rounded() / 10
        return ["asked for \(Int(asked)) seconds, and the API made \(got); it is paid for, so it is delivered as it is"]
    }

    /// What a failed attempt means: a fresh link, another try later, or at long last the person's turn.
    private func record(_ error: any Error, on job: Job, since generation: Generation) async throws(JobStoreError) {
        let now = context.time.now()
        let age = Duration.seconds(max(0, now.timeIntervalSince(generation.completed ?? generation.accepted)))
        let reason = Self.words(for: error)
        if age > context.configuration.deliveryPatience, try await !isRetried(job) {
            let failure = Failure(
                stage: .delivery,
                message: "The video is paid for and could not be brought home: \(reason)",
                problems: [
                    Problem(
                        file: job.name + ".mp4", rule: reason,
                        remedy:
                            "Do not drop the files again, that would cost again. Ask your admin to run: hotreel retry \(job.id)"
                    )
                ])
            let failed = try await context.record(.deliveryFailed(failure), on: job)
            return await Endings(context: context).settle(failed)
        }
        // The wait grows with the time it has already taken: from two seconds to five minutes.
        let next = now.adding(min(max(age / 4, .seconds(2)), .seconds(300)))
        switch error {
        case VideoProblem.notChecked:
            // The prober's trouble says nothing about the video.
            try await context.record(.deliveryPostponed(reason: reason, until: next), on: job)
        case DownloadError.interrupted where age > .seconds(30):
            // Asking again costs nothing, and the answer may name another host.
            try await context.record(.linkExpired(reason: reason, nextPoll: next), on: job)
        case DownloadError.expired, DownloadError.notAVideo, is VideoProblem:
            try await context.record(.linkExpired(reason: reason, nextPoll: next), on: job)
        default:
            try await context.record(.deliveryPostponed(reason: reason, until: next), on: job)
        }
    }

    /// Whether a person asked for another try so lately that its patience lasts: an old link has surely expired by then.
    private func isRetried(_ job: Job) async throws(JobStoreError) -> Bool {
        let retry = try await context.store.history(of: job.id).last { $0.event == JobEvent.Name.retried.rawValue }
        return retry.map { context.time.now() <= $0.at.adding(context.configuration.deliveryPatience) } ?? false
    }

    private static func words(for error: any Error) -> String {
        switch error {
        case DownloadError.expired(let status): "the video's link has expired (\(status)); asking for a new one"
        case DownloadError.interrupted(let why): "the download was interrupted: \(why)"
        case DownloadError.notAVideo(let why): "what came is not a video: \(why)"
        case DownloadError.disk(let why): "the outbox cannot take it: \(why)"
        case let problem as VideoProblem: problem.message
        case let error as FileError: error.description
        default: "\(error)"
        }
    }
}
