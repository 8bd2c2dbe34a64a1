import Foundation
import Jobs
import Simulator
import Testing

@Suite struct DownloadFaultTests {
    /// A stand-in with a finished generation, its id and the address of its video.
    private func downloads(
        body: @Sendable (_ simulator: RunningSimulator, _ id: String, _ url: String) async throws -> Void
    ) async throws {
        try await RunningSimulator.misbehaving([:]) { simulator in
            let id = try #require(try await RawExchange.create(simulator).json["id"]?.stringValue)
            try await body(simulator, id, try await url(simulator, id))
        }
    }

    private func url(_ simulator: RunningSimulator, _ id: String) async throws -> String {
        try #require(try await RawExchange.poll(simulator, id).json["video"]?["url"]?.stringValue)
    }

    @Test("A truncated download announces everything and sends so much", .timeLimit(.minutes(1)))
    func truncate() async throws {
        try await downloads { simulator, _, url in
            for bytes in [0, 1000] {
                try await simulator.play(fault(.download, "truncate", ["bytes": .integer(bytes)]))
                let cut = try await RawExchange.download(simulator, url)
                let whole = try await RawExchange.download(simulator, url)
                #expect(whole.isWhole)
                #expect(cut.status == 200 && cut.headers["content-length"] == whole.headers["content-length"])
                #expect(cut.body == whole.body.prefix(bytes) && !cut.wasReset)
            }
            try await simulator.play(fault(.download, "truncate", ["bytes": 500]))
            let rest = try await RawExchange.download(simulator, url, headers: ["Range": "bytes=1000-"])
            let whole = try await RawExchange.download(simulator, url)
            #expect(rest.status == 206 && rest.body == whole.body.dropFirst(1000).prefix(500))
        }
    }

    @Test("A length can be wrong in both directions", .timeLimit(.minutes(1)))
    func wrongLength() async throws {
        try await downloads { simulator, _, url in
            for announced in [100, 100_000_000] {
                try await simulator.play(fault(.download, "wrong-length", ["bytes": .integer(announced)]))
                let wrong = try await RawExchange.download(simulator, url)
                let whole = try await RawExchange.download(simulator, url)
                #expect(wrong.headers["content-length"] == String(announced))
                #expect(wrong.body == whole.body)
            }
        }
    }

    @Test("A download can drip, and comes whole in the end", .timeLimit(.minutes(1)))
    func drip() async throws {
        try await downloads { simulator, _, url in
            try await simulator.play(fault(.download, "drip", ["bytes": 5000, "delay": "1ms"]))
            let dripped = try await RawExchange.download(simulator, url)
            #expect(dripped.isWhole)
            #expect(dripped.body == (try await RawExchange.download(simulator, url)).body)
        }
    }

    @Test("A download can be nothing, a page, noise, or longer than anybody wants", .timeLimit(.minutes(1)))
    func otherContent() async throws {
        try await downloads { simulator, _, url in
            try await simulator.play(fault(.download, "empty"))
            let empty = try await RawExchange.download(simulator, url)
            #expect(empty.status == 200 && empty.headers["content-length"] == "0")
            #expect(empty.headers["content-type"] == "video/mp4")

            try await simulator.play(fault(.download, "html"))
            let page = try await RawExchange.download(simulator, url)
            #expect(page.status == 200 && page.body.starts(with: Data("<html>".utf8)))

            try await simulator.play(fault(.download, "garbage", ["bytes": 4321]))
            let noise = try await RawExchange.download(simulator, url)
            #expect(noise.headers["content-type"] == "video/mp4" && noise.body.count == 4321 && noise.isWhole)
            #expect(noise.body.dropFirst(4).prefix(4) != Data("ftyp".utf8))

            try await simulator.play(fault(.download, "huge"))
            let huge = try await RawExchange.download(simulator, url, atMost: 5_000_000)
            #expect(huge.status == 200 && huge.body.count > 4_900_000)
            #expect(huge.headers["content-length"] == nil)
        }
    }

    @Test("A range can be ignored", .timeLimit(.minutes(1)))
    func ignoreRange() async throws {
        try await downloads { simulator, _, url in
            try await simulator.play(fault(.download, "ignore-range"))
            let range = ["Range": "bytes=1000-"]
            let everything = try await RawExchange.download(simulator, url, headers: range)
            let part = try await RawExchange.download(simulator, url, headers: range)
            #expect(everything.status == 200 && everything.isWhole && everything.headers["content-range"] == nil)
            #expect(part.status == 206 && part.body == everything.body.dropFirst(1000))
        }
    }

    @Test("An expired link stays so, and polls give another, each time it is wanted", .timeLimit(.minutes(1)))
    func expired() async throws {
        try await downloads { simulator, id, first in
            try await simulator.play(fault(.download, "expired", ["times": 2]))
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
        try await downloads { simulator, _, url in
            try await simulator.play(fault(.download, "redirect", ["times": "always"]))
            let answer = try await RawExchange.download(simulator, url)
            #expect(answer.status == 302)
            let file = try await RawExchange.download(simulator, try #require(answer.headers["location"]))
            #expect(file.status == 200 && file.isWhole && file.body.count > 1000)

            try await simulator.play(fault(.download, "redirect-loop"))
            var target = url
            for _ in 0..<25 {
                let answer = try await RawExchange.download(simulator, target)
                #expect(answer.status == 302)
                target = try #require(answer.headers["location"])
            }
            #expect(try await RawExchange.download(simulator, url).status == 200)

            for (kind, target) in [
                ("redirect-file", "file:///etc/passwd"), ("redirect-private", "http://169.254.169.254/"),
            ] {
                try await simulator.play(fault(.download, kind))
                let answer = try await RawExchange.download(simulator, url)
                #expect(answer.status == 302 && answer.headers["location"] == target)
            }
        }
    }
}
