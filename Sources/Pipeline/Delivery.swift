import Folders
import Foundation
import Jobs
import Media
import SystemPackage
import VideoAPI

/// From a video beside its destination to a delivered one: verified, named, with a receipt. Each part may be done again after a crash.
struct Delivery: Sendable {
    let context: Context

    /// What a complete file holds, under the name it is wished to have. Throws `VideoProblem` where it cannot be played.
    func verified(_ part: FilePath, of job: Job) async throws -> DeliveredVideo {
        let facts = try await VideoProbe.facts(of: part)
        let hash = try await context.files.run { () throws(FileError) in try FileSystem.hash(part) }
        return DeliveredVideo(name: job.wishedName, sha256: hash.sha256, bytes: hash.bytes, facts: facts)
    }

    /// Records the name before it exists, then takes it; another drop may take it first, so it is tried again.
    func publish(_ part: FilePath, _ file: DeliveredVideo, of job: Job) async throws -> (Job, DeliveredVideo) {
        var job = job
        while true {
            let name = try context.outbox.freeVideoName(job.wishedName, folder: job.drop.folder)
            let video = DeliveredVideo(name: name, sha256: file.sha256, bytes: file.bytes, facts: file.facts)
            job = try await context.record(.downloaded(video), on: job)
            context.reached(.nameRecorded)
            try await context.requirePlaces([.outbox])
            if try context.outbox.publish(part, folder: job.drop.folder, name: name) {
                context.reached(.published)
                return (job, video)
            }
        }
    }

    /// Whether the chosen name already holds this very video, because a crash came just after the rename. Where the part file
    /// still lies there, it does not: what has that name and content is somebody else's.
    func isInPlace(_ video: DeliveredVideo, of job: Job) async throws -> Bool {
        let path = context.outbox.videoPath(folder: job.drop.folder, name: video.name)
        let part = try context.outbox.downloadPath(of: job.id, folder: job.drop.folder)
        return try await context.files.run { () throws(FileError) in
            guard try FileSystem.status(of: part) == nil, try FileSystem.status(of: path) != nil else { return false }
            return try FileSystem.hash(path).sha256 == video.sha256
        }
    }

    /// Whether an error is everybody's trouble. Closes the gate that it speaks of.
    func isTheWorlds(_ error: any Error) -> Bool {
        switch error {
        case is FileError, is PlaceGone: context.note(error)
        case DownloadError.disk(_, let code): context.note(FileError("write", context.outbox.root, code))
        case VideoProblem.unreadable(let code): context.note(FileError("read", context.outbox.root, code))
        default: false
        }
    }

    /// When a job that met the world's trouble is due again: when the gate opens that stops deliveries. With the inbox gone these
    /// go on, as far as they can, and what is left to do waits its time.
    func dueAfterTheWorldsTrouble() -> Date {
        let now = context.time.now()
        return context.gates.admission(.deliver) == .open ? now.adding(.seconds(300)) : now
    }

    func finish(_ job: Job, _ video: DeliveredVideo, _ receipt: Receipt) async throws {
        try FileSystem.replace(
            context.outbox.receiptPath(folder: job.drop.folder, name: video.name), with: receipt.json)
        context.reached(.receiptWritten)
        try await Endings(context: context).deliver(job, video)
        context.reached(.delivered)
    }
}
