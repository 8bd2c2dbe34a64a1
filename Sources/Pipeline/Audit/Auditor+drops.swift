import Folders
import Foundation
import Jobs
import SystemPackage

extension Auditor {
    /// What a look at a drop has shown besides what is wrong.
    struct SeenDrop: Sendable {
        var look = Look()
        var histories: [[HistoryEntry]] = []
        /// Files in keeping, videos in place.
        var files = 0
        var videos = 0
        var known: [FileName] = []
    }

    func lookAtDrops(_ walk: inout Walk) async throws {
        var surroundings = try await surroundings()
        let claims = folders.map(\.claims)
        surroundings.claimFolders = Set(
            try await files.run { () throws(FileError) in
                var drops: [DropID] = []
                for claims in claims { drops += try claims.drops() }
                return drops
            })
        var query = JobQuery(limit: Self.page)
        while true {
            let page = try await store.jobs(query)
            for job in page {
                let jobs = try await store.jobs(of: job.drop.id)
                // Each drop once: with the oldest of its jobs, which is met last.
                guard jobs.first?.id == job.id, let seen = try await look(at: jobs, surroundings) else { continue }
                walk.note(seen.look, at: .drop(job.drop.id), options)
                note(seen, of: jobs, &walk)
            }
            guard let last = page.last, page.count == Self.page else { return }
            query.before = last.id
        }
    }

    private func note(_ seen: SeenDrop, of jobs: [Job], _ walk: inout Walk) {
        walk.report.jobs += jobs.count
        walk.report.files += seen.files
        walk.report.videos += seen.videos
        if let folder = jobs.first.flatMap({ folder(of: $0.drop) }) {
            walk.known[folder.name, default: []].formUnion(seen.known)
        }
        for (job, history) in zip(jobs, seen.histories) {
            walk.sums.add(job)
            walk.note(walk.generations.findings(job, history), options)
            switch job.state {
            case .submitting(let submission), .unconfirmed(let submission):
                walk.oldestQuestion = min(walk.oldestQuestion ?? submission.started, submission.started)
            default: break
            }
        }
    }

    /// - Parameter jobs: all of one drop; nil where there are none.
    func look(at jobs: [Job], _ surroundings: Surroundings) async throws -> SeenDrop? {
        guard let drop = jobs.first?.drop else { return nil }
        var seen = SeenDrop()
        for job in jobs {
            // Only added to, so this is how it was when the job was read.
            let history = Array(try await store.history(of: job.id).prefix(job.version))
            seen.histories.append(history)
            seen.look.findings += LedgerRules.findings(job, history)
        }
        // What lies in folders that are not configured is told of as a whole.
        guard let folder = folder(of: drop) else { return seen }
        let isOver = jobs.allSatisfy(\.state.name.isEnded)
        var isSettled = !surroundings.unsettled.contains(drop.id)
        if isOver, isSettled, surroundings.claimFolders?.contains(drop.id) ?? true {
            // It may have ended since, and has a folder by right. What counts as settled now had none before it did.
            isSettled = try await !store.endedUnsettled().contains { $0.drop.id == drop.id }
        }
        let facts = try await claimFacts(jobs, in: folder, isOver: isOver, folders: surroundings.claimFolders)
        let pending = try await pendingVideo(jobs, in: folder)
        seen.look.findings += SourceRules.findings(
            jobs, facts, isSettled: isSettled,
            retried: seen.histories.joined().contains { $0.event == JobEvent.Name.retried.rawValue },
            isPublished: pending != nil)
        if let pending { seen.known += Self.names(of: pending.job, pending.name) }
        for job in jobs {
            guard case .delivered(_, let video) = job.state else { continue }
            let delivery = try await deliveryFacts(job, video, in: folder)
            seen.look.findings += VideoRules.findings(job, video, delivery)
            if delivery.video != .missing { seen.videos += 1 }
            // Somebody else's receipt is looked at for itself.
            if case .there(let receipt) = delivery.receipt, receipt.job != job.id { continue }
            seen.known += Self.names(of: job, video.name)
        }
        if options.listsDetails, isOver, isSettled, try await areTaken(jobs, from: folder) {
            seen.look.findings.append(
                AuditFinding(
                    .sourcesTaken, job: jobs[0].id, "The files of \(jobs[0].place) are no longer in the outbox.",
                    remedy: "Nothing need be done where somebody took them."))
        }
        seen.files += facts.files.count { $0.claimed != .missing } + facts.fitted.count { $0.fact != .missing }
        seen.look.stamp = jobs.map(\.version) + [isSettled ? 1 : 0, facts.hasFolder ? 1 : 0]
        return seen
    }

    private static func names(of job: Job, _ name: String) -> [FileName] {
        [".mp4", ".receipt.json"].map { PortableName.folder(job.drop.folder).appending(FileName(name + $0)) }
    }

    // MARK: In keeping

    private func claimFacts(
        _ jobs: [Job], in folder: HotFolder, isOver: Bool, folders: Set<DropID>?
    ) async throws -> ClaimFacts {
        guard let drop = jobs.first?.drop else { return ClaimFacts() }
        if isOver, let folders, !folders.contains(drop.id) { return ClaimFacts() }
        let (claims, isHashing) = (folder.claims, !options.isQuick)
        let fitted = Set(jobs.flatMap { $0.request?.attachments ?? [] }).filter { $0.isFitted }
        return try await files.run { () throws(FileError) in
            var facts = ClaimFacts()
            facts.hasFolder = try FileSystem.status(of: claims.folder(of: drop.id)) != nil
            if isOver {
                if facts.hasFolder { facts.left = try claims.sourceFiles(in: drop.id) }
                return facts
            }
            for source in drop.sources {
                let leaving = claims.folder(of: drop.id).appending(Claims.Part.leaving.path)
                    .appending(Claims.place(of: source))
                facts.files.append(
                    ClaimFacts.File(
                        source: source,
                        claimed: try .at(
                            claims.path(of: source, in: drop.id), hashing: isHashing && !source.sha256.isEmpty),
                        isLeaving: try FileSystem.status(of: leaving) != nil,
                        isInInbox: try claims.isWhereDropped(source, of: drop)))
            }
            for attachment in fitted {
                let path = claims.folder(of: drop.id).appending(attachment.file)
                facts.fitted.append(
                    ClaimFacts.Fitted(attachment: attachment, fact: try .at(path, hashing: isHashing)))
            }
            return facts
        }
    }

    /// The video of a drop's last open job, where it lies under its name already: then its files may have gone to their place.
    private func pendingVideo(_ jobs: [Job], in folder: HotFolder) async throws -> (job: Job, name: String)? {
        let open = jobs.filter { !$0.state.name.isEnded }
        guard let job = open.first, open.count == 1, let video = job.state.downloaded else { return nil }
        let (path, isHashing) = (folder.outbox.videoPath(folder: job.drop.folder, name: video.name), !options.isQuick)
        let fact = try await files.run { () throws(FileError) in try FileFact.at(path, hashing: isHashing) }
        return fact.isContent(bytes: Int64(video.bytes), sha256: video.sha256) ? (job, video.name) : nil
    }

    /// Whether nothing of a drop that is over lies where its files were put.
    private func areTaken(_ jobs: [Job], from folder: HotFolder) async throws -> Bool {
        if originals == .delete, jobs.allSatisfy({ $0.state.name == .delivered }) { return false }
        let (drop, outbox) = (jobs[0].drop, folder.outbox)
        return try await files.run { () throws(FileError) in
            for part in [Outbox.Part.originals, .errors] {
                for source in drop.sources {
                    var number = 1
                    let place = outbox.folder(part, drop.folder)
                    while let there = try FileSystem.status(
                        of: place.appending(OutputName.choice(number, of: source.file)))
                    {
                        if there.identity.size == source.identity.size { return false }
                        number += 1
                    }
                }
            }
            return !drop.sources.isEmpty
        }
    }

    // MARK: Delivered

    private func deliveryFacts(
        _ job: Job, _ video: DeliveredVideo, in hotFolder: HotFolder
    ) async throws -> DeliveryFacts {
        let (outbox, folder, isHashing) = (hotFolder.outbox, job.drop.folder, !options.isQuick)
        let (file, receipt) = try await files.run { () throws(FileError) in
            let receipt = try ReceiptFact.at(outbox.receiptPath(folder: folder, name: video.name))
            return (try FileFact.at(outbox.videoPath(folder: folder, name: video.name), hashing: isHashing), receipt)
        }
        var isHeldByAnother = false
        if receipt == .missing, file != .missing, !file.isContent(bytes: Int64(video.bytes), sha256: video.sha256) {
            isHeldByAnother = try await self.isHeldByAnother(file, job, video)
        }
        return DeliveryFacts(
            video: file, receipt: receipt, isHeldByAnother: isHeldByAnother, origin: try await origin(of: job))
    }

    /// Whether a file is what another job has delivered under the same name, after people had taken this one's away.
    private func isHeldByAnother(_ file: FileFact, _ job: Job, _ video: DeliveredVideo) async throws -> Bool {
        let names = folder(of: job.drop)?.names ?? [job.drop.inbox]
        var query = JobQuery(states: [.delivered], inboxes: names, folder: job.drop.folder, limit: Self.page)
        while true {
            let page = try await store.jobs(query)
            for other in page where other.id != job.id {
                guard case .delivered(_, let held) = other.state, held.name == video.name else { continue }
                if file.isContent(bytes: Int64(held.bytes), sha256: held.sha256) { return true }
            }
            guard let last = page.last, page.count == Self.page else { return false }
            query.before = last.id
        }
    }

    func origin(of job: Job) async throws -> OriginFact {
        guard case .delivered(.reuse(let reuse), _) = job.state else { return .own }
        var seen: Set<JobID> = [job.id]
        var next = reuse.original
        while true {
            guard seen.insert(next).inserted else {
                return .broken("the jobs it comes from name one another in a circle")
            }
            guard let original = try await store.job(next) else {
                return .broken("job \(next), whose video it is, is not in the ledger")
            }
            switch original.state {
            case .delivered(.generation(let generation), _): return .generation(generation)
            case .delivered(.reuse(let earlier), _): next = earlier.original
            default: return .broken("job \(next), whose video it is, is \(original.state.name.rawValue)")
            }
        }
    }
}

extension JobState {
    /// What is verified on disk, and perhaps under its name already, of a job that is not delivered yet.
    fileprivate var downloaded: DeliveredVideo? {
        switch self {
        case .generated(_, let video): video.downloaded
        case .reusing(let reuse): reuse.downloaded
        default: nil
        }
    }
}

extension Attachment {
    /// Whether it is no source itself, but what one was fitted into.
    fileprivate var isFitted: Bool { file.bytes.starts(with: Claims.Part.fitted.rawValue.utf8) }
}

extension Claims.Part {
    fileprivate var path: FileName { FileName(rawValue) }
}

extension Claims {
    /// Whether the very file that was claimed lies where it was dropped.
    fileprivate func isWhereDropped(_ source: Source, of drop: Drop) throws(FileError) -> Bool {
        // What folder defaults name outside the drop's folder goes by its path below the inbox.
        for place in [place(drop.folder.appending(source.file)), place(source.file)] {
            if try FileSystem.status(of: place)?.identity.isSameContent(as: source.identity) == true { return true }
        }
        return false
    }
}
