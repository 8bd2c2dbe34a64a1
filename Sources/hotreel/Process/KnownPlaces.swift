import Folders
import Foundation
import Jobs
import Logging
import Pipeline
import SystemPackage

/// Where inbox and outbox were when they were first used, kept in `state/places.json`: what tells an empty mount point from the
/// share that belongs there.
struct KnownPlaces {
    private let file: FilePath
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
                remedy: "Check that both shares are mounted, then remove the file; Hotreel writes it anew.")
        }
    }

    /// Whether a folder of this path was used before, so that it must not be made anew where it is missing.
    func knows(_ role: String, at path: FilePath) -> Bool { places[role]?.path == path.string }

    /// The watch over a folder that was used before; nil where it was not.
    func known(_ role: String, at path: FilePath) -> SharePresence? {
        places[role].flatMap { $0.path == path.string ? SharePresence(role: role, root: path, place: $0) : nil }
    }

    /// Where both have to lie, for whoever only looks; nil where nobody has noted it for these paths.
    func known(inbox: FilePath, outbox: FilePath) -> Places? {
        guard let here = places["inbox"], let there = places["outbox"], here.path == inbox.string,
            there.path == outbox.string
        else { return nil }
        return Places(
            inbox: SharePresence(role: "inbox", root: inbox, place: here),
            outbox: SharePresence(role: "outbox", root: outbox, place: there))
    }

    /// The watch over a folder; its place is noted if it is used for the first time.
    mutating func presence(_ role: String, at path: FilePath) throws -> SharePresence {
        if let place = places[role], place.path == path.string {
            return SharePresence(role: role, root: path, place: place)
        }
        let place = try FolderPlace.of(path)
        places[role] = place
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try FileSystem.replace(file, with: Array(try encoder.encode(places)))
        return SharePresence(role: role, root: path, place: place)
    }
}
