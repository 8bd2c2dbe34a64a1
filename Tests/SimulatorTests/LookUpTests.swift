import Foundation
import Jobs
import Simulator
import Subprocess
import SystemPackage
import TestKit
import Testing

@Suite struct LookUpTests {
    @Test("Past requests are paged, newest first", .timeLimit(.minutes(1)))
    func paging() async throws {
        try await RunningSimulator.run {
            $0.isInstant = true
        } body: { simulator in
            for number in 0..<5 {
                _ = try await simulator.create(
                    createBody(image: "https://example.com/a.png"), headers: ["X-Client-Request-Id": "job-\(number)"])
            }
            let end = Date.now.addingTimeInterval(60).formatted(.iso8601)
            let start = Date.now.addingTimeInterval(-60).formatted(.iso8601).dropLast()
            let first = try await simulator.send("GET", "/v2/logs?start=\(start)&end=\(end)&limit=3")
            let second = try await simulator.send("GET", "/v2/logs?start=\(start)&end=\(end)&limit=3&offset=3")
            let ids = [first, second].map {
                $0.json["data"]?.arrayValue?.compactMap { $0["client_request_id"]?.stringValue }
            }
            #expect(ids == [["job-4", "job-3", "job-2"], ["job-1", "job-0"]])
            #expect(first.json["pagination"] == ["limit": 3, "offset": 0, "total": 5, "has_more": true])
            #expect(second.json["pagination"] == ["limit": 3, "offset": 3, "total": 5, "has_more": false])
            #expect(try await violations(second, .requestLogs) == [])
            let earlier = try await simulator.send("GET", "/v2/logs?start=2020-01-01&end=2020-02-01")
            #expect(earlier.json["data"] == [])
            #expect(try await simulator.send("GET", "/v2/billing").json["current_balance"] == .number(999_998.425))
        }
    }

    @Test(
        "A look-up wants period, or both start and end", .timeLimit(.minutes(1)),
        arguments: [
            "", "?start=2026-01-01", "?end=2026-01-01", "?period=7d&start=2026-01-01&end=2026-01-02", "?period=7w",
            "?start=yesterday&end=today", "?start=2026-01-01&end=2026-06-01", "?start=2026-01-02&end=2026-01-01",
            "?period=1h&limit=101", "?period=1h&limit=0", "?period=1h&offset=-1", "?period=1h&status=lost",
        ])
    func badPeriods(query: String) async throws {
        try await RunningSimulator.run { simulator in
            let answer = try await simulator.send("GET", "/v2/logs" + query)
            #expect(answer.status == 400)
        }
    }

    @Test("The content host serves ranges, and turns away keys and cut signatures", .timeLimit(.minutes(1)))
    func downloads() async throws {
        try await RunningSimulator.run {
            $0.isInstant = true
        } body: { simulator in
            let created = try await simulator.create(createBody(image: "https://example.com/a.png"))
            let url = try #require(try await simulator.outcome(of: created).json["video"]?["url"]?.stringValue)
            let whole = try await simulator.send("GET", url, key: nil)
            #expect(whole.header("content-type") == "video/mp4")

            let part = try await simulator.send("GET", url, key: nil, headers: ["Range": "bytes=100-"])
            #expect(part.status == 206)
            #expect(part.data == whole.data.dropFirst(100))
            #expect(part.header("content-range") == "bytes 100-\(whole.data.count - 1)/\(whole.data.count)")
            let end = try await simulator.send("GET", url, key: nil, headers: ["Range": "bytes=-7"])
            #expect(end.data == whole.data.suffix(7))
            let beyond = try await simulator.send("GET", url, key: nil, headers: ["Range": "bytes=99999999-"])
            #expect(beyond.status == 416)

            #expect(try await simulator.send("GET", url).status == 400)
            #expect(try await simulator.send("GET", String(url.prefix { $0 != "?" }), key: nil).status == 403)
            #expect(try await simulator.send("GET", url.replacing("/files/", with: "/files/0"), key: nil).status == 404)
            #expect(try await simulator.send("GET", "/_simulator/stats").json["leaked_keys"] == 1)
        }
    }

    @Test("What was sent can be seen afterwards, and is kept byte for byte", .timeLimit(.minutes(1)))
    func records() async throws {
        let folder = try TemporaryFolder()
        let records = folder["records"]
        let picture = try await TestPicture.bytes("640x480", format: "png")
        let image = "data:image/png;base64," + picture.base64EncodedString()
        // Slashes escaped, as some JSON writers do.
        let body = createBody(image: image).text.replacing("/", with: "\\/")
        try await RunningSimulator.run {
            $0.recordDirectory = records
        } body: { simulator in
            let created = try await simulator.send(
                "POST", "/v2/video/generations", body: Data(body.utf8), headers: ["X-Client-Request-Id": "one"])
            #expect(created.status == 200)
            let seen = try #require(try await simulator.send("GET", "/_simulator/requests").json.arrayValue?.first)
            #expect(seen["client_request_id"] == "one")
            #expect(seen["inference_id"] == created.json["id"])
            #expect(seen["body"]?["prompt"] == "a calm sea")
            #expect(seen["body"]?["image_url"]?["mime"] == "image/png")
            #expect(seen["body"]?["image_url"]?["bytes"] == .integer(picture.count))
            #expect(seen["body"]?["image_url"]?["sha256"]?.stringValue == (try await sha256(picture)))
        }
        #expect(try folder.text(of: "records/0001.json") == body)
    }

    @Test(
        "In a folder of its own the stand-in keeps its videos, nothing half done, and knows them after a restart",
        .timeLimit(.minutes(1)))
    func archive() async throws {
        let folder = try TemporaryFolder()
        let image = try await TestPicture.jpegURI()
        let path = folder.path
        try await RunningSimulator.run {
            $0.directory = path
        } body: { simulator in
            let polled = try await simulator.outcome(of: try await simulator.create(createBody(image: image)))
            #expect(polled.json["status"] == "completed")
        }
        let left = folder.files()
        #expect(left.count == 2, "\(left)")
        #expect(left.contains { $0.hasPrefix("videos/") && $0.hasSuffix(".mp4") }, "\(left)")
        #expect(left.contains { $0.hasPrefix("generations/") && $0.hasSuffix(".json") }, "\(left)")
        try await RunningSimulator.run {
            $0.directory = path
        } body: { simulator in
            let kept = try #require(try await simulator.send("GET", "/_simulator/requests").json.arrayValue?.first)
            let id = try #require(kept["inference_id"]?.stringValue)
            #expect(try await simulator.poll(id).json["video"]?["url"] != nil)
        }
    }

    private func sha256(_ data: Data) async throws -> String {
        let folder = try TemporaryFolder()
        let file = try folder.write(data, to: "data")
        let result = try await run(.name("sha256sum"), arguments: [file.string], output: .string(limit: 1000))
        return String(result.standardOutput.prefix(64))
    }
}
