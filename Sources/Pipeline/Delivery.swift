import Folders
import Foundation
import Jobs
import Media
import SystemPackage

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
            try await context.requirePlaces()
            if try context.outbox.publish(part, folder: job.drop.folder, name: name) {
                context.reached(.published)
                return (job, video)
            }
        }
    }

    /// Whether the chosen name already holds this very video, because a crash came just after the rename. Where the part file
    /// still lies there as another file, it does not: what has that name and content is somebody else's. (Without an atomic
    /// rename, a file has both names for a moment.)
    func isInPlace(_ video: DeliveredVideo, of job: Job) async throws -> Bool {
        let path = context.outbox.videoPath(folder: job.drop.folder, name: video.name)
        let part = try context.outbox.downloadPath(of: job.id, folder: job.drop.folder)
        return try await context.files.run { () throws(FileError) in
            guard let there = try FileSystem.status(of: path) else { return false }
            if let left = try FileSystem.status(of: part) {
                guard left.identity.inode == there.identity.inode, left.identity.device == there.identity.device else {
                    return false
                }
                try FileSystem.remove(part)
            }
            return try FileSystem.hash(path).sha256 == video.sha256
        }
    }

    func finish(_ job: Job, _ video: DeliveredVideo, _ receipt: Receipt) async throws {
        try FileSystem.replace(
            context.outbox.receiptPath(folder: job.drop.folder, name: video.name), with: receipt.json)
        context.reached(.receiptWritten)
        try await Endings(context: context).deliver(job, video)
        context.reached(.delivered)
    }
}
