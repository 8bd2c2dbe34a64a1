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
        if let name = try await publishedBefore(file, of: job) {
            let video = DeliveredVideo(name: name, sha256: file.sha256, bytes: file.bytes, facts: file.facts)
            job = try await context.record(.downloaded(video), on: job)
            try FileSystem.remove(part)
            return (job, video)
        }
        while true {
            // Two names that differ only by case would both be free.
            let place = job.drop.folder.appending(FileName(job.wishedName.folded))
            let named = try await context.names.pass(place) { () async throws -> (Job, DeliveredVideo)? in
                let name = try context.outbox.freeVideoName(job.wishedName, folder: job.drop.folder)
                let video = DeliveredVideo(name: name, sha256: file.sha256, bytes: file.bytes, facts: file.facts)
                let recorded = try await context.record(.downloaded(video), on: job)
                job = recorded
                context.reached(.nameRecorded)
                try await context.requirePlaces([.outbox])
                guard try context.outbox.publish(part, folder: job.drop.folder, name: name) else { return nil }
                context.reached(.published)
                return (recorded, video)
            }
            if let named { return named }
        }
    }

    /// The name that an earlier try gave this very video, where the ledger knows nothing of it: the last that it wrote before a
    /// power cut may be lost though what was done after it is not.
    private func publishedBefore(_ video: DeliveredVideo, of job: Job) async throws -> String? {
        var number = 1
        while true {
            let name = OutputName.choice(number, of: job.wishedName)
            let path = context.outbox.videoPath(folder: job.drop.folder, name: name)
            guard let status = try FileSystem.status(of: path) else { return nil }
            if status.identity.size == Int64(video.bytes),
                try await context.files.run({ () throws(FileError) in
                    try FileSystem.hash(path).sha256 == video.sha256
                }), try await isOurs(name, of: job)
            {
                return name
            }
            number += 1
        }
    }

    /// Whether a video of this job's content is this job's: by its receipt, else because no other job has that name.
    private func isOurs(_ name: String, of job: Job) async throws -> Bool {
        let receipt = context.outbox.receiptPath(folder: job.drop.folder, name: name)
        if try FileSystem.status(of: receipt) != nil {
            let document = try? JSONDecoder().decode(
                JSONValue.self, from: Data(try FileSystem.read(receipt, limit: 1 << 20)))
            return document?["job"] == .string(job.id.rawValue)
        }
        return try await context.store.jobs(
            JobQuery(
                states: [.generated, .reusing, .delivered], inboxes: context.folder.names, folder: job.drop.folder)
        ).allSatisfy {
            $0.id == job.id || $0.drop.folder != job.drop.folder || $0.name != name
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
        return context.gates.admission(.deliver, in: context.folder.name) == .open ? now.adding(.seconds(300)) : now
    }

    func finish(_ job: Job, _ video: DeliveredVideo, _ receipt: Receipt) async throws {
        try context.outbox.writeReceipt(receipt.json, folder: job.drop.folder, name: video.name)
        context.reached(.receiptWritten)
        try await Endings(context: context).deliver(job, video)
        context.reached(.delivered)
    }
}
