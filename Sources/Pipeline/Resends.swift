import Folders
import Foundation
import Jobs
import Synchronization

/// Recognises what a program sends once more by itself. Many do: rclone, Finder and file managers touch or verify what they have just
/// written, find it gone, because it was claimed, and copy it again.
///
/// A **resend** is a drop whose folder, file names, contents and settings are all those of an earlier drop, none of whose jobs has failed or
/// was cancelled, where
/// - the earlier one is still under way, or
/// - it was claimed within `intake.resendWindow` and its videos still lie in the outbox.
///
/// While the earlier one is under way, a resend is put away: no job, no second video; log and receipt say so. One that comes after the
/// delivery gets the same video for nothing, as `shot (2).mp4`, whatever `intake.duplicates` says, so that a person who dropped it
/// on purpose gets an answer too. A sidecar with `again: true` is never taken for a resend, nor is anything dropped again after an error
/// or after its video was taken out of the outbox.
final class Resends: Sendable {
    private struct Known {
        let drop: DropID
        let claimed: Date
    }
    private struct Resent {
        /// When the last resend came.
        var last: Date
        /// When the files of each resend were written.
        var written: [Date]
    }
    private struct State {
        var claims: [String: Known] = [:]
        /// Of earlier drops.
        var resent: [DropID: Resent] = [:]
        var pruneAt = 1000
    }
    private let state = Mutex(State())
    private let window: Duration

    init(window: Duration) { self.window = window }

    /// Equal for drops of the same files, by name and content, that ask for the same; nil where a content is not known.
    static func key(of drop: Drop, body: [String: JSONValue], variations: Int) -> String? {
        guard drop.sources.allSatisfy({ !$0.sha256.isEmpty }) else { return nil }
        let sources = drop.sources.map { "\($0.role.rawValue) \($0.sha256) \($0.file.text)" }.sorted()
        let asked: JSONValue = [
            "folder": .string(drop.folder.text), "sources": .array(sources.map(JSONValue.string)),
            "body": .object(body), "variations": .integer(variations),
        ]
        return FileSystem.hash(of: Array(asked.text.utf8))
    }

    /// Whether two drops are the same files at the same place.
    static func isSame(_ one: Drop, _ other: Drop) -> Bool {
        func files(_ drop: Drop) -> Set<String> {
            Set(drop.sources.map { "\($0.role.rawValue) \($0.sha256) \($0.file.text)" })
        }
        return one.folder == other.folder && files(one) == files(other)
    }

    func isRecent(_ date: Date, at now: Date) -> Bool { date.adding(window) > now }

    func remember(_ drop: DropID, _ key: String?, at now: Date) {
        guard let key else { return }
        state.withLock { state in
            state.claims[key] = Known(drop: drop, claimed: now)
            guard state.claims.count + state.resent.count > state.pruneAt else { return }
            state.claims = state.claims.filter { isRecent($0.value.claimed, at: now) }
            state.resent = state.resent.filter { $0.value.last.adding(.seconds(86_400)) > now }
            state.pruneAt = 2 * (state.claims.count + state.resent.count) + 1000
        }
    }

    /// The last drop of the same key within the window, as far as this process knows.
    func last(_ key: String?, at now: Date) -> DropID? {
        guard let key else { return nil }
        return state.withLock { $0.claims[key] }.flatMap { isRecent($0.claimed, at: now) ? $0.drop : nil }
    }

    func note(_ resend: Drop, of drop: DropID, at now: Date) {
        state.withLock { state in
            state.resent[drop, default: Resent(last: now, written: [])].last = now
            if let written = resend.written { state.resent[drop]?.written.append(written) }
        }
    }

    /// What the receipts of a drop say about its resends.
    func warnings(of drop: DropID) -> [String] { state.withLock { $0.resent[drop] == nil ? [] : [Self.warning] } }

    /// When the files of a drop's resends were written, by which whoever dropped them knows that a receipt is theirs too.
    func written(of drop: DropID) -> [Date] { state.withLock { $0.resent[drop]?.written ?? [] } }

    static let warning =
        "the same files were dropped once more while this was being made, as some programs do by themselves; no second video was made. "
        + "Write \"hotreel\": {\"again\": true} into the sidecar for one"
}

extension Claimer {
    /// The jobs that a drop is the resend of and that need no second video; nil where it is a drop of its own.
    func resent(_ drop: Drop, _ key: String?, as job: Job?) async throws -> [Job]? {
        guard let job, !job.drop.sources.isEmpty else { return nil }
        let now = context.time.now()
        var candidates: [DropID] = []
        if let last = context.resends.last(key, at: now) { candidates.append(last) }
        if job.fingerprint != nil {
            candidates += try await context.store.twins(of: job).filter { Resends.isSame($0.drop, drop) }.map(\.drop.id)
        }
        for candidate in candidates {
            let jobs = try await context.store.jobs(of: candidate)
            if jobs.isEmpty || jobs.contains(where: { $0.state.name == .failed || $0.state.name == .cancelled }) {
                continue
            }
            if jobs.contains(where: { !$0.state.name.isEnded }) { return jobs }
            // What can be reused is: that is an answer in the outbox.
            if job.fingerprint == nil, try jobs.allSatisfy({ try context.hasVideo(of: $0) }) { return jobs }
        }
        return nil
    }

    /// Takes a resend out of the inbox. What exists a second time in Hotreel's keeping goes; what does not goes to `originals`. nil
    /// where the earlier drop has failed meanwhile.
    func putAway(_ drop: Drop, asResendOf jobs: [Job]) async throws -> Outcome? {
        guard let first = jobs.first?.drop else { return nil }
        let now = context.time.now()
        return try await context.endings.pass(first.id) { () async throws -> Outcome? in
            let jobs = try await context.store.jobs(of: first.id)
            guard jobs.allSatisfy({ $0.state.name != .failed && $0.state.name != .cancelled }) else { return nil }
            let overtaken: Source?
            do {
                overtaken = try await take(drop)
            } catch {
                try await leave(drop)
                throw error
            }
            if let overtaken {
                try await leave(drop)
                return .changed(InboxPath(from: drop.folder, following: overtaken.file))
            }
            context.resends.note(drop, of: first.id, at: now)
            let claims = context.claims
            let isKept = try await context.files.run { () throws(FileError) in try Self.isKept(first, in: claims) }
            if isKept || context.configuration.originals == .delete {
                try context.claims.discard(drop.id)
            } else {
                try await keep(drop, in: .originals)
            }
            context.logger.notice(
                "\(drop.folder.appending(FileName(drop.stem)).shown): the same as was dropped before under this name, so it is taken for a resend and put away; nothing is sent",
                metadata: ["job": "\(jobs[0].id)"])
            for job in jobs where job.state.name == .delivered { try add(drop, toReceiptOf: job) }
            return .claimed(jobs)
        }
    }

    /// Whether all files of a drop that is under way are in its claim folder.
    private static func isKept(_ drop: Drop, in claims: Claims) throws(FileError) -> Bool {
        for source in drop.sources where source.claim == .move {
            let path = claims.path(of: source, in: drop.id)
            guard try FileSystem.status(of: path)?.kind == .regular, try FileSystem.hash(path).sha256 == source.sha256
            else { return false }
        }
        return true
    }

    /// Puts a drop without jobs back into the inbox; what cannot go back, because something newer lies there, goes to `errors`.
    private func leave(_ drop: Drop) async throws {
        for source in drop.sources { _ = try context.claims.putBack(source, of: drop) }
        try await keep(drop, in: .errors)
    }

    private func keep(_ drop: Drop, in part: Outbox.Part) async throws {
        let (outbox, claims) = (context.outbox, context.claims)
        try await context.names.pass(context.place(of: drop)) { () async throws in
            try await context.requirePlaces()
            try await context.files.run { () throws(FileError) in
                let number = try outbox.freeNumber(for: drop, in: part, from: claims)
                try outbox.receive(drop, from: claims, in: part, number: number)
                try claims.remove(drop.id)
            }
        }
    }

    private func add(_ resend: Drop, toReceiptOf job: Job) throws {
        guard case .delivered(_, let video) = job.state else { return }
        let path = context.outbox.receiptPath(folder: job.drop.folder, name: video.name)
        // People may have taken it away.
        guard try FileSystem.status(of: path)?.kind == .regular else { return }
        let bytes = try FileSystem.read(path, limit: 4 << 20)
        guard var receipt = try? JSONDecoder().decode(JSONValue.self, from: Data(bytes)).objectValue,
            receipt["job"] == .string(job.id.rawValue), let warnings = receipt["warnings"]?.arrayValue
        else { return }
        let warning = JSONValue.string(Resends.warning)
        if !warnings.contains(warning) { receipt["warnings"] = .array(warnings + [warning]) }
        if let written = resend.written {
            receipt["resends"] = .array((receipt["resends"]?.arrayValue ?? []) + [.time(written)])
        }
        try FileSystem.replace(path, with: JSONValue.object(receipt).document)
    }
}

extension Context {
    /// Whether a delivered job's video still lies where it was put.
    func hasVideo(of job: Job) throws(FileError) -> Bool {
        guard case .delivered(_, let video) = job.state else { return false }
        return try FileSystem.status(of: outbox.videoPath(folder: job.drop.folder, name: video.name)) != nil
    }
}
