import Folders
import Foundation
import Jobs
import SystemPackage

/// A file as an audit found it.
enum FileFact: Hashable, Sendable {
    case missing
    /// It is there, and nobody may or can look into it; for people.
    case unreadable(String)
    /// `sha256` is nil where nobody looked into it.
    case there(bytes: Int64, sha256: String?)

    /// Throws where nobody can tell, because the share does not answer.
    static func at(_ path: some FileLocation, hashing: Bool) throws(FileError) -> FileFact {
        guard let status = try FileSystem.status(of: path) else { return .missing }
        guard status.kind == .regular else { return .unreadable("it is a \(status.kind.rawValue)") }
        guard hashing else { return .there(bytes: status.identity.size, sha256: nil) }
        do throws(FileError) {
            let hash = try FileSystem.hash(path)
            return .there(bytes: Int64(hash.bytes), sha256: hash.sha256)
        } catch {
            switch error.meaning {
            case .shareGone: throw error
            case .diskFull, .readOnly, .denied, .other:
                return error.code == .noSuchFileOrDirectory ? .missing : .unreadable("it cannot be read: \(error.code)")
            }
        }
    }

    /// Whether it is what was noted. What nobody looked into is known by its length, and a hash that nobody took by nothing.
    func isContent(bytes: Int64, sha256: String) -> Bool {
        guard case .there(let length, let hash) = self, length == bytes else { return false }
        return hash.map { $0 == sha256 || sha256.isEmpty } ?? true
    }
}

/// What stands in a receipt, as far as the ledger knows it too.
struct ReceiptContent: Hashable, Sendable {
    let job: JobID
    let generationID: String?
    let clientRequestID: String?
    let credits: Double?
    let sha256: String?
    let bytes: Int?
    let isReuse: Bool

    /// nil where it is no receipt.
    init?(_ document: JSONValue) {
        guard let job = document["job"]?.stringValue, !job.isEmpty, let video = document["video"] else { return nil }
        self.job = JobID(rawValue: job)
        generationID = document["generation_id"]?.stringValue
        clientRequestID = document["client_request_id"]?.stringValue
        credits = document["credits"]?.doubleValue
        sha256 = video["sha256"]?.stringValue
        bytes = video["bytes"]?.integerValue
        isReuse = document["reused"]?.objectValue != nil
    }
}

enum ReceiptFact: Hashable, Sendable {
    case missing
    /// It is there, and it is no receipt or cannot be read; for people.
    case unreadable(String)
    case there(ReceiptContent)

    /// Bytes of the longest receipt; prompts are short.
    private static let limit = 1 << 22

    static func at(_ path: FilePath) throws(FileError) -> ReceiptFact {
        guard let status = try FileSystem.status(of: path) else { return .missing }
        guard status.kind == .regular else { return .unreadable("it is a \(status.kind.rawValue)") }
        let bytes: [UInt8]
        do throws(FileError) {
            bytes = try FileSystem.read(path, limit: limit)
        } catch {
            if error.meaning == .shareGone { throw error }
            return error.code == .noSuchFileOrDirectory ? .missing : .unreadable("it cannot be read: \(error.code)")
        }
        guard let document = try? JSONDecoder().decode(JSONValue.self, from: Data(bytes)),
            let content = ReceiptContent(document)
        else { return .unreadable("it is no receipt any more") }
        return .there(content)
    }
}
