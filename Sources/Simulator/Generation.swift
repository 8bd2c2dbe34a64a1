import Foundation
import Jobs
import SystemPackage

/// One accepted create and what became of it.
struct Generation: Sendable, Codable {
    enum Outcome: Sendable, Codable {
        case rendering
        case rendered(FilePath)
        /// Ends in `error`, as the vendor words it; costs nothing.
        case refused(name: String, message: String)
    }

    enum Status: String { case queued, generating, completed, error }

    let id: String
    let requestID: String
    let clientRequestID: String?
    let model: String
    let seconds: Int
    let credits: Int
    let received: Date
    /// The same moment on a clock that nobody sets.
    private(set) var start = ContinuousClock.now
    /// Unguessable part of the result's address.
    let fileToken: String
    /// The body with its pictures shown as `{mime, bytes, sha256}`.
    let body: JSONValue
    var outcome = Outcome.rendering

    /// All but the start, which means nothing to another process.
    private enum CodingKeys: CodingKey {
        case id, requestID, clientRequestID, model, seconds, credits, received, fileToken, body, outcome
    }

    static let creditsPerUSD = 2_000_000.0

    func status(at now: ContinuousClock.Instant, _ configuration: SimulatorConfiguration) -> Status {
        let age = start.duration(to: now)
        if age < configuration.queueTime { return .queued }
        if age < configuration.queueTime + configuration.renderTime { return .generating }
        return switch outcome {
        case .rendering: .generating
        case .rendered: .completed
        case .refused: .error
        }
    }

    /// Credits on the bill: none for a generation that failed.
    var billed: Int { if case .refused = outcome { 0 } else { credits } }
    var usd: Double { Double(billed) / Self.creditsPerUSD }

    /// The answer to create and poll, as both schemas have it.
    func answer(_ status: Status, host: String) -> JSONValue {
        var answer: [String: JSONValue] = [
            "id": .string(id), "status": .string(status.rawValue), "video": .null, "error": .null, "meta": .null,
        ]
        switch (status, outcome) {
        case (.completed, _):
            answer["video"] = ["url": .string(url(host: host)), "duration": .integer(seconds)]
            answer["duration"] = .integer(seconds)
            answer["meta"] = [
                "usage": [
                    "credits_used": .integer(billed), "tokens_used": .integer(billed), "usd_spent": .number(usd),
                ]
            ]
        case (.error, .refused(let name, let message)):
            answer["error"] = ["name": .string(name), "message": .string(message)]
        default: break
        }
        return .object(answer)
    }

    /// Long and signed, as content hosts have it.
    private func url(host: String) -> String {
        "http://\(host)/files/\(fileToken)/output.mp4?x-expires=4102444800&x-signature=\(signature)"
    }

    /// What the address must carry besides its path, so that a client that drops the query is found out.
    var signature: String { String(fileToken.reversed()) + "%2B%3D" }

    /// A row of `GET /v2/logs`.
    var logRow: JSONValue {
        var isFailed = false
        if case .refused = outcome { isFailed = true }
        return [
            "created": .string(received.formatted(.iso8601.time(includingFractionalSeconds: true))),
            "status": .string(isFailed ? "failed" : "succeeded"),
            "origin": "api", "model": .string(model),
            "cost": ["usd": .number(usd), "credits": .integer(billed)],
            "tokens": ["input": 0, "output": 0, "total": 0],
            "request_id": .string(requestID), "inference_id": .string(id),
            "client_request_id": clientRequestID.map(JSONValue.string) ?? .null,
        ]
    }
}
