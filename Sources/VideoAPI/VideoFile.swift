import AsyncHTTPClient
import Foundation
import Jobs
import NIOCore
import SystemPackage

/// Writes a download into a file of its own, whole and synced or not at all.
enum VideoFile {
    /// Bytes written at a time, at most.
    private static let chunk = 1 << 20

    static func write(
        _ body: HTTPClientResponse.Body, to path: FilePath, expected: Int?, limit: Int
    ) async throws -> Int {
        let file = try onDisk(path) {
            // As any program makes a file; the process's umask says who may read it.
            try SystemPackage.FileDescriptor.open(
                path, .writeOnly, options: [.create, .exclusiveCreate, .noFollow, .closeOnExec],
                permissions: [.ownerReadWrite, .groupReadWrite, .otherReadWrite])
        }
        do {
            let written = try await fill(file, from: body, path: path, limit: limit)
            guard written > 0 else { throw DownloadError.notAVideo("The file at the video's address is empty.") }
            if let expected, written != expected {
                throw DownloadError.interrupted("Only \(written) of \(expected) bytes of the video came.")
            }
            try onDisk(path) {
                guard fsync(file.rawValue) == 0 else { throw Errno(rawValue: errno) }
                try file.close()
            }
            return written
        } catch {
            try? file.close()
            _ = path.withPlatformString { unlink($0) }
            throw error
        }
    }

    private static func fill(
        _ file: SystemPackage.FileDescriptor, from body: HTTPClientResponse.Body, path: FilePath, limit: Int
    ) async throws -> Int {
        var written = 0
        for try await part in body {
            guard written + part.readableBytes <= limit else {
                throw DownloadError.notAVideo(
                    "The file at the video's address is longer than \(limit) bytes, the most that is taken.")
            }
            var rest = part
            while let piece = rest.readSlice(length: min(chunk, rest.readableBytes)), piece.readableBytes > 0 {
                try onDisk(path) { _ = try piece.withUnsafeReadableBytes { try file.writeAll($0) } }
            }
            written += part.readableBytes
        }
        // A cancelled body may look like a finished one.
        try Task.checkCancellation()
        return written
    }

    private static func onDisk<Result>(_ path: FilePath, _ work: () throws -> Result) throws(DownloadError) -> Result {
        do {
            return try work()
        } catch {
            throw .disk("\(path.lastComponent?.string ?? "The video") cannot be written: \(error).")
        }
    }
}
