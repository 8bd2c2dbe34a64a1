import Folders
import Foundation
import Jobs
import Media
import SystemPackage
import VideoAPI

/// Brings finished videos home. Never gives up lightly, because they are paid for.
struct Deliverer: Sendable {
    let context: Context
    private var delivery: Delivery { Delivery(context: context) }

    init(context: Context) { self.context = context }

    var loop: DueLoop {
        DueLoop(
            state: .generated, work: .deliver, width: 4, lease: .seconds(3600), finishesSteps: false, context: context,
            step: { job throws(JobStoreError) in
                try await context.within(job) { there throws(JobStoreError) in
                    try await Deliverer(context: there).deliver(job)
                }
            })
    }

    private func deliver(_ job: Job) async throws(JobStoreError) {
        guard case .generated(let generation, let video) = job.state else { return }
        do {
            try await context.requirePlaces([.outbox])
            if let known = video.downloaded, try await delivery.isInPlace(known, of: job) {
                return try await finish(job, generation, known)
            }
            let part = try context.outbox.downloadPath(of: job.id, folder: job.drop.folder)
            let file = try await complete(part, video, of: job)
            let (named, final) = try await delivery.publish(part, file, of: job)
            try await finish(named, generation, final)
        } catch let error as JobStoreError {
            throw error
        } catch is CancellationError {
            return
        } catch {
            if Task.isCancelled { return }
            // Its name may have been recorded since the step began.
            guard let current = try await context.store.job(job.id), current.state.name == .generated else { return }
            try await record(error, on: current, since: generation)
        }
    }

    /// The whole video in `part`: as an earlier try left it, or downloaded, from where that broke off.
    private func complete(_ part: FilePath, _ video: GeneratedVideo, of job: Job) async throws -> DeliveredVideo {
        if let known = video.downloaded, try FileSystem.status(of: part) != nil {
            let hash = try await context.files.run { () throws(FileError) in try FileSystem.hash(part) }
            if hash.sha256 == known.sha256 { return known }
        }
        context.reached(.downloadBegun)
        _ = try await context.client.download(video.url, to: part, limit: context.configuration.maxVideoBytes)
        do {
            let file = try await delivery.verified(part, of: job)
            context.reached(.downloaded)
            return file
        } catch let problem as VideoProblem {
            switch problem {
            case .notChecked, .unreadable: throw problem
            // What cannot be played may have been pieced together wrongly: the next try begins anew.
            case .notAVideo, .incomplete:
                try FileSystem.remove(part)
                throw problem
            }
        }
    }

    private func finish(_ job: Job, _ generation: Generation, _ video: DeliveredVideo) async throws {
        let receipt = Receipt(
            job: job, payment: .paid(generation), video: video, delivered: context.time.now(),
            warnings: (job.request?.warnings ?? []) + durationWarning(job, video)
                + context.resends.warnings(of: job.drop.id),
            resends: context.resends.written(of: job.drop.id), isPreview: context.configuration.isPreview)
        try await delivery.finish(job, video, receipt)
    }

    private func durationWarning(_ job: Job, _ video: DeliveredVideo) -> [String] {
        guard let asked = job.request?.body["duration"]?.doubleValue, abs(asked - video.facts.duration) > 1 else {
            return []
        }
        let got = (video.facts.duration * 10).rounded() / 10
        return ["asked for \(Int(asked)) seconds, and the API made \(got); it is paid for, so it is delivered as it is"]
    }

    /// What a failed attempt means: a gate that closes, a fresh link, another try later, or at long last the person's turn.
    private func record(_ error: any Error, on job: Job, since generation: Generation) async throws(JobStoreError) {
        let now = context.time.now()
        let reason = Self.words(for: error)
        // Room and a reachable outbox are everybody's trouble, and no try is lost by waiting for them.
        if delivery.isTheWorlds(error) {
            try await context.record(
                .deliveryPostponed(reason: Self.worlds + reason, until: delivery.dueAfterTheWorldsTrouble()), on: job)
            return
        }
        let age = Duration.seconds(max(0, now.timeIntervalSince(generation.completed ?? generation.accepted)))
        if age > context.configuration.deliveryPatience, try await hasTriedLongEnough(job) {
            return try await fail(job, reason)
        }
        // The wait grows with the time it has already taken: from two seconds to five minutes.
        let next = now.adding(min(max(age / 4, .seconds(2)), .seconds(300)))
        switch error {
        case VideoProblem.notChecked, VideoProblem.unreadable:
            // The prober's or the disk's trouble says nothing about the video.
            try await context.record(.deliveryPostponed(reason: reason, until: next), on: job)
        case DownloadError.interrupted where age > .seconds(30):
            // Asking again costs nothing, and the answer may name another host.
            try await context.record(.linkExpired(reason: reason, nextPoll: next), on: job)
        case DownloadError.expired, DownloadError.notAVideo, DownloadError.addressRefused, is VideoProblem:
            try await context.record(.linkExpired(reason: reason, nextPoll: next), on: job)
        default:
            try await context.record(.deliveryPostponed(reason: reason, until: next), on: job)
        }
    }

    private func fail(_ job: Job, _ reason: String) async throws(JobStoreError) {
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
        context.notify(
            Notice(
                .notRetrieved,
                message:
                    "\(job.name) is paid for and could not be fetched: \(reason). hotreel retry \(job.id) tries again.",
                at: failed.updated, job: job.id))
        if let part = try? context.outbox.downloadPath(of: job.id, folder: job.drop.folder) {
            do { try FileSystem.remove(part) } catch { context.note(error) }
        }
        await Endings(context: context).settle(failed)
    }

    /// Whether enough was tried since the video was finished, or since a person asked for another try: a clock that was set
    /// must not decide, and after a retry an old link has surely expired.
    private func hasTriedLongEnough(_ job: Job) async throws(JobStoreError) -> Bool {
        let history = try await context.store.history(of: job.id)
        let retried = history.lastIndex { $0.event == JobEvent.Name.retried.rawValue }
        if let retried, context.time.now() <= history[retried].at.adding(context.configuration.deliveryPatience) {
            return false
        }
        let tries: Set<String> = [JobEvent.Name.linkExpired.rawValue, JobEvent.Name.deliveryPostponed.rawValue]
        let since = history[(retried ?? 0)...].filter { tries.contains($0.event) }
        return since.count { $0.detail?.hasPrefix(Self.worlds) != true } >= Self.tries
    }

    /// Begins the reason of a delivery that waits for the world; it does not count as a try.
    private static let worlds = "waits: "

    private static let tries = 5

    private static func words(for error: any Error) -> String {
        switch error {
        case DownloadError.expired(let status): "the video's link has expired (\(status)); asking for a new one"
        case DownloadError.interrupted(let why): "the download was interrupted: \(why)"
        case DownloadError.notAVideo(let why): "what came is not a video: \(why)"
        case DownloadError.addressRefused(let why): "the video's link is not followed: \(why)"
        case DownloadError.disk(let why, _): "the outbox cannot take it: \(why)"
        case let problem as VideoProblem: problem.message
        case let error as FileError: error.description
        default: "\(error)"
        }
    }
}
