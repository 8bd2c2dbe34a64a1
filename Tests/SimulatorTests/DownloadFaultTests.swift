import Foundation
import Jobs
import Simulator
import Testing

@Suite struct DownloadFaultTests {
    /// A stand-in with a finished generation whose downloads are faulted so.
    private func downloads(
        _ kind: String, _ more: [String: JSONValue] = [:],
        body: @Sendable (_ simulator: RunningSimulator, _ id: String, _ url: String) async throws -> Void
    ) async throws {
        try await RunningSimulator.misbehaving(fault(.download, kind, more)) { simulator in
            let id = try #require(try await RawExchange.create(simulator).json["id"]?.stringValue)
            try await body(simulator, id, try await url(simulator, id))
        }
    }

    private func url(_ simulator: RunningSimulator, _ id: String) async throws -> String {
        try #require(try await RawExchange.poll(simulator, id).json["video"]?["url"]?.stringValue)
    }

    @Test("A truncated download announces everything and sends so much", .timeLimit(.minutes(1)))
    func truncate() async throws {
        for bytes in [0, 1000] {
            try await downloads("truncate", ["bytes": .integer(bytes)]) { simulator, _, url in
                let cut = try await RawExchange.download(simulator, url)
                let whole = try await RawExchange.download(simulator, url)
                #expect(whole.isWhole)
                #expect(cut.status == 200 && cut.headers["content-length"] == whole.headers["content-length"])
                #expect(cut.body == whole.body.prefix(bytes) && !cut.wasReset)
            }
        }
        try await downloads("truncate", ["bytes": 500]) { simulator, _, url in
            let rest = try await RawExchange.download(simulator, url, headers: ["Range": "bytes=1000-"])
            let whole = try await RawExchange.download(simulator, url)
            #expect(rest.status == 206 && rest.body == whole.body.dropFirst(1000).prefix(500))
        }
    }

    @Test("A length can be wrong in both directions", .timeLimit(.minutes(1)))
    func wrongLength() async throws {
        for announced in [100, 100_000_000] {
            try await downloads("wrong-length", ["bytes": .integer(announced)]) { simulator, _, url in
                let wrong = try await RawExchange.download(simulator, url)
                let whole = try await RawExchange.download(simulator, url)
                #expect(wrong.headers["content-length"] == String(announced))
                #expect(wrong.body == whole.body)
            }
        }
    }

    @Test("A download can drip, and comes whole in the end", .timeLimit(.minutes(1)))
    func drip() async throws {
        try await downloads("drip", ["bytes": 5000, "delay": "1ms"]) { simulator, _, url in
            let dripped = try await RawExchange.download(simulator, url)
            #expect(dripped.isWhole)
            #expect(dripped.body == (try await RawExchange.download(simulator, url)).body)
        }
    }

    @Test("A download can be nothing, a page, noise, or longer than anybody wants", .timeLimit(.minutes(1)))
    func otherContent() async throws {
        try await downloads("empty") { simulator, _, url in
            let answer = try await RawExchange.download(simulator, url)
            #expect(answer.status == 200 && answer.headers["content-length"] == "0")
            #expect(answer.headers["content-type"] == "video/mp4")
        }
        try await downloads("html") { simulator, _, url in
            let answer = try await RawExchange.download(simulator, url)
            #expect(answer.status == 200 && answer.body.starts(with: Data("<html>".utf8)))
        }
        try await downloads("garbage", ["bytes": 4321]) { simulator, _, url in
            let answer = try await RawExchange.download(simulator, url)
            #expect(answer.headers["content-type"] == "video/mp4" && answer.body.count == 4321 && answer.isWhole)
            #expect(answer.body.dropFirst(4).prefix(4) != Data("ftyp".utf8))
        }
        try await downloads("huge") { simulator, _, url in
            let answer = try await RawExchange.download(simulator, url, atMost: 5_000_000)
            #expect(answer.status == 200 && answer.body.count > 4_900_000)
            #expect(answer.headers["content-length"] == nil)
        }
    }

    @Test("A range can be ignored", .timeLimit(.minutes(1)))
    func ignoreRange() async throws {
        try await downloads("ignore-range") { simulator, _, url in
            let range = ["Range": "bytes=1000-"]
            let everything = try await RawExchange.download(simulator, url, headers: range)
            let part = try await RawExchange.download(simulator, url, headers: range)
            #expect(everything.status == 200 && everything.isWhole && everything.headers["content-range"] == nil)
            #expect(part.status == 206 && part.body == everything.body.dropFirst(1000))
        }
    }

    @Test("An expired link stays so, and polls give another, each time it is wanted", .timeLimit(.minutes(1)))
    func expired() async throws {
        try await downloads("expired", ["times": 2]) { simulator, id, first in
            for _ in 0..<2 {
                let answer = try await RawExchange.download(simulator, first)
                #expect(answer.status == 403)
                #expect(String(decoding: answer.body, as: UTF8.self).contains("Request has expired"))
            }
            let second = try await url(simulator, id)
            #expect(second != first)
            #expect(try await RawExchange.download(simulator, second).status == 403)
            let third = try await url(simulator, id)
            #expect(try await RawExchange.download(simulator, third).isWhole)
            #expect(try await RawExchange.download(simulator, first).status == 403)
            #expect(try await RawExchange.download(simulator, second).status == 403)
        }
    }

    @Test("A redirect leads to the file, a loop to itself, others where no client should go", .timeLimit(.minutes(1)))
    func redirects() async throws {
        try await downloads("redirect", ["times": "always"]) { simulator, _, url in
            let answer = try await RawExchange.download(simulator, url)
            #expect(answer.status == 302)
            let target = try #require(answer.headers["location"])
            let file = try await RawExchange.download(simulator, target)
            #expect(file.status == 200 && file.isWhole && file.body.count > 1000)
        }
        try await downloads("redirect-loop") { simulator, _, url in
            var target = url
            for _ in 0..<25 {
                let answer = try await RawExchange.download(simulator, target)
                #expect(answer.status == 302)
                target = try #require(answer.headers["location"])
            }
            #expect(try await RawExchange.download(simulator, url).status == 200)
        }
        for (kind, target) in [
            ("redirect-file", "file:///etc/passwd"), ("redirect-private", "http://169.254.169.254/"),
        ] {
            try await downloads(kind) { simulator, _, url in
                let answer = try await RawExchange.download(simulator, url)
                #expect(answer.status == 302 && answer.headers["location"] == target)
            }
        }
    }
}
