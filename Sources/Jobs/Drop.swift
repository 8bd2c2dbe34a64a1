/// What somebody put into the inbox together: a picture, its sidecar and the files it names.
package struct Drop: Hashable, Sendable, Codable {
    package let id: DropID
    /// Path of the folder below the inbox; empty for the inbox itself.
    package let folder: FileName
    package let sources: [Source]
    /// The inbox it was dropped into, where a service has several.
    package let inbox: InboxName

    package init(id: DropID, folder: FileName, sources: [Source], inbox: InboxName = .unnamed) {
        self.id = id
        self.inbox = inbox
        self.folder = folder
        self.sources = sources
    }
}

/// One file of a drop.
package struct Source: Hashable, Sendable, Codable {
    package enum Role: String, Hashable, Sendable, Codable { case picture, sidecar, tail, mask }

    /// Whether the file itself is taken, or a copy because other drops need it too.
    package enum Claim: String, Hashable, Sendable, Codable { case move, copy }

    package let role: Role
    /// Relative to the drop's folder, as it came: `shot010.png`, `masks/still.png`.
    package let file: FileName
    package let identity: FileIdentity
    /// Hex digits; what the receipt repeats.
    package let sha256: String
    package let claim: Claim

    package init(role: Role, file: FileName, identity: FileIdentity, sha256: String, claim: Claim) {
        self.role = role
        self.file = file
        self.identity = identity
        self.sha256 = sha256
        self.claim = claim
    }
}

/// Tells whether a file is still the one that was looked at: same place, same size, not touched.
package struct FileIdentity: Hashable, Sendable, Codable {
    package let device: UInt64
    package let inode: UInt64
    /// Bytes.
    package let size: Int64
    /// Nanoseconds since 1970; compared, never trusted as a time.
    package let modified: Int64
    package let changed: Int64

    package init(device: UInt64, inode: UInt64, size: Int64, modified: Int64, changed: Int64) {
        self.device = device
        self.inode = inode
        self.size = size
        self.modified = modified
        self.changed = changed
    }

    /// Whether this is the same content at the same place; a rename changes ctime and nothing else.
    package func isSameContent(as other: FileIdentity) -> Bool {
        device == other.device && inode == other.inode && size == other.size && modified == other.modified
    }
}
