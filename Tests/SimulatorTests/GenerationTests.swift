import Foundation
import Jobs
import Logging
import ServiceLifecycle
import Simulator
import SystemPackage
import TestKit
import Testing

@Suite(.serialized) struct GenerationTests {
    @Test("A create becomes a playable video, and every answer is as the vendor specifies it", .timeLimit(.minutes(1)))
    func wholeWay() async throws {
        let image = try await TestPicture.jpegURI("600x800")
        try await RunningSimulator.run { simulator in
            let created = try await simulator.create(
                createBody(image: image), headers: ["X-Client-Request-Id": "hotreel.1-a:b"])
            #expect(created.status == 200)
            #expect(created.header("x-client-request-id") == "hotreel.1-a:b")
            #expect(created.header("x-inference-id") == created.json["id"]?.stringValue)
            #expect(created.header("x-aimlapi-credits-used") == "630000")
            #expect(created.header("x-aimlapi-usd-spent") == "0.315")
            #expect(try await violations(created, .createGeneration) == [])

            let polled = try await simulator.outcome(of: created)
            #expect(polled.json["status"] == "completed")
            #expect(try await violations(polled, .fetchGeneration) == [])
            let url = try #require(polled.json["video"]?["url"]?.stringValue)
            let video = try await simulator.send("GET", url, key: nil)
            #expect(video.status == 200)
            #expect(video.header("content-length") == String(video.data.count))
            let folder = try TemporaryFolder()
            let probed = try await ProbedVideo(try folder.write(video.data, to: "video.mp4"))
            #expect(probed.codec == "h264" && abs(probed.duration - 5) < 0.1 && probed.height > probed.width)

            let logs = try await simulator.send("GET", "/v2/logs?period=1h")
            #expect(try await violations(logs, .requestLogs) == [])
            let row = try #require(logs.json["data"]?.arrayValue?.first)
            #expect(row["client_request_id"] == "hotreel.1-a:b")
            #expect(row["inference_id"] == created.json["id"])
            #expect(row["cost"]?["credits"] == 630000)
        }
    }

    @Test("A generation is queued, then generating, for as long as told", .timeLimit(.minutes(1)))
    func times() async throws {
        let image = try await TestPicture.pngURI()
        try await RunningSimulator.run {
            $0.queueTime = .seconds(3600)
        } body: { simulator in
            let created = try await simulator.create(createBody(image: image))
            #expect(created.json["status"] == "queued")
            #expect(try await simulator.outcome(of: created).json["status"] == "queued")
        }
        try await RunningSimulator.run {
            $0.renderTime = .seconds(3600)
        } body: { simulator in
            let created = try await simulator.create(createBody(image: image))
            let polled = try await simulator.outcome(of: created)
            #expect(polled.json["status"] == "generating")
            #expect(try await violations(polled, .fetchGeneration) == [])
        }
    }

    @Test(
        "What breaks Kling's own rules is taken and ends in error, unbilled", .timeLimit(.minutes(1)),
        arguments: ["640x298", "1000x380"])
    func modelRefuses(size: String) async throws {
        let image = try await TestPicture.jpegURI(size)
        try await RunningSimulator.run { simulator in
            let created = try await simulator.create(createBody(image: image))
            #expect(created.status == 200)
            let polled = try await simulator.outcome(of: created)
            #expect(polled.json["status"] == "error")
            #expect(polled.json["error"]?["message"]?.stringValue?.contains(size) ?? false)
            #expect(polled.header("x-aimlapi-credits-used") == "0")
            #expect(try await violations(polled, .fetchGeneration) == [])
            let row = try await simulator.send("GET", "/v2/logs?period=1h&status=failed").json["data"]?.arrayValue?
                .first
            #expect(row?["cost"] == ["usd": 0, "credits": 0])
            #expect(try await simulator.send("GET", "/v2/billing").json["current_balance"] == 1_000_000)
        }
    }

    @Test("A cut picture that passes for one ends in error", .timeLimit(.minutes(1)))
    func cutPicture() async throws {
        let whole = try await TestPicture.bytes("640x480", format: "png")
        let image = "data:image/png;base64," + whole.prefix(60).base64EncodedString()
        try await RunningSimulator.run { simulator in
            let polled = try await simulator.outcome(of: try await simulator.create(createBody(image: image)))
            #expect(polled.json["status"] == "error")
        }
    }

    @Test("Tail, masks and a remote picture are used", .timeLimit(.minutes(1)))
    func otherPictures() async throws {
        let image = try await TestPicture.jpegURI()
        try await RunningSimulator.run { simulator in
            let tail = try await simulator.create(createBody(image: image, ["tail_image_url": .string(image)]))
            let points: JSONValue = [["x": 10, "y": 10], ["x": 200, "y": 300]]
            let brush: JSONValue = ["mask": .string(image), "trajectories": points]
            let masks = try await simulator.create(
                createBody(image: image, ["static_mask": .string(image), "dynamic_masks": .array([brush])]))
            let remote = try await simulator.create(createBody(image: "https://example.com/a:b'c;d%20e.png"))
            for created in [tail, masks, remote] {
                let polled = try await simulator.outcome(of: created)
                #expect(polled.json["status"] == "completed", "\(polled.text)")
            }
        }
    }

    @Test("A picture on this machine's own address is fetched", .timeLimit(.minutes(1)))
    func loopbackPicture() async throws {
        let image = try await TestPicture.jpegURI("640x480")
        try await RunningSimulator.run { simulator in
            // Any loopback address will do to be fetched from; this one answers with a video, whose first frame serves.
            let first = try await simulator.outcome(of: try await simulator.create(createBody(image: image)))
            let url = try #require(first.json["video"]?["url"]?.stringValue)
            let second = try await simulator.create(createBody(image: url))
            #expect(try await simulator.outcome(of: second).json["status"] == "completed")
            #expect(try await simulator.send("GET", "/_simulator/stats").json["download"]?.integerValue ?? 0 > 0)
        }
    }

    @Test("Many at once are all rendered, one after the other", .timeLimit(.minutes(1)))
    func many() async throws {
        let image = try await TestPicture.jpegURI()
        try await RunningSimulator.run {
            $0.rendersAtOnce = 1
            $0.previewArea = 160 * 90
        } body: { simulator in
            let created = try await withThrowingTaskGroup(of: RunningSimulator.Answer.self) { group in
                for _ in 0..<12 { group.addTask { try await simulator.create(createBody(image: image)) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            for answer in created {
                #expect(try await simulator.outcome(of: answer).json["status"] == "completed")
            }
        }
    }

    @Test("A graceful shutdown ends the stand-in, previews under way or not", .timeLimit(.minutes(1)))
    func shutdown() async throws {
        let image = try await TestPicture.jpegURI()
        let (ports, ready) = AsyncStream.makeStream(of: Int.self)
        let logger = Logger(label: "simulator") { _ in SwiftLogNoOpLogHandler() }
        let simulator = Simulator(configuration: SimulatorConfiguration(), logger: logger) { ready.yield($0) }
        let services = ServiceGroup(services: [simulator], logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await services.run() }
            let running = RunningSimulator(port: try #require(await ports.first { _ in true }))
            for _ in 0..<5 {
                #expect(try await running.create(createBody(image: image, ["duration": 10])).status == 200)
            }
            await services.triggerGracefulShutdown()
            try await group.waitForAll()
        }
    }

    @Test("Ids are awkward on purpose, and each can be asked for", .timeLimit(.minutes(1)))
    func ids() async throws {
        let image = try await TestPicture.jpegURI()
        try await RunningSimulator.run {
            $0.isInstant = true
        } body: { simulator in
            var ids: [String] = []
            for _ in 0..<4 {
                let created = try await simulator.create(createBody(image: image, ["duration": 10]))
                let polled = try await simulator.outcome(of: created)
                #expect(polled.json["status"] == "completed")
                #expect(polled.json["video"]?["duration"] == 10)
                ids.append(try #require(polled.json["id"]?.stringValue))
            }
            #expect(Set(ids).count == 4)
            #expect(ids.contains { $0.hasPrefix("-") })
            #expect(ids.allSatisfy { $0.contains(":") && $0.contains("/") })
        }
    }
}

/// How an answer breaks the vendor's specification of it.
func violations(
    _ answer: RunningSimulator.Answer, _ operation: OpenAPIValidator.Operation
) async throws -> [String] {
    try await OpenAPIValidator.violations(in: answer.text, as: .response(status: answer.status), of: operation)
}
