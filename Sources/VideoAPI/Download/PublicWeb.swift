import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix

/// GETs of addresses that somebody else has chosen. Each one, a redirect's included, is looked at before it is asked.
///
/// Every exchange has a client and a connection of its own, tied to the address that was looked at. Nothing goes through a proxy:
/// `HTTP_PROXY` and its like are not read, because a proxy would look the name up again where nobody sees what it finds.
struct PublicWeb: Sendable {
    private let lookup: HostLookup
    private let settings: HTTPClient.Configuration

    /// Redirects on the way to a file.
    static let maxRedirects = 5

    init(lookup: HostLookup, connectTimeout: Duration, idleTimeout: Duration) {
        self.lookup = lookup
        var settings = HTTPClient.Configuration(redirectConfiguration: .disallow)
        settings.httpVersion = .http1Only
        settings.timeout.connect = TimeAmount(connectTimeout)
        // A film may take long, a silence may not.
        settings.timeout.read = TimeAmount(idleTimeout)
        settings.connectionPool.retryConnectionEstablishment = false
        settings.maximumUsesPerConnection = 1
        self.settings = settings
    }

    /// What `work` makes of the final answer, which it must use up before it returns.
    /// - Parameter range: the first byte that is wanted; nil for all.
    func withResponse<Result>(
        from url: URL, range: Int?, _ work: (HTTPClientResponse) async throws -> Result
    ) async throws -> Result {
        var address = try Self.step(from: nil, to: url)
        var seen: Set<String> = []
        while true {
            guard seen.insert(address.absoluteString).inserted else {
                throw DownloadError.interrupted("The video's address leads round in a circle.")
            }
            guard seen.count <= Self.maxRedirects + 1 else {
                throw DownloadError.interrupted("The video's address leads on more than \(Self.maxRedirects) times.")
            }
            let hop = try await ask(address, range: range) { response in
                if let next = Self.next(after: response, at: address) { return Hop<Result>.onward(next) }
                return .arrived(try await work(response))
            }
            switch hop {
            case .arrived(let result): return result
            case .onward(let next): address = try Self.step(from: address, to: next)
            }
        }
    }

    private enum Hop<Result> {
        case onward(URL)
        case arrived(Result)
    }

    /// One GET. An address of the host that takes no connection gives way to its next.
    private func ask<Result>(
        _ url: URL, range: Int?, _ work: (HTTPClientResponse) async throws -> Result
    ) async throws -> Result {
        let host = Host(url)
        var addresses = try await lookup.addresses(of: host.name, port: host.port)[...]
        while true {
            let address = addresses.removeFirst()
            let client = client(of: host, at: address)
            do {
                let response: HTTPClientResponse
                do {
                    response = try await client.execute(Self.request(url, range: range), deadline: .distantFuture)
                } catch  where !addresses.isEmpty && Self.isUnconnected(error) {
                    try await client.shutdown()
                    continue
                }
                let result = try await work(response)
                try await client.shutdown()
                return result
            } catch {
                // Fails only where it was shut down already; the first error says more.
                try? await client.shutdown()
                throw error
            }
        }
    }

    private func client(of host: Host, at address: SocketAddress) -> HTTPClient {
        var settings = settings
        if let place = address.ipAddress {
            for spelling in host.spellings { settings.dnsOverride[spelling] = place }
        }
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: settings)
    }

    private static func request(_ url: URL, range: Int?) -> HTTPClientRequest {
        var request = HTTPClientRequest(url: url.absoluteString)
        // The bytes as they are: a range of packed ones would not fit what is held.
        request.headers = [
            "Accept": "video/*, */*;q=0.5", "Accept-Encoding": "identity", "User-Agent": "hotreel",
        ]
        if let range { request.headers.add(name: "Range", value: "bytes=\(range)-") }
        return request
    }

    /// The next address to ask, if it may be.
    static func step(from last: URL?, to next: URL) throws(DownloadError) -> URL {
        guard next.isWebAddress else {
            throw .addressRefused(
                "The video's address leads to \(next.scheme ?? "nothing"):…, which is no web address. Hotreel asks the API for another one."
            )
        }
        guard last?.scheme?.lowercased() != "https" || next.scheme?.lowercased() == "https" else {
            throw .addressRefused(
                "The video's address leads from https down to http at \(next.host() ?? "no host"), where anybody on the way could "
                    + "change it. Hotreel asks the API for another one.")
        }
        return next
    }

    private static func next(after response: HTTPClientResponse, at url: URL) -> URL? {
        guard [301, 302, 303, 307, 308].contains(response.status.code) else { return nil }
        return response.headers.first(name: "Location").flatMap { URL(string: $0, relativeTo: url)?.absoluteURL }
    }

    /// Whether nothing can have been sent yet.
    private static func isUnconnected(_ error: any Error) -> Bool {
        switch error {
        case let error as HTTPClientError: error == .connectTimeout
        case is IOError, is NIOConnectionError, is ChannelError: true
        default: false
        }
    }

    /// A URL's host and port.
    private struct Host {
        /// Without an IPv6 address's brackets.
        let name: String
        let port: Int
        /// Every way the HTTP client may spell the host, so that none is looked up by it.
        let spellings: Set<String>

        init(_ url: URL) {
            let decoded = url.host(percentEncoded: false) ?? ""
            spellings = Set([decoded, url.host(percentEncoded: true), url.host].compactMap(\.self))
            name = decoded.hasPrefix("[") && decoded.hasSuffix("]") ? String(decoded.dropFirst().dropLast()) : decoded
            port = url.port ?? (url.scheme?.lowercased() == "https" ? 443 : 80)
        }
    }
}
