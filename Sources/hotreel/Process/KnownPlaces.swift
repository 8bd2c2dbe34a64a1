import Folders
import Foundation
import Jobs
import Logging
import Pipeline
import SystemPackage

/// Where inboxes and outboxes were when they were first used, kept in `state/places.json`: what tells an empty mount point from the
/// share that belongs there.
struct KnownPlaces {
    private let file: FilePath
    /// By the names of their gates: `inbox`, `outbox:commercials`.
    private var places: [String: FolderPlace]

    init(state: FilePath) throws {
        file = state.appending("places.json")
        places = [:]
        guard FileSystem.exists(file) else { return }
        do {
            places = try JSONDecoder().decode(
                [String: FolderPlace].self, from: Data(try FileSystem.read(file, limit: 1 << 16)))
        } catch {
            throw ConfigurationError(
                place: file.string, key: "the file", value: nil,
                rule: "it should tell where inbox and outbox lie, and cannot be read",
                remedy: "Check that all shares are mounted, then remove the file; Hotreel writes it anew.")
        }
    }

    /// Whether a folder of this path was used before, so that it must not be made anew where it is missing.
    func knows(_ gate: Gate, at path: FilePath) -> Bool { places[gate.rawValue]?.path == path.string }

    /// Where both have to lie, for whoever only looks; nil where nobody has noted it for these paths.
    func known(_ folder: InboxSettings) -> Places? {
        let (inbox, outbox) = (Gate.inbox(of: folder.name), Gate.outbox(of: folder.name))
        guard knows(inbox, at: folder.inbox), knows(outbox, at: folder.outbox), let here = places[inbox.rawValue],
            let there = places[outbox.rawValue]
        else { return nil }
        return Places(
            inbox: SharePresence(role: Self.role(inbox), root: folder.inbox, place: here),
            outbox: SharePresence(role: Self.role(outbox), root: folder.outbox, place: there))
    }

    /// The watch over a folder; its place is noted if it is used for the first time. Where it is missing then, it was made before.
    mutating func note(_ gate: Gate, at path: FilePath) throws {
        if knows(gate, at: path) { return }
        places[gate.rawValue] = try FolderPlace.of(path)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try FileSystem.replace(file, with: Array(try encoder.encode(places)))
    }

    /// `inbox`, `outbox of commercials`: what follows “the”.
    static func role(_ gate: Gate) -> String { String(gate.lacking.dropFirst("the ".count)) }
}
