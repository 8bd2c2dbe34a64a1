import Catalog
import Folders
import Foundation
import Jobs
import Logging
import Media
import ServiceLifecycle
import SystemPackage

/// Turns a ready drop into jobs: the rows first, then one rename for each file.
struct Claimer: Sendable {
    enum Outcome: Sendable {
        /// Its jobs; of a resend those of the drop before it.
        case claimed([Job])
        /// A file changed at the last moment; it settles anew.
        case changed(InboxPath)
        /// Hotreel may not move the files; they stay where they are. For people.
        case blocked(String)
    }

    let context: Context

    /// `files` is what the table knows of the candidate's members.
    func claim(_ candidate: Candidate, files: [InboxPath: InboxFile]) async throws -> Outcome {
        if let hindrance = try await hindrance(to: candidate.members, files: files) { return hindrance }
        let now = context.time.now()
        let drop = Drop(
            id: .make(at: now), folder: candidate.folder,
            sources: await sources(candidate.members, files: files, in: candidate.folder), inbox: context.folder.name)
        let claims = context.claims
        try await context.files.run { () throws(FileError) in try claims.prepare(drop.id) }
        context.reached(.claimFolderMade)
        let settings = candidate.settings
        let jobs: [Job]
        do {
            let (attachments, notes) = try await attachments(candidate, drop: drop, files: files)
            let wish = settings.options.name ?? candidate.stem
            let name = OutputName.fitting(wish)
            let request = GenerationRequest(
                body: settings.body(), attachments: attachments,
                warnings: settings.model.warnings(settings) + notes
                    + OutputName.changes(of: wish, in: candidate.folder))
            // Sorted, so that the ledger lists variations in their order.
            let ids = (1...settings.options.variations).map { _ in JobID.make(at: now).rawValue }.sorted()
            jobs = zip(1..., ids).map { number, id in
                Job.queued(
                    JobID(rawValue: id), drop: drop, request: request,
                    name: OutputName.variation(number, of: settings.options.variations, name: name),
                    priority: settings.options.priority, held: settings.options.hold,
                    fingerprint: settings.options.again ? nil : fingerprint(request, variation: number), at: now)
            }
        } catch {
            try context.claims.remove(drop.id)
            if let changed = error as? ChangedMember { return .changed(changed.path) }
            // A full disk is not the drop's fault: it is tried again.
            guard let problem = error as? ImageProblem, problem.systemError == nil else { throw error }
            return try await reject(
                drop, stem: candidate.stem, problems: [problem.problem(file: candidate.stem)])
        }
        let key = Resends.key(of: drop, body: settings.body(), variations: settings.options.variations)
        if !settings.options.again, let first = try await resent(drop, key, as: jobs.first),
            let outcome = try await putAway(drop, asResendOf: first)
        {
            return outcome
        }
        // Leased to the Intake until the files are in the claim folder, so that nobody sends what is not there yet.
        try await insert(jobs, of: drop, leasedUntil: now.adding(.seconds(3600)))
        context.reached(.claimRecorded)
        let overtaken: Source?
        do {
            overtaken = try await take(drop)
        } catch {
            try await abandon(drop, because: error)
            throw error
        }
        if let overtaken {
            try await abandon(drop, because: nil)
            return .changed(InboxPath(from: drop.folder, following: overtaken.file))
        }
        let store = context.store
        try await context.insisting { () async throws(JobStoreError) in try await store.endLeases(of: drop.id) }
        context.resends.remember(drop.id, key, at: now)
        context.reached(.claimed)
        context.bells[.queued].ring()
        context.metrics.claimedDrops.increment()
        context.logger.info("\(place(candidate.stem, drop)): claimed", metadata: metadata(jobs))
        withdrawReports(of: drop)
        return .claimed(jobs)
    }

    /// Takes the claim back, if need be once the world is well again: a drop that is neither claimed nor put back would be sent
    /// without its files when its lease ends. At a shutdown that is left to the next start.
    private func abandon(_ drop: Drop, because trouble: (any Error)?) async throws {
        let gates = context.gates
        if let trouble { context.note(trouble) }
        while true {
            let rings = gates.bell.rings
            do {
                try await context.requirePlaces()
                try context.requireTrees(of: drop)
                return try await Endings(context: context).abandon(drop)
            } catch {
                guard context.note(error), !Task.isCancelled, !Task.isShuttingDownGracefully else { throw error }
            }
            await gates.bell.wait(after: rings, atMost: .seconds(5), by: context.time)
        }
    }

    /// Reports that speak of files which have now been dropped again, left in `errors` or dragged along into the inbox; and the
    /// copies in `errors` of what was copied where it was meant to be moved.
    private func withdrawReports(of drop: Drop) {
        do throws(FileError) {
            try context.outbox.withdrawCopies(of: drop)
            try context.outbox.withdrawReports(folder: drop.folder, stem: drop.stem)
            try ErrorReportFiles.remove(in: context.claims.place(drop.folder), stem: drop.stem)
        } catch {
            context.logger.debug("an old report stays: \(error)")
        }
    }

    /// Gives a drop back with its report. It is claimed first, so that a crash in between loses nothing.
    func refuse(_ refusal: Refusal, files: [InboxPath: InboxFile]) async throws -> Outcome {
        let members = refusal.members.filter { $0.claim == .move }
        if let hindrance = try await hindrance(to: members, files: files) { return hindrance }
        let drop = Drop(
            id: .make(at: context.time.now()), folder: refusal.folder,
            sources: await sources(members, files: files, in: refusal.folder), inbox: context.folder.name)
        return try await reject(drop, stem: refusal.stem, problems: refusal.problems)
    }

    private func reject(_ drop: Drop, stem: String, problems: [Problem]) async throws -> Outcome {
        let now = context.time.now()
        let failure = Failure(
            stage: .intake, message: problems.map(\.sentence).joined(separator: " "), problems: problems)
        let job = Job.rejected(.make(at: now), drop: drop, name: OutputName.fitting(stem), failure: failure, at: now)
        try context.claims.prepare(drop.id)
        // The row has ended from the start, and nobody may give the files back before all of them are here.
        try await context.endings.pass(drop.id) {
            try await insert([job], of: drop, leasedUntil: nil)
            _ = try await take(drop)
        }
        context.metrics.refusedDrops.increment()
        context.logger.warning("\(place(stem, drop)): refused. \(failure.message)", metadata: metadata([job]))
        await Endings(context: context).settle(job)
        return .claimed([job])
    }

    /// Without its row a drop is not claimed: its folder, which holds no sources yet, goes again.
    private func insert(_ jobs: [Job], of drop: Drop, leasedUntil: Date?) async throws {
        do {
            try await context.store.insert(jobs, leasedUntil: leasedUntil)
        } catch {
            try context.claims.remove(drop.id)
            throw error
        }
    }

    /// Equal for requests that ask for the same video; nil where the API fetches a picture itself, so that nobody here knows what
    /// it shows.
    private func fingerprint(_ request: GenerationRequest, variation: Int) -> String? {
        guard request.attachments.contains(where: { $0.place == [.key("image_url")] }),
            !request.namesRemotePictures
        else { return nil }
        let pictures = request.attachments.map { attachment -> JSONValue in
            ["place": .string("\(attachment.place)"), "sha256": .string(attachment.sha256)]
        }
        var asked: [String: JSONValue] = [
            "body": .object(request.body), "pictures": .array(pictures), "variation": .integer(variation),
        ]
        // Nobody who pays for a video is to get the preview that was made when it was tried out.
        if context.configuration.isPreview { asked["preview"] = true }
        return FileSystem.hash(of: Array(JSONValue.object(asked).text.utf8))
    }

    private func place(_ stem: String, _ drop: Drop) -> String { drop.folder.appending(FileName(stem)).shown }

    private func metadata(_ jobs: [Job]) -> Logger.Metadata {
        ["job": "\(jobs.map(\.id.rawValue).joined(separator: " "))"]
    }

    /// Moves a drop's files into its claim folder; the first that could not be taken, because it changed, or nil.
    func take(_ drop: Drop) async throws(FileError) -> Source? {
        let (claims, reached) = (context.claims, context.reached)
        return try await context.files.run { () throws(FileError) in
            var overtaken: Source?
            for source in drop.sources {
                if try claims.take(source, of: drop) != .taken { overtaken = overtaken ?? source }
                reached(.sourceTaken)
            }
            return overtaken
        }
    }

    /// What keeps a drop from being claimed now; nil when nothing does.
    private func hindrance(
        to members: [Candidate.Member], files: [InboxPath: InboxFile]
    ) async throws(FileError) -> Outcome? {
        try await context.files.run { () throws(FileError) in
            if let changed = try changedMember(members, files: files) { return .changed(changed) }
            return try obstacle(to: members).map { .blocked($0) }
        }
    }

    /// The last look before the claim: is every member still what was examined, and does nobody write to it?
    private func changedMember(
        _ members: [Candidate.Member], files: [InboxPath: InboxFile]
    ) throws(FileError) -> InboxPath? {
        for member in members {
            let path = context.claims.place(member.path)
            let expected = files[member.path]?.status.identity
            guard let status = try FileSystem.status(of: path), status.identity == expected else { return member.path }
            guard status.kind == .regular else { continue }
            do throws(FileError) {
                let file = try OpenFile(path)
                if file.status.identity != expected || file.hasWriter { return member.path }
            } catch {
                // Another has taken its place just now.
                if error.isNoWay || error.code == .invalidArgument { return member.path }
                // Not readable: the report says so, and a file that cannot be opened can still be given back.
                guard error.code == .permissionDenied else { throw error }
            }
        }
        return nil
    }

    /// What keeps Hotreel from moving these files, in words for people; nil when nothing does.
    private func obstacle(to members: [Candidate.Member]) throws(FileError) -> String? {
        let claims = context.claims
        let outbox = context.outbox.root
        let disk = try FileSystem.status(of: claims.inbox)?.identity.device
        let isOtherDisk = try disk != FileSystem.status(of: outbox)?.identity.device
        for member in members where member.claim == .move {
            let folder = member.path.folder
            guard FileSystem.mayChange(folder: claims.place(folder)) else {
                return "Hotreel's user may not move files out of \(folder.isEmpty ? "the inbox" : folder.shown). "
                    + "Let it write there (chmod g+w); the drop then goes on by itself"
            }
            let path = claims.place(member.path)
            // What cannot be renamed all the way is copied.
            guard let status = try FileSystem.status(of: path), isOtherDisk || status.identity.device != disk else {
                continue
            }
            if status.kind == .regular, !FileSystem.mayRead(path) {
                return "Hotreel's user may not read \(member.path.relative.shown). "
                    + "Let it read what is dropped; the drop then goes on by itself"
            }
        }
        return nil
    }

    /// The members as the ledger keeps them. What was never examined to its end is hashed now, which takes as long as it is large.
    private func sources(
        _ members: [Candidate.Member], files: [InboxPath: InboxFile], in folder: FileName
    ) async -> [Source] {
        let claims = context.claims
        return await context.files.run {
            members.compactMap { member in
                guard let file = files[member.path] else { return nil }
                let sha256 =
                    switch file.examination {
                    case .picture(_, let sha256), .sidecar(_, let sha256): sha256
                    case .unfinished, .faulty, nil:
                        (try? FileSystem.hash(claims.place(member.path)).sha256) ?? ""
                    }
                return Source(
                    role: member.role, file: Self.relative(member.path, to: folder), identity: file.status.identity,
                    sha256: sha256, claim: member.claim)
            }
        }
    }

    /// The path as the drop's folder sees it. Folder defaults may name files higher up; those keep their path below the inbox.
    private static func relative(_ path: InboxPath, to folder: FileName) -> FileName {
        guard !folder.isEmpty, path.folder.isWithin(folder) else {
            return path.folder == folder ? path.name : path.relative
        }
        return FileName(bytes: Array(path.relative.bytes.dropFirst(folder.bytes.count + 1)))
    }

    private func attachments(
        _ candidate: Candidate, drop: Drop, files: [InboxPath: InboxFile]
    ) async throws -> ([Attachment], notes: [String]) {
        let limits = candidate.settings.model.images
        var attachments: [Attachment] = []
        var notes: [String] = []
        for (member, source) in zip(candidate.members, drop.sources) where !member.places.isEmpty {
            guard case .picture(let facts, let sha256) = files[member.path]?.examination else { continue }
            var file = Claims.place(of: source)
            var (bytes, hash, mimeType) = (facts.bytes, sha256, facts.format.mimeType)
            if !limits.acceptsAsIs(facts) {
                file = Claims.fittedPlace(attachments.count + 1)
                let target = context.claims.folder(of: drop.id).appending(file)
                // Both are held open, so that no name can come to mean another file or folder meanwhile.
                let original = try OpenFile(context.claims.place(member.path))
                let folder = try OpenFolder(target.removingLastComponent())
                let fitted = try await ImageFitter.fit(
                    original.descriptor, into: folder.path.appending(file.lastComponent), limits: limits,
                    calling: member.path.name.shown)
                withExtendedLifetime((original, folder)) {}
                guard original.status.identity == files[member.path]?.status.identity else {
                    throw ChangedMember(path: member.path)
                }
                (bytes, mimeType) = (fitted.facts.bytes, fitted.facts.format.mimeType)
                hash = try await context.files.run { () throws(FileError) in try FileSystem.hash(target) }.sha256
                notes.append(fitted.note)
            }
            for place in member.places {
                attachments.append(
                    Attachment(
                        place: place.steps, file: file, name: source.file, mimeType: mimeType, bytes: bytes,
                        sha256: hash))
            }
        }
        return (attachments, notes)
    }
}

/// A file is no longer what was examined.
private struct ChangedMember: Error {
    let path: InboxPath
}
