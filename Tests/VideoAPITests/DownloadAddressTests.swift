import Foundation
import NIOCore
import Synchronization
import TestKit
import Testing

@testable import VideoAPI

@Suite("Where downloads go")
struct DownloadAddressTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test(
        "Addresses of the open internet are public",
        arguments: [
            "1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255",
            "128.0.0.1",
            "169.253.1.1", "172.15.255.255", "172.32.0.0", "192.167.1.1", "192.169.0.1", "198.17.0.1", "198.20.0.1",
            "223.255.255.255",
            "2606:4700::1111", "2a00:1450::1", "2001:4860:4860::8888", "::ffff:1.1.1.1", "64:ff9b::8.8.8.8",
            "2002:0808:0808::1",
        ])
    func isPublic(_ address: String) throws { #expect(try SocketAddress(ipAddress: address, port: 80).isPublic) }

    @Test(
        "Addresses of this machine, private networks and special purposes are not",
        arguments: [
            "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.255", "127.0.0.1",
            "127.255.255.254",
            "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.2.1", "192.168.0.1", "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "::", "::1",
            "::7f00:1",
            "fe80::1", "febf::1", "fc00::1", "fd00:ec2::254", "ff02::1", "fec0::1", "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:169.254.169.254", "64:ff9b::10.0.0.1", "64:ff9b:1::1", "2002:7f00:1::", "2002:c0a8:101::1",
            "2001::1", "2001:db8::1",
            "3fff::1", "100::1", "4000::1",
        ])
    func isNotPublic(_ address: String) throws { #expect(try !SocketAddress(ipAddress: address, port: 80).isPublic) }

    @Test(
        "A private host is not asked, however it is spelt, and the words name it and the remedy",
        .timeLimit(.minutes(1)),
        arguments: [
            "127.0.0.1", "localhost", "LOCALHOST", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "127.1",
            "2130706433",
            "0x7f000001", "0177.0.0.1", "0.0.0.0", "0", "127.0.0.1.", "user:password@127.0.0.1", "%31%32%37.0.0.1",
            "１２７.0.0.1",
        ])
    func privateHosts(_ host: String) async throws {
        let server = try await ScriptedServer { _ in .answer("video") }
        let url = try #require(URL(string: "http://\(host):\(server.port)/v.mp4"))
        let error = try await withClient(port: 1, { $0.allowsPrivateHosts = false }) { client in
            await #expect(throws: DownloadError.self) {
                try await client.download(url, to: folder["v.part"], limit: 100)
            }
        }
        switch error {
        case .addressRefused(let words): #expect(words.contains("delivery.privateHosts"))
        // A spelling that the system's look-up does not take.
        case .interrupted(let words): #expect(words.contains("cannot be looked up"))
        default: Issue.record("\(String(describing: error))")
        }
        #expect(server.connections == 0 && folder.files() == [])
        try await server.stop()
    }

    @Test("Private hosts are allowed by themselves only where the API is on this machine")
    func defaults() throws {
        let key = try #require(APIKey(secret))
        for (base, allowed) in [
            ("http://127.0.0.1:8080", true), ("http://localhost", true), ("http://[::1]:1", true),
            ("https://api.aimlapi.com", false),
            ("http://10.0.0.1", false), ("http://localhost.example.com", false),
            ("http://127.0.0.1.example.com", false),
        ] {
            let url = try #require(URL(string: base))
            #expect(
                HTTPGenerationClientConfiguration(baseURL: url, apiKey: key).allowsPrivateHosts == allowed, "\(base)")
            #expect(
                HTTPGenerationClientConfiguration(baseURL: url, apiKey: key, allowsPrivateHosts: !allowed)
                    .allowsPrivateHosts != allowed)
        }
    }

    /// Downloads `url` with look-ups answered by `resolver`, connecting to nothing but 127.0.0.1 unless told otherwise.
    private func download(
        _ url: String, permits: @escaping @Sendable (SocketAddress) -> Bool = { $0.ipAddress == "127.0.0.1" },
        within limit: Duration = .seconds(20), resolver: @escaping HostLookup.Resolver
    ) async throws -> DownloadError? {
        let downloader = VideoDownloader(
            connectTimeout: limit, idleTimeout: .seconds(20), maxConnections: 2, permits: permits, resolver: resolver)
        defer { downloader.shutdown() }
        let url = try #require(URL(string: url))
        do throws(DownloadError) {
            _ = try await downloader.download(url, to: folder["v.part"], limit: 100)
            return nil
        } catch {
            return error
        }
    }

    @Test(
        "The address that was looked at is the one connected to: a name is looked up once, and never by the HTTP client",
        .timeLimit(.minutes(1)))
    func pinned() async throws {
        let server = try await ScriptedServer { _ in .answer("video") }
        let lookups = Mutex<[String]>([])
        for name in ["films.invalid", "Films.INVALID", "b%C3%BCcher.invalid", "xn--bcher-kva.invalid"] {
            lookups.withLock { $0 = [] }
            let end = try await download("http://\(name):\(server.port)/v.mp4") { host, port in
                let count = lookups.withLock {
                    $0.append(host); return $0.count
                }
                return [try SocketAddress(ipAddress: count == 1 ? "127.0.0.1" : "127.0.0.2", port: port)]
            }
            #expect(end == nil && lookups.withLock(\.count) == 1, "\(name)")
        }
        let hosts = server.requests.map { RawRequest($0)["host"].first ?? "" }
        #expect(hosts.first == "films.invalid:\(server.port)" && hosts.count == 4)
        try await server.stop()
    }

    @Test("Each redirect's host is looked at as the first one is", .timeLimit(.minutes(1)))
    func redirects() async throws {
        let server = try await ScriptedServer { _ in
            .answer(302, "", headers: ["Location: http://inside.invalid/v.mp4"])
        }
        let end = try await download("http://outside.invalid:\(server.port)/v.mp4") { host, port in
            [try SocketAddress(ipAddress: host == "outside.invalid" ? "127.0.0.1" : "10.1.2.3", port: port)]
        }
        guard case .addressRefused(let words) = end else { return #expect(Bool(false), "\(String(describing: end))") }
        #expect(words.contains("inside.invalid (10.1.2.3)") && server.requests.count == 1)
        try await server.stop()
    }

    @Test(
        "Of a name's addresses those that are private are passed over, and one that takes no connection gives way",
        .timeLimit(.minutes(1)))
    func severalAddresses() async throws {
        let server = try await ScriptedServer { _ in .answer("video") }
        let end = try await download(
            "http://films.invalid:\(server.port)/v.mp4", permits: { $0.ipAddress != "10.1.2.3" }
        ) { _, port in
            // Nothing listens at the second: the server is bound to the third alone.
            try ["10.1.2.3", "127.0.0.2", "127.0.0.1"].map { try SocketAddress(ipAddress: $0, port: port) }
        }
        #expect(end == nil)
        #expect(try folder.text(of: "v.part") == "video" && server.requests.count == 1)
        try await server.stop()
    }

    @Test(
        "A name that nobody knows, or a look-up that never ends, interrupts and names the host", .timeLimit(.minutes(1))
    )
    func unknownName() async throws {
        let unknown = try await download("http://films.invalid/v.mp4", resolver: HostLookup.systemAddresses)
        guard case .interrupted(let words) = unknown else {
            return #expect(Bool(false), "\(String(describing: unknown))")
        }
        #expect(words.contains("films.invalid"))
        let hang = DispatchSemaphore(value: 0)
        let slow = try await download("http://films.invalid/v.mp4", within: .milliseconds(100)) { _, _ in
            hang.wait()
            return []
        }
        hang.signal()
        guard case .interrupted(let words) = slow else { return #expect(Bool(false), "\(String(describing: slow))") }
        #expect(words.contains("films.invalid") && words.contains("too long"))
    }

    @Test("A circle of redirects is noticed at its first turn", .timeLimit(.minutes(1)))
    func circle() async throws {
        let server = try await ScriptedServer {
            .answer(307, "", headers: ["Location: /\($0.isMultiple(of: 2) ? "b" : "a")"])
        }
        let end = try await download("http://127.0.0.1:\(server.port)/a", resolver: HostLookup.systemAddresses)
        #expect(end == .interrupted("The video's address leads round in a circle.") && server.requests.count == 2)
        try await server.stop()
    }

    @Test("A way from https down to http is refused; up, and from one to the same, is not")
    func downgrade() throws {
        func url(_ text: String) throws -> URL { try #require(URL(string: text)) }
        #expect(throws: DownloadError.self) {
            try PublicWeb.step(from: try url("HTTPS://a.example/"), to: try url("http://b.example/"))
        }
        for (from, to) in [("http", "http"), ("http", "https"), ("https", "HTTPS")] {
            let next = try url("\(to)://b.example/")
            #expect(try PublicWeb.step(from: try url("\(from)://a.example/"), to: next) == next)
        }
    }
}
