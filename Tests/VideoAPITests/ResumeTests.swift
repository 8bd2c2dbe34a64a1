import Foundation
import NIOHTTP1
import SystemPackage
import TestKit
import Testing

@testable import VideoAPI

@Suite("Going on with a download")
struct ResumeTests {
    private let folder: TemporaryFolder
    /// 10,000 letters, no stretch of which comes twice.
    private static let film = String((0..<2_500).flatMap { String(format: "%04d", $0) })
    private static let other = String(film.reversed())
    private let held = 6_000
    private var start: Int { held - VideoDownloader.overlap }

    init() throws { folder = try TemporaryFolder() }

    /// Downloads to `v.part` from a server that gives these answers, one to a request. Returns the end, nil for success, and each
    /// request's range.
    private func download(
        _ answers: [ScriptedServer.Reaction], limit: Int = 20_000
    ) async throws -> (end: DownloadError?, ranges: [String?]) {
        let server = try await ScriptedServer { answers[min($0, answers.count - 1)] }
        let url = try #require(URL(string: "http://127.0.0.1:\(server.port)/v.mp4"))
        var end: DownloadError?
        do {
            let length = try await withClient(port: 1, { $0.downloadIdleTimeout = answers[0].patience }) {
                try await $0.download(url, to: folder["v.part"], limit: limit)
            }
            #expect(length == (try folder.text(of: "v.part")).utf8.count)
        } catch let error as DownloadError {
            end = error
        }
        try await server.stop()
        return (end, server.requests.map { RawRequest($0)["range"].first })
    }

    private static func piece(
        _ text: some StringProtocol, _ range: String
    ) -> ScriptedServer.Reaction {
        .answer(206, String(text), headers: ["Content-Type: video/mp4", "Content-Range: bytes \(range)"])
    }

    private static let rest = piece(film.dropFirst(1_904), "1904-9999/10000")

    @Test("A download that was cut goes on from its end, whichever link it comes through", .timeLimit(.minutes(1)))
    func goesOn() async throws {
        let cut = ScriptedServer.Reaction.say(
            "HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n" + Self.film.prefix(held))
        let first = try await download([cut])
        guard case .interrupted = first.end else { return #expect(Bool(false), "\(first)") }
        #expect(first.ranges == [nil])
        #expect(try folder.text(of: "v.part") == Self.film.prefix(held))
        let second = try await download([Self.rest])
        #expect(second.end == nil && second.ranges == ["bytes=\(start)-"])
        #expect(try folder.text(of: "v.part") == Self.film)
    }

    @Test("A download that is whole already only has its end compared", .timeLimit(.minutes(1)))
    func alreadyWhole() async throws {
        try folder.write(Self.film, to: "v.part")
        let (end, ranges) = try await download([Self.piece(Self.film.suffix(4_096), "5904-9999/10000")])
        #expect(end == nil && ranges == ["bytes=5904-"])
        #expect(try folder.text(of: "v.part") == Self.film)
    }

    @Test("A server that ignores the range is taken at its word in the same exchange", .timeLimit(.minutes(1)))
    func rangeIgnored() async throws {
        for old in [Self.other.prefix(held), Self.other[...], Self.film.prefix(1)] {
            try folder.write(String(old), to: "v.part")
            let (end, ranges) = try await download([.answer(Self.film)])
            #expect(end == nil && ranges.count == 1 && (ranges[0] == nil) == (old.count == 1))
            #expect(try folder.text(of: "v.part") == Self.film)
        }
    }

    @Test(
        "What is not the rest of what is held is begun anew, at once and without a range", .timeLimit(.minutes(1)),
        arguments: [
            .answer(416, ""), .answer(416, "", headers: ["Content-Range: bytes */10000"]),
            piece(film.dropFirst(1_903), "1903-9999/10000"), piece(film.dropFirst(6_000), "6000-9999/10000"),
            piece(film.dropFirst(1_904), "1904-9999/*"), piece("", "*/10000"), piece("vv", "1904-1905/1906"),
            piece(film.dropFirst(1_904), "1904-9999/9999"), piece(film.dropFirst(1_904), "9999-1904/10000"),
            piece(film.dropFirst(1_904), "1904-9999/99999999999999999999"), .answer(206, String(film.dropFirst(1_904))),
            piece(other.dropFirst(1_904), "1904-9999/10000"),
            .answer(
                206, "x",
                headers: ["Content-Type: multipart/byteranges; boundary=x", "Content-Range: bytes 1904-9999/10000"]),
        ] as [ScriptedServer.Reaction])
    func begunAnew(_ answer: ScriptedServer.Reaction) async throws {
        try folder.write(String(Self.film.prefix(held)), to: "v.part")
        let (end, ranges) = try await download([answer, .answer(Self.film)])
        #expect(end == nil && ranges == ["bytes=1904-", nil])
        #expect(try folder.text(of: "v.part") == Self.film)
    }

    @Test("A part that is too long to be any video's beginning is begun anew", .timeLimit(.minutes(1)))
    func tooLong() async throws {
        try folder.write(Self.other, to: "v.part")
        let (end, ranges) = try await download([.answer("video")], limit: 9_999)
        #expect(end == nil && ranges == [nil])
        #expect(try folder.text(of: "v.part") == "video")
    }

    @Test("A server that gives a piece at a time is asked until all is there", .timeLimit(.minutes(1)))
    func pieces() async throws {
        try folder.write(String(Self.film.prefix(held)), to: "v.part")
        let (end, ranges) = try await download([
            Self.piece(Self.film.dropFirst(1_904).prefix(5_096), "1904-6999/10000"),
            Self.piece(Self.film.dropFirst(2_904).prefix(6_096), "2904-8999/10000"),
            Self.piece(Self.film.dropFirst(4_904), "4904-9999/10000"),
        ])
        #expect(end == nil && ranges == ["bytes=1904-", "bytes=2904-", "bytes=4904-"])
        #expect(try folder.text(of: "v.part") == Self.film)
    }

    @Test("A server that gives no more than is held is not asked for ever", .timeLimit(.minutes(1)))
    func noProgress() async throws {
        try folder.write(String(Self.film.prefix(held)), to: "v.part")
        let (end, ranges) = try await download([Self.piece(Self.film.dropFirst(1_904).prefix(4_096), "1904-5999/10000")]
        )
        #expect(end == .interrupted("The video's server gives no more than 6000 bytes of it.") && ranges.count == 1)
        #expect(try folder.text(of: "v.part") == Self.film.prefix(held))
    }

    @Test(
        "What is held outlives every trouble on the way", .timeLimit(.minutes(1)),
        arguments: [
            (.reset(after: nil), nil), (.close(after: nil), nil), (.silence, nil), (.answer(500, "x"), nil),
            (.answer(503, "x"), nil), (.answer(302, ""), nil), (.answer(403, "<Error/>"), .expired(status: 403)),
            (.answer(410, ""), .expired(status: 410)),
            (.say("HTTP/1.1 206 P\r\nContent-Range: bytes 1904-9999/10000\r\nContent-Length: 8096\r\n\r\n"), nil),
            (
                .say(
                    "HTTP/1.1 206 P\r\nContent-Range: bytes 1904-9999/10000\r\nContent-Length: 8096\r\n\r\n"
                        + film.dropFirst(1_904).prefix(9)), nil
            ),
        ] as [(ScriptedServer.Reaction, DownloadError?)])
    func stays(reaction: ScriptedServer.Reaction, expected: DownloadError?) async throws {
        try folder.write(String(Self.film.prefix(held)), to: "v.part")
        let (end, ranges) = try await download([reaction])
        if let expected {
            #expect(end == expected)
        } else {
            guard case .interrupted = end else { return #expect(Bool(false), "\(String(describing: end))") }
        }
        #expect(ranges == ["bytes=1904-"])
        #expect(try folder.text(of: "v.part") == Self.film.prefix(held))
    }

    @Test("Each try adds to what the last one brought", .timeLimit(.minutes(1)))
    func adds() async throws {
        for (from, to) in [(0, 3_000), (1, 4_500), (404, 7_000), (2_904, 10_000)] {
            let head = from == 0 ? "200 OK" : "206 P\r\nContent-Range: bytes \(from)-9999/10000"
            let text =
                "HTTP/1.1 \(head)\r\nContent-Length: \(10_000 - from)\r\n\r\n"
                + Self.film.dropFirst(from).prefix(to - from)
            let (end, ranges) = try await download([.say(text)])
            #expect((end == nil) == (to == 10_000) && ranges == [from == 0 ? nil : "bytes=\(from)-"])
            #expect(try folder.text(of: "v.part") == Self.film.prefix(to))
        }
    }

    @Test("More than the announced end of a piece is not taken", .timeLimit(.minutes(1)))
    func beyondTheEnd() async throws {
        try folder.write(String(Self.film.prefix(held)), to: "v.part")
        let body = Self.film.dropFirst(1_904) + "too much"
        let (end, _) = try await download([
            .say("HTTP/1.1 206 P\r\nContent-Range: bytes 1904-9999/10000\r\nConnection: close\r\n\r\n" + body)
        ])
        guard case .interrupted = end else { return #expect(Bool(false), "\(String(describing: end))") }
        #expect(Self.film.hasPrefix(try folder.text(of: "v.part")))
    }

    @Test("A delivered video that still has the part's name is not written into", .timeLimit(.minutes(1)))
    func secondName() async throws {
        try folder.write(String(Self.film.prefix(held)), to: "delivered.mp4")
        try #require(link(folder["delivered.mp4"].string, folder["v.part"].string) == 0)
        let (end, ranges) = try await download([.answer(Self.other)])
        #expect(end == nil && ranges == [nil])
        #expect(try folder.text(of: "delivered.mp4") == Self.film.prefix(held))
        #expect(try folder.text(of: "v.part") == Self.other)
    }

    @Test("Two downloads never write into one file", .timeLimit(.minutes(1)))
    func alone() async throws {
        try folder.write(String(Self.film.prefix(held)), to: "v.part")
        let holder = try FileDescriptor.open(folder["v.part"], .readOnly)
        defer { try? holder.close() }
        try #require(flock(holder.rawValue, LOCK_EX | LOCK_NB) == 0)
        let (end, ranges) = try await download([.answer(Self.other)])
        #expect(end == .interrupted("The video is being fetched already.") && ranges == [])
        #expect(try folder.text(of: "v.part") == Self.film.prefix(held))
    }

    @Test("Told to stop in the middle, what has come stays", .timeLimit(.minutes(1)))
    func stopped() async throws {
        let server = try await ScriptedServer { _ in
            .sayEarly("HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n" + Self.film.prefix(held), after: 1)
        }
        let url = try #require(URL(string: "http://127.0.0.1:\(server.port)/v.mp4"))
        try await withClient(port: 1) { client in
            let task = Task { try await client.download(url, to: folder["v.part"], limit: 20_000) }
            while (try? folder.text(of: "v.part"))?.count != held { await Task.yield() }
            task.cancel()
            await #expect(throws: DownloadError.self) { try await task.value }
        }
        #expect(try folder.text(of: "v.part") == Self.film.prefix(held))
        try await server.stop()
    }
}
