import Folders
import Foundation
import Jobs
import SystemPackage

/// What has become of drops, as the outbox tells it: nothing else is needed, so it works for whoever has only the share.
///
/// Names tell nothing, since the sidecar may give another and the outbox may number it. A receipt or report belongs to a drop when
/// one of the drop's own files is among its `sources`, by name and hash, and `dropped` is the time of that file: no second
/// drop, of whatever name or content, has that too.
struct DropOutcomes {
    /// What became of one video.
    struct Outcome {
        enum Kind { case delivered, failed }
        let kind: Kind
        /// The receipt or the report.
        let file: FilePath
        let document: JSONValue
    }

    let outbox: Outbox
    /// The drops' folder below the inbox.
    let folder: FileName
    let items: [DropPlan.Item]
    /// By item, then by job.
    private(set) var found: [[String: Outcome]]
    /// Receipts and reports that were looked into, as they were then.
    private var known: [FilePath: FileIdentity] = [:]
    /// Why the outbox could not be looked through the last time; nil where it could.
    private(set) var trouble: FileError?

    /// Notes what is there already, which says nothing about drops that are yet to come.
    init(of outbox: Outbox, folder: FileName) {
        (self.outbox, self.folder, items, found) = (outbox, folder, [], [])
        for (file, identity) in listing() { known[file] = identity }
    }

    private init(_ before: DropOutcomes, items: [DropPlan.Item]) {
        (outbox, folder, known) = (before.outbox, before.folder, before.known)
        self.items = items
        found = items.map { _ in [:] }
    }

    /// The same for these drops.
    func following(_ items: [DropPlan.Item]) -> DropOutcomes { DropOutcomes(self, items: items) }

    /// Whether all that there will be is there.
    func isOver(_ item: Int) -> Bool {
        let outcomes = found[item].values
        return outcomes.count >= items[item].videos || outcomes.contains(where: \.endsWholeDrop)
    }

    var areOver: Bool { items.indices.allSatisfy(isOver) }

    /// The folders in which something may appear, and those in which these may.
    var places: [FilePath] {
        [outbox.root]
            + [Outbox.Part.videos, .errors].flatMap { part in folder.wayDown.map { outbox.folder(part, $0) } }
    }

    /// Reads the receipts and reports that are new or were replaced.
    mutating func look() {
        trouble = nil
        for (file, identity) in listing() where known[file] != identity {
            guard let bytes = try? FileSystem.read(file, limit: 1 << 22),
                let document = try? JSONDecoder().decode(JSONValue.self, from: Data(bytes))
            else { continue }
            known[file] = identity
            guard let job = document["job"]?.stringValue else { continue }
            for (index, item) in items.enumerated() where item.isSubject(of: document) {
                let kind: Outcome.Kind = document["video"] == nil ? .failed : .delivered
                found[index][job] = Outcome(kind: kind, file: file, document: document)
            }
        }
    }

    private mutating func listing() -> [(FilePath, FileIdentity)] {
        var files: [(FilePath, FileIdentity)] = []
        for (part, suffix) in [(Outbox.Part.videos, ".receipt.json"), (.errors, ".error.json")] {
            let place = outbox.folder(part, folder)
            do throws(FileError) {
                for entry in try FileSystem.list(place, skippingUnreadable: true)
                where entry.name.text.hasSuffix(suffix) && entry.status.kind == .regular {
                    files.append((place.appending(entry.name), entry.status.identity))
                }
            } catch {
                // Before the first video of a folder there is none.
                if error.code != .noSuchFileOrDirectory { trouble = error }
            }
        }
        return files
    }
}

extension DropOutcomes.Outcome {
    /// A drop that is not taken at all has one report, however many videos were asked for.
    fileprivate var endsWholeDrop: Bool {
        kind == .failed && ["intake", "unknown"].contains(document["stage"]?.stringValue)
    }
}

extension DropPlan.Item {
    /// Whether a receipt or report speaks of this drop.
    fileprivate func isSubject(of document: JSONValue) -> Bool {
        let sources = document["sources"]?.arrayValue ?? []
        // What was dropped again while it was being made shares the receipt of the first.
        var times = (document["resends"]?.arrayValue ?? []).compactMap(\.stringValue)
        if let dropped = document["dropped"]?.stringValue { times.append(dropped) }
        return own.contains { file in
            sources.contains { source in
                source["sha256"] == .string(file.sha256) && source["file"]?.stringValue?.folded == file.name.folded
            } && times.contains(where: file.wasWritten)
        }
    }
}

extension DropPlan.DroppedFile {
    /// Whether that is this file's time, as another mount of the same share may show it: some know whole seconds only, FAT even ones.
    fileprivate func wasWritten(at time: String) -> Bool {
        guard let date = try? Date(time, strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: true))
        else { return false }
        let theirs = Int64((date.timeIntervalSince1970 * 1000).rounded())
        let ours = modified / 1_000_000
        if abs(theirs - ours) <= 1 { return true }
        return (theirs % 1000 == 0 || ours % 1000 == 0) && abs(theirs - ours) <= 2000
    }
}
