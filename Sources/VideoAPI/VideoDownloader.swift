import AsyncHTTPClient
import Foundation
import Jobs
import NIOCore
import NIOHTTP1
import SystemPackage

/// Fetches results from wherever the API says they lie, with nothing of ours in the request but the address.
struct VideoDownloader: Sendable {
    private let client: HTTPClient
    private let places: ConnectionPlaces

    /// Redirects on the way to a file.
    private static let maxRedirects = 5

    init(connectTimeout: Duration, idleTimeout: Duration, maxConnections: Int) {
        var settings = HTTPClient.Configuration(redirectConfiguration: .disallow)
        settings.httpVersion = .http1Only
        settings.timeout.connect = TimeAmount(connectTimeout)
        settings.timeout.read = TimeAmount(idleTimeout)
        settings.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = maxConnections
        settings.connectionPool.idleTimeout = .seconds(5)
        settings.connectionPool.retryConnectionEstablishment = false
        client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: settings)
        places = ConnectionPlaces(maxConnections)
    }

    func shutdown() async throws { try await client.shutdown() }

    func download(_ url: URL, to path: FilePath, limit: Int) async throws(DownloadError) -> Int {
        do {
            return try await places.occupied {
                let response = try await response(from: url)
                let expected = try Self.checked(response, limit: limit)
                return try await VideoFile.write(response.body, to: path, expected: expected, limit: limit)
            }
        } catch let error as DownloadError {
            throw error
        } catch {
            throw .interrupted("The video could not be fetched: \(TransportFault.words(error)).")
        }
    }

    /// The final answer, redirects followed one by one so that each address is looked at before it is asked.
    private func response(from url: URL) async throws -> HTTPClientResponse {
        var address = url
        for _ in 0...Self.maxRedirects {
            guard address.isWebAddress else {
                throw DownloadError.interrupted(
                    "The video's address is no web address: \(address.scheme ?? "nothing"):…")
            }
            var request = HTTPClientRequest(url: address.absoluteString)
            request.headers = ["Accept": "video/*, */*;q=0.5", "User-Agent": "hotreel"]
            // Bounded by connect and idle time-outs: a film may take long, a silence may not.
            let response = try await client.execute(request, deadline: .distantFuture)
            guard [301, 302, 303, 307, 308].contains(response.status.code),
                let location = response.headers.first(name: "Location"),
                let next = URL(string: location, relativeTo: address)
            else { return response }
            address = next.absoluteURL
        }
        throw DownloadError.interrupted("The video's address leads on more than \(Self.maxRedirects) times.")
    }

    /// The length the answer announces, if it can be the video.
    private static func checked(_ response: HTTPClientResponse, limit: Int) throws(DownloadError) -> Int? {
        let status = Int(response.status.code)
        switch status {
        case 200, 203: break
        case 408, 425, 429: throw .interrupted("The video's server is busy (HTTP \(status)).")
        // Some stores answer 400 for a signature that has run out; asking for a new link costs nothing in any case.
        case 400..<500: throw .expired(status: status)
        default: throw .interrupted("The video's server answered HTTP \(status).")
        }
        let type = response.headers.first(name: "Content-Type")?.lowercased() ?? ""
        guard !["text/", "application/json", "application/xml"].contains(where: type.hasPrefix) else {
            throw .notAVideo("The video's address gave \(type.prefix(40)) instead of a video.")
        }
        guard let text = response.headers.first(name: "Content-Length"), let length = Int(text) else { return nil }
        guard length <= limit else {
            throw .notAVideo("The file at the video's address holds \(length) bytes; at most \(limit) are taken.")
        }
        return length
    }
}
