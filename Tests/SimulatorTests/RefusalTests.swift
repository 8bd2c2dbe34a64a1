import Foundation
import Jobs
import Simulator
import TestKit
import Testing

@Suite struct RefusalTests {
    @Test("Without the right key nothing is answered", .timeLimit(.minutes(1)))
    func keys() async throws {
        try await RunningSimulator.run {
            $0.apiKey = "right"
        } body: { simulator in
            for target in ["/v2/video/generations?generation_id=x", "/v2/logs?period=1h", "/v2/billing"] {
                for key in [nil, "", "wrong"] as [String?] {
                    let answer = try await simulator.send("GET", target, key: key)
                    #expect(answer.status == 401)
                    #expect(answer.json["error"]?["data"]?["kind"] == "err_unauthorized")
                }
            }
            #expect(try await simulator.send("GET", "/v2/billing", key: "right").status == 200)
            let post = try await simulator.send("POST", "/v2/video/generations", body: Data("{}".utf8), key: "wrong")
            #expect(post.status == 401)
        }
    }

    @Test("Every violation of a body is told at once, in an array", .timeLimit(.minutes(1)))
    func manyViolations() async throws {
        try await RunningSimulator.run { simulator in
            let answer = try await simulator.create([
                "image_url": "no uri", "duration": "5", "cfg_scale": 1.01, "promt": "typo",
                "camera_control": ["type": "spin", "config": ["zoom": 11]],
            ])
            #expect(answer.status == 400)
            #expect(answer.json["statusCode"] == 400)
            #expect(answer.json["path"] == "/v2/video/generations")
            #expect(answer.json["message"]?.arrayValue?.count == 7, "\(answer.text)")
            #expect(try await simulator.send("GET", "/_simulator/stats").json["accepted"] == 0)
        }
    }

    @Test("Our reading of the schema and the vendor's file agree", .timeLimit(.minutes(1)))
    func agreesWithTheFile() async throws {
        let image = "https://example.com/a.png"
        let point: JSONValue = ["x": 1, "y": 2]
        func brush(_ points: Int, _ point: JSONValue) -> JSONValue {
            ["mask": .string(image), "trajectories": .array(Array(repeating: point, count: points))]
        }
        func masks(_ count: Int) -> JSONValue { .array(Array(repeating: brush(2, point), count: count)) }
        let cases: [[String: JSONValue]] = [
            [:], ["duration": 10], ["duration": 7], ["duration": "5"], ["duration": .null], ["duration": 5.5],
            ["cfg_scale": 0], ["cfg_scale": 1.01], ["cfg_scale": "0.5"], ["prompt": 5], ["model": "kling"],
            ["image_url": 5], ["image_url": "a.png"], ["tail_image_url": "a.png"], ["static_mask": .string(image)],
            ["dynamic_masks": masks(6)], ["dynamic_masks": masks(7)], ["dynamic_masks": [brush(77, point)]],
            ["dynamic_masks": [brush(78, point)]], ["dynamic_masks": [brush(1, point)]],
            ["dynamic_masks": [brush(2, ["x": 1.5, "y": 2])]], ["dynamic_masks": [brush(2, ["x": 1])]],
            ["dynamic_masks": [["mask": "m.png"]]], ["camera_control": ["type": "down_back"]],
            ["camera_control": ["type": "simple", "config": ["pan": -10]]],
            ["camera_control": ["type": "simple", "config": ["pan": -10.1]]], ["camera_control": ["type": "spin"]],
            ["camera_control": "simple"],
        ]
        try await RunningSimulator.run {
            $0.isInstant = true
        } body: { simulator in
            for others in cases {
                let body = createBody(image: image, others)
                let specified = try await OpenAPIValidator.violations(
                    in: body.text, as: .request, of: .createGeneration)
                let answer = try await simulator.create(body)
                #expect((answer.status == 200) == specified.isEmpty, "\(others): \(answer.text) against \(specified)")
            }
        }
    }

    @Test(
        "A body that is not what it says is refused", .timeLimit(.minutes(1)),
        arguments: [
            "", "{", "[]", "null",
            #"{"model":"kling-video/v1.6/pro/image-to-video","image_url":"data:image/webp;base64,AAAA"}"#,
            #"{"model":"kling-video/v1.6/pro/image-to-video","image_url":"data:image/png;base64,*"}"#,
            #"{"model":"kling-video/v1.6/pro/image-to-video","image_url":"data:image/png"}"#,
        ])
    func badBodies(text: String) async throws {
        try await RunningSimulator.run { simulator in
            let answer = try await simulator.send("POST", "/v2/video/generations", body: Data(text.utf8))
            #expect(answer.status == 400)
            #expect(answer.json["message"] != nil)
        }
    }

    @Test("A body over the limit is refused with 413, declared or not", .timeLimit(.minutes(1)))
    func tooLarge() async throws {
        try await RunningSimulator.run {
            $0.maxBodyBytes = 2000
        } body: { simulator in
            let prompt = String(repeating: "x", count: 3000)
            let answer = try await simulator.create(
                createBody(image: "https://example.com/a.png", ["prompt": .string(prompt)]))
            #expect(answer.status == 413)
        }
    }

    @Test("An unknown id is 404, a missing one 400, an unknown path 404", .timeLimit(.minutes(1)))
    func unknown() async throws {
        try await RunningSimulator.run { simulator in
            let unknown = try await simulator.poll("-no:such/id_")
            #expect(unknown.status == 404)
            #expect(unknown.json["statusCode"] == 404)
            #expect(try await simulator.send("GET", "/v2/video/generations").status == 400)
            #expect(try await simulator.send("GET", "/v1/nothing").status == 404)
        }
    }

    @Test("A malformed client request id is dropped without a word", .timeLimit(.minutes(1)))
    func clientRequestIDs() async throws {
        try await RunningSimulator.run {
            $0.isInstant = true
        } body: { simulator in
            for bad in ["with space", String(repeating: "a", count: 129), "ü"] {
                let answer = try await simulator.create(
                    createBody(image: "https://example.com/a.png"), headers: ["X-Client-Request-Id": bad])
                #expect(answer.status == 200)
                #expect(answer.header("x-client-request-id") == nil)
            }
            let rows = try await simulator.send("GET", "/v2/logs?period=1d").json["data"]?.arrayValue ?? []
            #expect(rows.count == 3 && rows.allSatisfy { $0["client_request_id"] == .null })
        }
    }
}
