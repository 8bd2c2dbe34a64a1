import Folders
import Foundation
import Jobs
import SystemPackage
import VideoAPI

/// Holds the ledger, the folders and the API's log against one another: is every file and job, and every credit, accounted for?
///
/// Changes nothing, and works beside a running service: what seems wrong is looked at again before it is told, because it may
/// have been in motion. Jobs are read in pages, so that a year of them needs little memory.
package struct Auditor: Sendable {
    package enum Log: Sendable {
        case ask(any GenerationClient)
        /// Why not, for people.
        case skip(String)
    }

    package struct Options: Sendable {
        /// Believes files by their length; hashes none.
        package var isQuick = false
        /// Lists also what people may do as they like.
        package var listsDetails = false
        /// From when on the API's log is read; nil means a week, or since the oldest request whose answer is still missing.
        package var since: Date?
        /// Before what seems wrong is looked at again.
        package var pause: Duration = .seconds(1)

        package init() {}
    }

    let store: any JobStore
    let folders: [HotFolder]
    let log: Log
    let originals: PipelineConfiguration.Originals
    let options: Options
    let time: Timekeeper
    let files = Offload(label: "hotreel.audit")

    static let page = 500
    /// A drop that is on its way at each of so many looks is told as it was at the last.
    private static let looks = 5

    /// - Parameter folders: the hot folders as they are configured.
    package init(
        store: any JobStore, folders: [HotFolder], log: Log,
        originals: PipelineConfiguration.Originals = .keep, options: Options = Options(), time: Timekeeper = .system
    ) {
        self.store = store
        self.folders = folders
        self.log = log
        self.originals = originals
        self.options = options
        self.time = time
    }

    /// Throws where nobody can tell, because a share is gone or the ledger cannot be read.
    package func report() async throws -> AuditReport {
        try await requirePlaces()
        var walk = Walk()
        let before = try await store.lastChange()
        try await lookAtDrops(&walk)
        // The sums are of a moment, so nothing may have moved meanwhile.
        let (counts, spending) = (try await store.counts(), try await store.spending(since: .distantPast))
        if try await store.lastChange() == before {
            walk.note(walk.sums.findings(counts: counts, spending: spending), options)
        }
        for folder in folders {
            try await lookAtClaimFolders(of: folder, &walk)
            try await lookAtOutbox(of: folder, &walk)
        }
        try await tellOfMissingInboxes(&walk)
        try await lookAtLog(&walk)
        try await lookAgain(&walk)
        try await requirePlaces()
        return walk.report
    }

    // MARK: Looking

    /// What can be looked at on its own, and again.
    enum Subject: Sendable {
        case drop(DropID)
        case claimFolder(DropID, HotFolder)
        case outboxFile(OutboxFile, HotFolder)
        case logRow(RequestLogPage.Row, request: String, OwnRequest)
    }

    struct Look: Sendable {
        var findings: [AuditFinding] = []
        /// Another one where something has moved between two looks.
        var stamp: [Int] = []

        var isPassing: Bool { findings.contains(where: \.kind.isPassing) }
    }

    /// What is carried along on the way.
    struct Walk: Sendable {
        var report = AuditReport()
        var generations = KnownGenerations()
        var sums = LedgerSums()
        /// Videos and receipts of jobs, below `outbox/videos` of each inbox.
        var known: [InboxName: Set<FileName>] = [:]
        /// When the oldest POST was started whose answer is missing.
        var oldestQuestion: Date?
        fileprivate var suspects: [(subject: Subject, look: Look)] = []

        mutating func note(_ findings: [AuditFinding], _ options: Options) {
            report.add(findings, listingDetails: options.listsDetails)
        }

        mutating func note(_ look: Look, at subject: Subject, _ options: Options) {
            if look.isPassing { suspects.append((subject, look)) } else { note(look.findings, options) }
        }
    }

    /// How things stand as a whole; a little older than what is looked at with it.
    struct Surroundings: Sendable {
        /// Drops of which a job has ended and whose files are not given back yet.
        let unsettled: Set<DropID>
        /// Whether a service, or its next start, has files to put in their place.
        let isHandingOver: Bool
        /// Drops that had a claim folder; nil where each is to be looked at anew.
        var claimFolders: Set<DropID>?
    }

    func surroundings() async throws -> Surroundings {
        let unsettled = Set(try await store.endedUnsettled().map(\.drop.id))
        let counts = try await store.counts()
        let isDelivering = [JobState.Name.generated, .reusing].contains { counts[$0] ?? 0 > 0 }
        return Surroundings(unsettled: unsettled, isHandingOver: isDelivering || !unsettled.isEmpty)
    }

    private func look(at subject: Subject, _ surroundings: Surroundings) async throws -> Look {
        switch subject {
        case .drop(let drop):
            guard let seen = try await look(at: store.jobs(of: drop), surroundings) else { return Look() }
            return seen.look
        case .claimFolder(let drop, let folder): return try await look(atClaimFolder: drop, of: folder)
        case .outboxFile(let file, let folder): return try await look(at: file, of: folder, surroundings)
        case .logRow(let row, let request, let own): return try await look(at: row, request, own)
        }
    }

    /// Until it stands still or has been looked at often enough.
    private func lookAgain(_ walk: inout Walk) async throws {
        for number in 2...Self.looks where !walk.suspects.isEmpty {
            if options.pause > .zero { try await time.sleep(options.pause) }
            try await requirePlaces()
            let surroundings = try await surroundings()
            let suspects = walk.suspects
            walk.suspects = []
            for (subject, before) in suspects {
                let now = try await look(at: subject, surroundings)
                if now.isPassing, now.stamp != before.stamp, number < Self.looks {
                    walk.suspects.append((subject, now))
                } else {
                    walk.note(now.findings, options)
                }
            }
        }
    }

    private func requirePlaces() async throws {
        for folder in folders {
            if let places = folder.places {
                let looks = await files.run { [places.inbox.look(), places.outbox.look()] }
                for case .absent(let reason) in looks { throw PlaceAbsent(description: reason) }
            }
            try await files.run { () throws(FileError) in
                for path in [folder.claims.root.path, folder.outbox.root] where try FileSystem.status(of: path) == nil {
                    throw FileError("find", path, .noSuchFileOrDirectory)
                }
            }
        }
    }

    /// nil where the drop's inbox is not configured any more.
    func folder(of drop: Drop) -> HotFolder? { folders.named(drop.inbox) }

    /// What lies in folders that are not configured cannot be looked at.
    private func tellOfMissingInboxes(_ walk: inout Walk) async throws {
        for (name, counts) in try await store.countsByInbox().sorted(by: { $0.key < $1.key })
        where folders.named(name) == nil {
            let open = counts.filter { !$0.key.isEnded }.values.reduce(0, +)
            let words = name.isUnnamed ? "of the time before inboxes had names" : "of the inbox \(name)"
            walk.note(
                [
                    AuditFinding(
                        open > 0 ? .inboxUnknown : .inboxRetired,
                        "\(counts.values.reduce(0, +)) jobs are \(words), which is not configured, and \(open) of them are under way; their files were not looked at.",
                        remedy: open > 0
                            ? "Put it back into the configuration with the folders it had, or write formerly: at the inbox that has them now."
                            : "Nothing need be done where it was given up.")
                ], options)
        }
    }
}

extension Auditor {
    /// A folder is not in its place, so that nothing can be concluded from what it does not hold. For people, with the remedy.
    package struct PlaceAbsent: Error, CustomStringConvertible {
        package let description: String
    }
}
