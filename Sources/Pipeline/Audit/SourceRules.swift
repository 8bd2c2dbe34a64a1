import Folders
import Jobs

/// What the inbox holds of a drop.
struct ClaimFacts: Hashable, Sendable {
    struct File: Hashable, Sendable {
        let source: Source
        /// In the claim folder.
        let claimed: FileFact
        /// Complete on another disk, and about to get its name there.
        let isLeaving: Bool
        /// Still, or again, where it was dropped.
        let isInInbox: Bool
    }
    struct Fitted: Hashable, Sendable {
        let attachment: Attachment
        let fact: FileFact
    }

    var hasFolder = false
    /// Of a drop that is not over.
    var files: [File] = []
    var fitted: [Fitted] = []
    /// Of one that is over and still has a folder: all that lies in it of sources.
    var left: [FileName] = []
}

/// Where the files of a drop must be.
enum SourceRules {
    /// - Parameters:
    ///   - retried: whether a job of it had ended before and was taken up again; its files were given back then.
    ///   - isPublished: whether the last video of the drop lies under its name, so that the files may have gone to their place.
    static func findings(
        _ jobs: [Job], _ facts: ClaimFacts, isSettled: Bool, retried: Bool, isPublished: Bool
    ) -> [AuditFinding] {
        guard let job = jobs.first else { return [] }
        if jobs.allSatisfy(\.state.name.isEnded) { return ended(job, facts, isSettled: isSettled) }
        if retried, !facts.hasFolder { return [] }
        return facts.files.compactMap { missing($0, of: job, retried: retried, isPublished: isPublished) }
            + facts.files.compactMap { changed($0, of: job) }
            + (isPublished ? [] : facts.fitted.flatMap { fitted($0, of: jobs) })
    }

    private static func ended(_ job: Job, _ facts: ClaimFacts, isSettled: Bool) -> [AuditFinding] {
        let folder = "\(job.drop.inbox.prefix)inbox/.hotreel/\(job.drop.id)"
        guard isSettled else {
            return [
                AuditFinding(
                    .settling, job: job.id, file: facts.hasFolder ? folder : nil,
                    "\(job.place) is over, and its files are being put in their place.",
                    remedy: "Hotreel does that by itself while it runs and the outbox is there.")
            ]
        }
        guard facts.hasFolder else { return [] }
        let files =
            facts.left.isEmpty
            ? "Only an empty folder is left" : "\(facts.left.map(\.shown).joined(separator: ", ")) is left"
        return [
            AuditFinding(
                .claimLeft, job: job.id, file: folder,
                "\(job.place) is over and done, and yet something is in keeping. \(files).",
                remedy: facts.left.isEmpty
                    ? "Remove the folder."
                    : "Take the files out, compare them with those in the outbox, and remove the folder.")
        ]
    }

    private static func missing(
        _ file: ClaimFacts.File, of job: Job, retried: Bool, isPublished: Bool
    ) -> AuditFinding? {
        guard file.claimed == .missing, !retried else { return nil }
        let path = path(of: file.source, job)
        if file.isInInbox {
            return AuditFinding(
                .claimUnfinished, job: job.id, file: path, "It is being claimed and still lies where it was dropped.",
                remedy: "Hotreel goes on with it by itself, at its next start at the latest.")
        }
        if file.isLeaving || isPublished {
            return AuditFinding(
                .deliveryUnfinished, job: job.id, file: path, "It is on its way from the claim folder to the outbox.",
                remedy: "Hotreel goes on with it by itself, at its next start at the latest.")
        }
        return AuditFinding(
            .sourceMissing, job: job.id, file: path,
            "A file of \(job.place), which is \(job.state.name.rawValue), is neither in keeping nor anywhere it may be.",
            remedy: "Look who removed it, and put it back under this name. A video that is paid for comes all the same."
        )
    }

    private static func changed(_ file: ClaimFacts.File, of job: Job) -> AuditFinding? {
        let path = path(of: file.source, job)
        switch file.claimed {
        case .missing: return nil
        case .unreadable(let why):
            return AuditFinding(
                .unreadable, job: job.id, file: path, "A file in keeping cannot be looked at: \(why).",
                remedy: "Run the audit as Hotreel's own user; else look what became of the file.")
        case .there:
            guard file.claimed.isContent(bytes: file.source.identity.size, sha256: file.source.sha256) else {
                return AuditFinding(
                    .sourceChanged, job: job.id, file: path, "It is not what was claimed: its content is another.",
                    remedy:
                        "Somebody wrote into Hotreel's folder. Cancel the job if it is not sent yet, and drop the files again."
                )
            }
            guard file.isInInbox, file.source.claim == .move else { return nil }
            return AuditFinding(
                .sourceTwice, job: job.id, file: path,
                "The same file lies in keeping and still in the inbox, as \(job.drop.folder.appending(file.source.file).shown).",
                remedy:
                    "Hotreel's next start takes the name in the inbox away; else remove it, or the file is a drop once more."
            )
        }
    }

    /// What is to be sent and is no source. Jobs of a drop send the same files.
    private static func fitted(_ file: ClaimFacts.Fitted, of jobs: [Job]) -> [AuditFinding] {
        guard let job = jobs.first(where: { !$0.state.name.isEnded }) else { return [] }
        let path = "\(job.drop.inbox.prefix)inbox/.hotreel/\(job.drop.id)/\(file.attachment.file.shown)"
        switch file.fact {
        case .missing:
            return [
                AuditFinding(
                    .fittedMissing, job: job.id, file: path,
                    "What \(file.attachment.name.shown) was fitted into is gone.",
                    remedy: "Cancel the job if it is not sent yet, and drop the files again.")
            ]
        case .unreadable(let why):
            return [
                AuditFinding(
                    .unreadable, job: job.id, file: path, "A file in keeping cannot be looked at: \(why).",
                    remedy: "Run the audit as Hotreel's own user; else look what became of the file.")
            ]
        case .there:
            let attachment = file.attachment
            if file.fact.isContent(bytes: Int64(attachment.bytes), sha256: attachment.sha256) { return [] }
            return [
                AuditFinding(
                    .fittedChanged, job: job.id, file: path,
                    "What \(attachment.name.shown) was fitted into has changed.",
                    remedy: "Cancel the job if it is not sent yet, and drop the files again.")
            ]
        }
    }

    private static func path(of source: Source, _ job: Job) -> String {
        "\(job.drop.inbox.prefix)inbox/.hotreel/\(job.drop.id)/\(Claims.place(of: source).shown)"
    }
}
