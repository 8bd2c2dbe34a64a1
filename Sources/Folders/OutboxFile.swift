import Jobs
import SystemPackage

/// A file of the outbox, as a walk found it.
package struct OutboxFile: Hashable, Sendable {
    package enum Kind: String, Hashable, Sendable {
        case video, receipt, report, source, status
        /// Hotreel's own, unfinished: a download, or what a crash left of a write.
        case litter
        /// By its name nothing of Hotreel's.
        case foreign
    }

    /// nil for what lies beside the parts.
    package let part: Outbox.Part?
    /// Below the part.
    package let name: FileName
    package let status: FileStatus

    package var kind: Kind {
        let text = name.lastComponent.text
        let isHidden = name.bytes.split(separator: UInt8(ascii: "/")).contains { $0.first == UInt8(ascii: ".") }
        if NameRules.isOwnTemporary(name.lastComponent) || isHidden || text.hasSuffix(".part") { return .litter }
        switch part {
        case nil: return Outbox.statusFiles.contains(text) && status.kind == .regular ? .status : .foreign
        case .videos: return text.hasSuffix(".mp4") ? .video : text.hasSuffix(".receipt.json") ? .receipt : .foreign
        case .errors: return text.hasSuffix(".error.txt") || text.hasSuffix(".error.json") ? .report : .source
        case .originals: return .source
        }
    }
}

extension Outbox {
    /// The queue as it stands, for people who have only the share. They lie beside the parts.
    package static let statusFiles: Set<String> = ["status.json", "status.html"]

    /// Replaces `status.json` at once, so that nobody reads half of it. Not synced: after a power cut it may be old or empty until
    /// it is written again, a moment after the start.
    package func writeStatus(_ bytes: [UInt8]) throws(FileError) {
        try FileSystem.replace(root.appending("status.json"), with: bytes, synced: false, permissions: permissions)
    }

    /// `status.json` as it was last written.
    package func readStatus() throws(FileError) -> [UInt8] {
        try FileSystem.read(root.appending("status.json"), limit: 4 << 20)
    }

    /// Calls `visit` for every file of the outbox, and for folders beside its parts, which are none of Hotreel's and not entered.
    package func files(_ visit: (OutboxFile) throws(FileError) -> Void) throws(FileError) {
        for entry in try FileSystem.list(root) {
            guard entry.status.kind == .folder, let part = Part(rawValue: entry.name.text) else {
                try visit(OutboxFile(part: nil, name: entry.name, status: entry.status))
                continue
            }
            try FileSystem.walk(root.appending(entry.name)) { found throws(FileError) in
                try visit(OutboxFile(part: part, name: found.name, status: found.status))
            }
        }
    }
}
