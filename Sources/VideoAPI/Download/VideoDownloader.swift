import AsyncHTTPClient
import Foundation
import Jobs
import NIOCore
import NIOHTTP1
import SystemPackage

/// Fetches results from wherever the API says they lie, with nothing of ours in the request but the address.
struct VideoDownloader: Sendable {
    private let web: PublicWeb
    private let idleTimeout: Duration
    private let threads: BlockingThreads
    private let places: ConnectionPlaces

    /// Bytes before the end of what is held that are asked for again, to see that they are the same video's.
    static let overlap = 4_096
    /// Bytes written at a time, at most.
    private static let chunk = 1 << 20

    init(
        connectTimeout: Duration, idleTimeout: Duration, maxConnections: Int,
        permits: @escaping @Sendable (SocketAddress) -> Bool,
        resolver: @escaping HostLookup.Resolver = HostLookup.systemAddresses
    ) {
        // Each download writes with one thread; two more are for look-ups.
        threads = BlockingThreads(maxConnections + 2, on: HTTPClient.defaultEventLoopGroup.next())
        let lookup = HostLookup(
            threads: threads, limit: connectTimeout, permits: permits, resolver: resolver)
        web = PublicWeb(lookup: lookup, connectTimeout: connectTimeout, idleTimeout: idleTimeout)
        self.idleTimeout = idleTimeout
        places = ConnectionPlaces(maxConnections)
    }

    func shutdown() { threads.shutdown() }

    func download(_ url: URL, to path: FilePath, limit: Int) async throws(DownloadError) -> Int {
        do {
            return try await places.occupied {
                let part = try await PartFile(path, threads: threads)
                do {
                    try await fetch(url, into: part, limit: limit)
                    return part.size
                } catch {
                    var keeps = true
                    if case DownloadError.notAVideo = error { keeps = false }
                    await part.leave(keeping: keeps)
                    throw error
                }
            }
        } catch let error as DownloadError {
            throw error
        } catch {
            throw .interrupted("The video could not be fetched: \(TransportFault.words(error)).")
        }
    }

    /// What an exchange has come to.
    private enum Progress {
        case whole
        /// The server gave a piece of what was asked for.
        case further
        /// What is held is not the beginning of what lies there.
        case foreign
    }

    /// Goes on from what `part` holds where that proves to be the same video's beginning; begins anew where not.
    private func fetch(_ url: URL, into part: PartFile, limit: Int) async throws {
        var start = part.size < 2 || part.size > limit ? nil : part.size - min(Self.overlap, part.size - 1)
        while true {
            let held = part.size
            let progress = try await web.withResponse(from: url, range: start) { response in
                try await receive(response, from: start, into: part, limit: limit)
            }
            switch progress {
            case .whole:
                return try await part.finish()
            case .further where part.size > held:
                start = part.size - min(Self.overlap, part.size - 1)
            case .foreign where start != nil:
                start = nil
            default:
                throw DownloadError.interrupted("The video's server gives no more than \(part.size) bytes of it.")
            }
        }
    }

    private func receive(
        _ response: HTTPClientResponse, from start: Int?, into part: PartFile, limit: Int
    ) async throws -> Progress {
        let answer = try DownloadAnswer(
            Int(response.status.code), response.headers, from: start, held: part.size, limit: limit)
        switch answer {
        case .otherRange:
            return .foreign
        case .whole(let length):
            // Also where a range was asked for and ignored: this is the exchange to begin anew in.
            let end = try await fill(part, from: 0, with: response.body, total: length, limit: limit) ?? 0
            guard end > 0 else { throw DownloadError.notAVideo("The file at the video's address is empty.") }
            guard length == nil || length == end else {
                throw DownloadError.interrupted("Only \(end) of \(length ?? 0) bytes of the video came.")
            }
            return .whole
        case .rest(let total):
            guard let end = try await fill(part, from: start ?? 0, with: response.body, total: total, limit: limit)
            else { return .foreign }
            return end == total ? .whole : .further
        }
    }

    /// Writes a body that begins at `start` of the video into the part. Returns where it ends; nil where it contradicts what the
    /// part holds.
    private func fill(
        _ part: PartFile, from start: Int, with body: HTTPClientResponse.Body, total: Int?, limit: Int
    ) async throws -> Int? {
        var pace = Pace(window: idleTimeout)
        var position = start
        var parts = body.makeAsyncIterator()
        while true {
            let asked = ContinuousClock.now
            guard var rest = try await parts.next() else { break }
            try pace.took(.now - asked, for: rest.readableBytes)
            guard rest.readableBytes > 0 else { continue }
            if position == 0, start == 0 {
                // Before anything that is held is dropped for it.
                guard !DownloadAnswer.isText(rest.readableBytesView) else {
                    throw DownloadError.notAVideo("The video's address gave a page or a message instead of a video.")
                }
                try await part.beginAnew()
            }
            if position < part.size, let known = rest.readSlice(length: min(rest.readableBytes, part.size - position)) {
                guard try await part.holds(known, at: position) else { return nil }
                position += known.readableBytes
            }
            position += rest.readableBytes
            if let total, position > total {
                throw DownloadError.interrupted("More than the announced \(total) bytes of the video came.")
            }
            guard position <= limit else {
                throw DownloadError.notAVideo(
                    "The file at the video's address is longer than \(limit) bytes, the most that is taken.")
            }
            while let piece = rest.readSlice(length: min(Self.chunk, rest.readableBytes)), piece.readableBytes > 0 {
                try await part.append(piece)
            }
        }
        // A cancelled body may look like a finished one.
        try Task.checkCancellation()
        return position
    }
}
