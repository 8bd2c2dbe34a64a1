import Jobs
import SystemPackage

/// A second witness of what was sent, on another disk than the ledger: a mark under the request's id, durable before its first byte
/// goes out and gone once it was surely not taken. So an intent without a mark was never sent, and a mark without an intent says that
/// the ledger lost its last word.
extension Claims {
    package func markSending(_ id: ClientRequestID, of drop: DropID) throws(FileError) {
        try makeFolder(folder(of: drop).appending(Part.sending.name))
        try FileSystem.replace(mark(id, of: drop), with: [])
    }

    package func unmarkSending(_ id: ClientRequestID, of drop: DropID) throws(FileError) {
        try FileSystem.remove(mark(id, of: drop))
    }

    /// Throws where the claim folder is not there, since then nobody can tell.
    package func isMarkedSending(_ id: ClientRequestID, of drop: DropID) throws(FileError) -> Bool {
        let claim = folder(of: drop)
        guard try FileSystem.status(of: claim) != nil else {
            throw FileError("find", claim.path, .noSuchFileOrDirectory)
        }
        return try FileSystem.status(of: mark(id, of: drop)) != nil
    }

    private func mark(_ id: ClientRequestID, of drop: DropID) -> RootedPath {
        folder(of: drop).appending(Part.sending.name).appending(FileName(id.rawValue))
    }
}
