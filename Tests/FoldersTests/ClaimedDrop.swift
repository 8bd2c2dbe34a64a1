import Folders
import Foundation
import Jobs
import SystemPackage
import TestKit

/// An inbox and an outbox, with drops whose sources lie in their claim folders.
struct ClaimedDrop {
    let folder: TemporaryFolder
    let outbox: Outbox
    let claims: Claims

    /// Both below one folder, its own unless another is given, and the outbox elsewhere if that is given.
    init(in place: FilePath? = nil, outbox: FilePath? = nil) throws {
        folder = try TemporaryFolder()
        self.outbox = Outbox(root: outbox ?? (place ?? folder.path).appending("out"))
        claims = Claims(inbox: (place ?? folder.path).appending("in"))
        try self.outbox.prepare()
        try FileSystem.makeFolder(claims.root.path)
    }

    func claimed(
        _ name: String, _ sources: [(Source.Role, FileName, String)], folder place: FileName = "p"
    ) throws -> Drop {
        let drop = Drop(
            id: DropID(rawValue: name), folder: place,
            sources: sources.map { role, file, content in
                Source(
                    role: role, file: file,
                    identity: FileIdentity(device: 1, inode: 1, size: 1, modified: 1, changed: 1),
                    sha256: FileSystem.hash(of: Array(content.utf8)), claim: .move)
            })
        for (source, content) in zip(drop.sources, sources.map(\.2)) {
            try folder.write(content, to: claims.path(of: source, in: drop.id).path)
        }
        return drop
    }

    func pair(_ name: String) throws -> Drop {
        try claimed(name, [(.picture, "shot.png", "picture \(name)"), (.sidecar, "shot.json", "sidecar \(name)")])
    }

    /// Every file of the outbox, by its path.
    func delivered() throws -> [String] {
        var names: [String] = []
        try outbox.files { file in names.append("\(file.part.map { "\($0.rawValue)/" } ?? "")\(file.name.text)") }
        return names.sorted()
    }

    /// Every file of the claim folders, by its path.
    func claimed() throws -> [String] {
        var names: [String] = []
        try claims.files { file in
            names.append("\(file.drop?.rawValue ?? "-")/\(file.part?.rawValue ?? "-")/\(file.name.text)")
        }
        return names.sorted()
    }
}
