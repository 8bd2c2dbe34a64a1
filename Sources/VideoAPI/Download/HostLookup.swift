import Foundation
import NIOCore
import NIOPosix

/// Where a host may be connected to. The addresses found here are the ones that are used: a second look-up by the HTTP client
/// could find others, and a name's owner could make it so.
struct HostLookup: Sendable {
    /// Blocks until the addresses of a name are known.
    typealias Resolver = @Sendable (_ name: String, _ port: Int) throws -> [SocketAddress]

    let threads: BlockingThreads
    /// For a look-up.
    let limit: Duration
    /// Whether an address may be connected to.
    let permits: @Sendable (SocketAddress) -> Bool
    var resolver: Resolver = systemAddresses

    /// Addresses tried for one host.
    private static let maxAddresses = 4

    /// The host's addresses in the system's order of preference, at least one.
    func addresses(of host: String, port: Int) async throws -> [SocketAddress] {
        let found = try await all(of: host, port: port)
        guard let first = found.first else { throw DownloadError.interrupted(Self.unknown(host)) }
        let open = found.filter(permits)
        guard !open.isEmpty else {
            let place = first.ipAddress.map { $0 == host ? host : "\(host) (\($0))" } ?? host
            throw DownloadError.addressRefused(
                "The video's address is at \(place), inside a private network, where Hotreel fetches nothing unless it is allowed to. "
                    + "If the API's videos do lie there, set delivery.privateHosts to allow.")
        }
        return Array(open.prefix(Self.maxAddresses))
    }

    private func all(of host: String, port: Int) async throws -> [SocketAddress] {
        if let literal = try? SocketAddress(ipAddress: host, port: port) { return [literal] }
        do {
            return try await threads.run(within: limit) { [resolver] in try resolver(host, port) }
        } catch is TimeLimitReached {
            throw DownloadError.interrupted(Self.unknown(host) + " The look-up took too long.")
        } catch let error as UnknownHost {
            throw DownloadError.interrupted("\(Self.unknown(host)) (\(error.why))")
        }
    }

    private static func unknown(_ host: String) -> String {
        "The name of the video's host, \(host), cannot be looked up."
    }

    struct UnknownHost: Error { let why: String }

    /// What the system finds: hosts file, DNS, and whatever else it is set up with.
    @Sendable static func systemAddresses(_ name: String, _ port: Int) throws -> [SocketAddress] {
        var wanted = addrinfo()
        wanted.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(name, String(port), &wanted, &list)
        guard code == 0 else { throw UnknownHost(why: String(cString: gai_strerror(code))) }
        defer { freeaddrinfo(list) }
        return sequence(first: list) { $0?.pointee.ai_next }.prefix { $0 != nil }.compactMap { entry in
            guard let entry, let address = UnsafeRawPointer(entry.pointee.ai_addr) else { return nil }
            return switch entry.pointee.ai_family {
            case AF_INET: SocketAddress(address.loadUnaligned(as: sockaddr_in.self))
            case AF_INET6: SocketAddress(address.loadUnaligned(as: sockaddr_in6.self))
            default: nil
            }
        }
    }
}
