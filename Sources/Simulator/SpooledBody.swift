import Foundation
import Hummingbird
import Jobs
import SystemPackage

/// A request body on disk, so that a hundred uploads of 10 MB cost a hundred files and not a gigabyte of memory.
struct SpooledBody: Sendable {
    let path: FilePath
    let bytes: Int

    /// Writes the body to `path` as it comes in. Throws 413 as soon as it is longer than `limit`.
    static func receive(_ body: RequestBody, declaredLength: Int?, limit: Int, at path: FilePath) async throws
        -> SpooledBody
    {
        let tooLarge = Refusal(.contentTooLarge, ["request entity too large"])
        if let declaredLength, declaredLength > limit { throw tooLarge }
        let file = try FileDescriptor.open(
            path, .writeOnly, options: [.create, .exclusiveCreate], permissions: .ownerReadWrite)
        defer { try? file.close() }
        var bytes = 0
        do {
            for try await chunk in body {
                bytes += chunk.readableBytes
                guard bytes <= limit else { throw tooLarge }
                try chunk.withUnsafeReadableBytes { _ = try file.writeAll($0) }
            }
        } catch {
            try? FileManager.default.removeItem(atPath: path.string)
            throw error
        }
        return SpooledBody(path: path, bytes: bytes)
    }
}

/// A create body whose pictures lie on disk.
struct CreateBody: Sendable {
    /// The JSON with each data URI replaced by `{mime, bytes, sha256}`, as `GET /_simulator/requests` shows it.
    let shown: JSONValue
    /// The JSON with each data URI replaced by a short URI that `pictures` knows.
    let json: JSONValue
    let pictures: [String: InlinePicture]
}

/// A picture that came as a data URI.
struct InlinePicture: Sendable {
    let mime: String
    let bytes: Int
    let sha256: String
    /// Where it was decoded to; nil when the stand-in is told not to look at pictures.
    let file: FilePath?
    /// What Kling would hold against it.
    let objection: String?
}
