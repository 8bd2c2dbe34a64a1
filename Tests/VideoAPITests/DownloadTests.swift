import Foundation
import Hummingbird
import Jobs
import SystemPackage
import TestKit
import Testing

@testable import VideoAPI

@Suite("Downloading")
struct DownloadTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// How a download of `reaction` ends; nil where it succeeds.
    private func end(
        _ reaction: ScriptedServer.Reaction, limit: Int = 1_000, to name: String = "v.part"
    ) async throws -> DownloadError? {
        let server = try await ScriptedServer { _ in reaction }
        let url = try #require(URL(string: "http://127.0.0.1:\(server.port)/v.mp4?sig=a%2Fb+c"))
        let end = try await withClient(port: 1, { $0.downloadIdleTimeout = reaction.patience }) {
            client -> DownloadError? in
            do throws(DownloadError) {
                _ = try await client.download(url, to: folder[name], limit: limit)
                return nil
            } catch {
                return error
            }
        }
        try await server.stop()
        let requests = server.requests.map { RawRequest($0) }
        #expect(requests.allSatisfy { $0.target == "/v.mp4?sig=a%2Fb+c" && $0["authorization"].isEmpty })
        #expect(server.requests.allSatisfy { !String(decoding: $0, as: UTF8.self).contains(secret) })
        return end
    }

    private static func film(_ head: String, _ body: String) -> ScriptedServer.Reaction {
        .say("HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\n\(head)\r\n\r\n\(body)")
    }

    @Test("A whole video is written whole, with or without a length", .timeLimit(.minutes(1)))
    func whole() async throws {
        #expect(try await end(Self.film("Content-Length: 5", "video"), limit: 5, to: "a") == nil)
        #expect(
            try await end(Self.film("Transfer-Encoding: chunked", "3\r\nvid\r\n2\r\neo\r\n0\r\n\r\n"), to: "b") == nil)
        #expect(try await end(Self.film("Connection: close", "video"), to: "c") == nil)
        for name in ["a", "b", "c"] { #expect(try folder.text(of: name) == "video") }
    }

    @Test(
        "What does not come is interrupted, and leaves nothing", .timeLimit(.minutes(1)),
        arguments: [
            film("Content-Length: 50", ""), .reset(after: nil), .close(after: nil), .silence, .say("hello\r\n\r\n"),
            .answer(500, "x"), .answer(503, "x"), .answer(429, "x"), .answer(206, "x"), .answer(202, "x"),
            .answer(302, ""),
            .answer(302, "", headers: ["Location: /v.mp4?sig=a%2Fb+c"]),
        ])
    func interrupted(_ reaction: ScriptedServer.Reaction) async throws {
        guard case .interrupted = try await end(reaction) else {
            Issue.record("not interrupted")
            return
        }
        #expect(folder.files() == [])
    }

    @Test(
        "What comes cut or too slowly is interrupted, and what has come stays for the next try",
        .timeLimit(.minutes(1)),
        arguments: [
            film("Content-Length: 50", "video"), film("Transfer-Encoding: chunked", "5\r\nvideo\r\n30\r\n"),
            .sayEarly("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nvideo", after: 1),
            .drip("HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\nvideo"),
            .drip("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nvideo"),
        ] as [ScriptedServer.Reaction])
    func cut(_ reaction: ScriptedServer.Reaction) async throws {
        guard case .interrupted = try await end(reaction, limit: 10_000) else {
            Issue.record("not interrupted")
            return
        }
        #expect(try folder.text(of: "v.part").hasPrefix("video"))
    }

    @Test("Where the address leads off the web, it is refused and leaves nothing", .timeLimit(.minutes(1)))
    func offTheWeb() async throws {
        for place in ["ftp://c.example/v.mp4", "file:///etc/passwd", "data:video/mp4,x", "javascript:x", "//"] {
            let end = try await end(.answer(302, "", headers: ["Location: \(place)"]))
            guard case .addressRefused(let words) = end else {
                Issue.record("\(place): \(String(describing: end))")
                continue
            }
            #expect(words.contains("no web address"))
        }
        #expect(folder.files() == [])
    }

    private static let announced = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n"

    @Test(
        "What cannot be the video is told apart, and leaves nothing", .timeLimit(.minutes(1)),
        arguments: [
            .say(announced + "Content-Type: text/html; charset=utf-8\r\n\r\n\r\n\r\n"),
            .say(announced + "Content-Type: application/json\r\n\r\n[1]"),
            .say(announced + "Content-Type: application/problem+json\r\n\r\n[1]"),
            .say(announced + "Content-Type: application/XML\r\n\r\nabc"),
            .say(announced + "Content-Encoding: gzip\r\n\r\nabc"), film("Content-Length: 3", "<p>"),
            film("Content-Length: 15", "\n  <!DOCTYPE html"), film("Connection: close", "\u{FEFF}<html></html>"),
            film("Content-Length: 14", #"{"error":"no"}"#), film("Content-Length: 0", ""),
            film("Connection: close", ""),
            film("Transfer-Encoding: chunked", "0\r\n\r\n"), .say("HTTP/1.1 204 None\r\n\r\n"),
            film("Content-Length: 1001", String(repeating: "v", count: 1001)),
            film("Content-Length: 999999999999999", "vvv"),
            film("Connection: close", String(repeating: "v", count: 1001)),
            film("Transfer-Encoding: chunked", "3e9\r\n\(String(repeating: "v", count: 1001))\r\n0\r\n\r\n"),
        ] as [ScriptedServer.Reaction])
    func notAVideo(_ reaction: ScriptedServer.Reaction) async throws {
        try folder.write("the beginning of something", to: "begun")
        for name in ["v.part", "begun"] {
            let end = try await end(reaction, to: name)
            guard case .notAVideo = end else {
                Issue.record("\(String(describing: end))")
                return
            }
        }
        #expect(folder.files() == [])
    }

    @Test("A slow video is not cut as long as it comes faster than a drip")
    func pace() throws {
        var pace = Pace(window: .seconds(60))
        for _ in 1...960 { try pace.took(.seconds(1), for: 2_000) }
        try pace.took(.seconds(59), for: 1)
        #expect(throws: DownloadError.self) { try pace.took(.seconds(1), for: 50_000) }
    }

    @Test("A link that has run out is said to have", .timeLimit(.minutes(1)), arguments: [400, 401, 403, 404, 410])
    func expired(status: Int) async throws {
        #expect(try await end(.answer(status, "<Error/>")) == .expired(status: status))
        #expect(folder.files() == [])
    }

    @Test("A link or a folder in the file's place is never written through", .timeLimit(.minutes(1)))
    func existing() async throws {
        try folder.write("old", to: "elsewhere")
        try #require(symlink("elsewhere", folder["link"].string) == 0)
        try folder.folder("folder")
        for name in ["link", "folder"] {
            guard case .disk = try await end(Self.film("Content-Length: 5", "video"), to: name) else {
                Issue.record("written through")
                return
            }
        }
        #expect(try folder.text(of: "elsewhere") == "old" && folder.files() == ["elsewhere", "link"])
    }

    @Test("A folder that is gone is the disk's fault, not the API's", .timeLimit(.minutes(1)))
    func folderGone() async throws {
        guard
            case .disk(let why, .noSuchFileOrDirectory) = try await end(
                Self.film("Content-Length: 5", "video"), to: "gone/v.part")
        else {
            Issue.record("not the disk's fault")
            return
        }
        #expect(why.contains("v.part"))
    }

    @Test(
        "A large video through redirects to other hosts, from a real server, without the key", .timeLimit(.minutes(1)))
    func redirects() async throws {
        let video = Data.random(5_000_001)
        let router = Router()
        router.get("hop/:left") { request, context -> Response in
            #expect(request.headers[.authorization] == nil)
            let left = try context.parameters.require("left", as: Int.self)
            let next = left == 0 ? "/video.mp4?a=%2F" : "/hop/\(left - 1)"
            return Response(
                status: .found,
                headers: [.location: left.isMultiple(of: 2) ? next : "." + next.replacing("/hop", with: "")])
        }
        router.get("video.mp4") { _, _ in
            Response(
                status: .ok, headers: [.contentType: "video/mp4"], body: .init(byteBuffer: ByteBuffer(bytes: video)))
        }
        let (ports, port) = AsyncStream<Int>.makeStream()
        let application = Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { port.yield($0.localAddress?.port ?? 0) })
        let server = Task { try await application.run() }
        var found: Int?
        for await port in ports {
            found = port
            break
        }
        let base = "http://127.0.0.1:\(try #require(found))"
        let four = try #require(URL(string: base + "/hop/4"))
        let five = try #require(URL(string: base + "/hop/5"))
        try await withClient(port: 1) { client in
            let written = try await client.download(four, to: folder["v.part"], limit: 6_000_000)
            #expect(written == video.count)
            await #expect(throws: DownloadError.interrupted("The video's address leads on more than 5 times.")) {
                try await client.download(five, to: folder["w.part"], limit: 6_000_000)
            }
        }
        server.cancel()
        _ = await server.result
        #expect(try Data(contentsOf: URL(filePath: folder["v.part"].string)) == video)
        #expect(folder.files() == ["v.part"])
    }
}
