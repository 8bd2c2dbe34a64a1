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
        /// The same, but at once and whatever its age.
        case failed(name: String, message: String)
    }

    enum Status: String {
        case queued, generating, completed, error

        var isEnd: Bool { self == .completed || self == .error }
    }

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
    /// How many of the result's links have expired; nil is none.
    var expiredLinks: Int?

    /// All but the start, which means nothing to another process.
    private enum CodingKeys: CodingKey {
        case id, requestID, clientRequestID, model, seconds, credits, received, fileToken, body, outcome, expiredLinks
    }

    static let creditsPerUSD = 2_000_000.0

    func status(at now: ContinuousClock.Instant, _ configuration: SimulatorConfiguration) -> Status {
        if case .failed = outcome { return .error }
        let age = start.duration(to: now)
        if age < configuration.queueTime { return .queued }
        if age < configuration.queueTime + configuration.renderTime { return .generating }
        return switch outcome {
        case .rendering: .generating
        case .rendered: .completed
        case .refused, .failed: .error
        }
    }

    /// Why it ends in `error`; nil when it does not.
    var failure: (name: String, message: String)? {
        switch outcome {
        case .refused(let name, let message), .failed(let name, let message): (name, message)
        case .rendering, .rendered: nil
        }
    }

    var prompt: String { body["prompt"]?.stringValue ?? "" }

    /// Sets the start that this process goes by to where `received` puts it.
    mutating func resumeClock() {
        start = .now - .seconds(max(0, -received.timeIntervalSinceNow))
    }

    /// Credits on the bill: none for a generation that failed.
    var billed: Int { failure == nil ? credits : 0 }
    var usd: Double { Double(billed) / Self.creditsPerUSD }

    /// The answer to create and poll, as both schemas have it.
    func answer(_ status: Status, host: String) -> JSONValue {
        var answer: [String: JSONValue] = [
            "id": .string(id), "status": .string(status.rawValue), "video": .null, "error": .null, "meta": .null,
        ]
        switch (status, failure) {
        case (.completed, _):
            answer["video"] = ["url": .string(url(host: host)), "duration": .integer(seconds)]
            answer["duration"] = .integer(seconds)
            answer["meta"] = [
                "usage": [
                    "credits_used": .integer(billed), "tokens_used": .integer(billed), "usd_spent": .number(usd),
                ]
            ]
        case (.error, let (name, message)?):
            answer["error"] = ["name": .string(name), "message": .string(message)]
        default: break
        }
        return .object(answer)
    }

    enum Link { case good, expired, forged }

    /// Long and signed, as content hosts have it.
    private func url(host: String) -> String {
        "http://\(host)/files/\(fileToken)/output.mp4?x-expires=4102444800&" + signature(link: (expiredLinks ?? 0) + 1)
    }

    /// What the address must end with besides its path, so that a client that drops or decodes the query is found out.
    private func signature(link: Int) -> String {
        "x-link=\(link)&x-signature=" + String(fileToken.reversed()) + "%2B%3D"
    }

    /// What an address with this query is worth: the links of one result are numbered, and expire in that order.
    func link(query: String) -> Link {
        let expired = expiredLinks ?? 0
        if query.hasSuffix(signature(link: expired + 1)) { return .good }
        guard expired > 0 else { return .forged }
        return (1...expired).contains { query.hasSuffix(signature(link: $0)) } ? .expired : .forged
    }

    /// A row of `GET /v2/logs`.
    var logRow: JSONValue {
        [
            "created": .string(received.formatted(.iso8601.time(includingFractionalSeconds: true))),
            "status": .string(failure == nil ? "succeeded" : "failed"),
            "origin": "api", "model": .string(model),
            "cost": ["usd": .number(usd), "credits": .integer(billed)],
            "tokens": ["input": 0, "output": 0, "total": 0],
            "request_id": .string(requestID), "inference_id": .string(id),
            "client_request_id": clientRequestID.map(JSONValue.string) ?? .null,
        ]
    }
}
