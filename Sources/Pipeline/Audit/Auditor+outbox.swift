import Folders
import Foundation
import Jobs
import SystemPackage

extension Auditor {
    // MARK: Claim folders

    func lookAtClaimFolders(of folder: HotFolder, _ walk: inout Walk) async throws {
        let claims = folder.claims
        let entries = try await files.run { () throws(FileError) in try FileSystem.list(claims.root) }
        for entry in entries {
            guard entry.status.kind == .folder else {
                let file = "\(folder.name.prefix)inbox/.hotreel/\(entry.name.shown)"
                walk.note([Self.foreign(file)], options)
                continue
            }
            let drop = DropID(rawValue: entry.name.text)
            let look = try await look(atClaimFolder: drop, of: folder)
            walk.note(look, at: .claimFolder(drop, folder), options)
        }
    }

    /// A claim folder whose drop the ledger knows is looked at with the drop.
    func look(atClaimFolder drop: DropID, of hotFolder: HotFolder) async throws -> Look {
        guard try await store.jobs(of: drop).isEmpty else { return Look() }
        let claims = hotFolder.claims
        let left = try await files.run { () throws(FileError) -> [FileName]? in
            guard try FileSystem.status(of: claims.folder(of: drop)) != nil else { return nil }
            return try claims.sourceFiles(in: drop)
        }
        guard let left else { return Look() }
        let folder = "\(hotFolder.name.prefix)inbox/.hotreel/\(drop)"
        guard !left.isEmpty else {
            let finding = AuditFinding(
                .claimEmpty, file: folder, "A claim folder without files and without a job.",
                remedy:
                    "It is of a drop that is being claimed, or of one that a crash cut short; Hotreel's next start removes it."
            )
            return Look(findings: [finding])
        }
        let finding = AuditFinding(
            .claimUnknown, file: folder,
            "Files are in keeping, and the ledger knows no job of them: \(left.map(\.shown).joined(separator: ", ")).",
            remedy:
                "The ledger was lost or replaced. Hotreel's next start gives them back in outbox/errors; they may have been paid for."
        )
        return Look(findings: [finding])
    }

    private static func foreign(_ file: String) -> AuditFinding {
        AuditFinding(.foreignFile, file: file, "Hotreel did not write this.", remedy: "Nothing need be done.")
    }

    // MARK: Outbox

    func lookAtOutbox(of folder: HotFolder, _ walk: inout Walk) async throws {
        let (outbox, listsDetails) = (folder.outbox, options.listsDetails)
        let known = walk.known[folder.name] ?? []
        let walked = try await files.run { () throws(FileError) in
            var walked = WalkedOutbox()
            try outbox.files { file throws(FileError) in
                walked.files += 1
                switch file.kind {
                case .litter where file.isOwn: walked.odd.append(file)
                case .receipt where !known.contains(file.name): walked.odd.append(file)
                case .video where !known.contains(file.name):
                    // A receipt beside it is looked at, and says whose it is.
                    if try FileSystem.status(of: outbox.path(of: file.receiptName)) == nil { walked.odd.append(file) }
                case .litter, .foreign:
                    walked.foreign += 1
                    if listsDetails { walked.foreignFiles.append(file) }
                case .video, .receipt, .report, .source, .status: break
                }
            }
            return walked
        }
        walk.report.files += walked.files
        if listsDetails {
            walk.note(walked.foreignFiles.map { Self.foreign(folder.name.prefix + $0.shown) }, options)
        } else if walked.foreign > 0 {
            walk.report.details[.foreignFile, default: 0] += walked.foreign
        }
        let surroundings = try await surroundings()
        for file in walked.odd {
            walk.note(try await look(at: file, of: folder, surroundings), at: .outboxFile(file, folder), options)
        }
    }

    private struct WalkedOutbox: Sendable {
        var files = 0
        var foreign = 0
        var foreignFiles: [OutboxFile] = []
        var odd: [OutboxFile] = []
    }

    func look(at file: OutboxFile, of folder: HotFolder, _ surroundings: Surroundings) async throws -> Look {
        let shown = folder.name.prefix + file.shown
        let path = folder.outbox.root.appending(file.part.map { FileName($0.rawValue) } ?? "").appending(file.name)
        let now = try await files.run { () throws(FileError) in try FileSystem.status(of: path) }
        guard let now else { return Look() }
        switch file.kind {
        case .litter:
            // Whoever writes to it is at work on it.
            guard now.identity == file.status.identity else { return Look() }
            return Look(findings: try await litter(file, shown, surroundings))
        case .receipt: return try await look(atReceipt: path, shown)
        case .video:
            let receipt = folder.outbox.path(of: file.receiptName)
            let isBare = try await files.run { () throws(FileError) in try FileSystem.status(of: receipt) == nil }
            guard isBare else { return Look() }
            let finding = AuditFinding(
                .videoUnknown, file: shown, "No receipt and no job speaks of this video.",
                remedy: "Nothing need be done where somebody put it there or gave it this name.")
            return Look(findings: [finding])
        case .report, .source, .status, .foreign: return Look()
        }
    }

    private func litter(
        _ file: OutboxFile, _ shown: String, _ surroundings: Surroundings
    ) async throws -> [AuditFinding] {
        if let id = file.download {
            let job = try await store.job(id)
            if let job, [.generating, .generated, .reusing].contains(job.state.name) { return [] }
            let words = job.map { "which is \($0.state.name.rawValue)" } ?? "which the ledger does not know"
            return [
                AuditFinding(
                    .litter, job: id, file: shown, "A download was left behind by job \(id), \(words).",
                    remedy: "Remove it.")
            ]
        }
        // The file that tells how things stand is written again and again; the rest belongs to what is being put in its place.
        guard file.part != nil, !surroundings.isHandingOver else {
            return [
                AuditFinding(
                    .unfinishedFile, file: shown, "It is being written, or a crash cut it short.",
                    remedy: "Hotreel finishes or removes it by itself, at its next start at the latest.")
            ]
        }
        return [
            AuditFinding(
                .litter, file: shown, "An unfinished file was left behind, and nobody is at work on it.",
                remedy: "Remove it.")
        ]
    }

    private func look(atReceipt path: FilePath, _ shown: String) async throws -> Look {
        let fact = try await files.run { () throws(FileError) in try ReceiptFact.at(path) }
        var job: Job?
        var origin = OriginFact.own
        if case .there(let receipt) = fact {
            job = try await store.job(receipt.job)
            if let job { origin = try await self.origin(of: job) }
        }
        return Look(
            findings: ReceiptRules.findings(fact, file: shown, job: job, origin: origin),
            stamp: [job?.version ?? 0])
    }
}

extension OutboxFile {
    /// As a finding names it.
    fileprivate var shown: String {
        ["outbox", part?.rawValue, name.shown].compactMap(\.self).joined(separator: "/")
    }

    /// Of a video: its receipt's.
    fileprivate var receiptName: FileName { FileName(bytes: name.bytes.dropLast(4) + Array(".receipt.json".utf8)) }

    /// The job whose download it is.
    fileprivate var download: JobID? {
        guard part == .videos, let match = name.lastComponent.text.wholeMatch(of: /\.([0-9a-z]{16})\.mp4\.part/) else {
            return nil
        }
        return JobID(rawValue: String(match.1))
    }

    /// Whether Hotreel gave it its name. Desktops leave hidden files of their own everywhere.
    fileprivate var isOwn: Bool { NameRules.isOwnTemporary(name.lastComponent) || download != nil }
}

extension Outbox {
    /// Of something below `videos`.
    fileprivate func path(of name: FileName) -> FilePath { folder(.videos, "").appending(name) }
}
