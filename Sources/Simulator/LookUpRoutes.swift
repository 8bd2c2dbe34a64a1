import Foundation
import Hummingbird
import Jobs

/// `GET /v2/video/generations`, `GET /v2/logs`, `GET /v2/billing`
struct LookUpRoutes: Sendable {
    let calls: CallHandling

    func add(to router: Router<SimulatorContext>) {
        router.get("/v2/video/generations") { request, context in
            try await calls.handle(.poll, request, context) {
                let id = try Self.generationID(request)
                return (id, CallHandling.Subject(prompt: await calls.ledger.generation(id)?.prompt, generation: id))
            } answer: { id, request in
                try await poll(id, request)
            }
        }
        router.get("/v2/logs") { request, context in
            try await calls.handle(.logs, request, context) {
                (try LogQuery(request), CallHandling.Subject())
            } answer: { query, _ in
                await logs(query)
            }
        }
        router.get("/v2/billing") { request, context in
            try await calls.handle(.billing, request, context) {
                ((), CallHandling.Subject())
            } answer: { _, _ in
                Answer(await calls.ledger.billing)
            }
        }
    }

    private static func generationID(_ request: Request) throws -> String {
        guard let id = request.uri.queryParameters["generation_id"].map(String.init), !id.isEmpty else {
            throw Refusal.badRequest("generation_id must be a string")
        }
        return id
    }

    private func poll(_ id: String, _ request: Request) async throws -> Answer {
        // Asked for anew, because a fault may have ended it since.
        guard let generation = await calls.ledger.generation(id) else {
            throw Refusal(.notFound, ["Generation with id \(id) not found"])
        }
        let status = generation.status(at: .now, calls.configuration)
        return Answer(
            generation.answer(status, host: calls.host(of: request)), headers: calls.headers(about: generation))
    }

    private func logs(_ query: LogQuery) async -> Answer {
        let rows = await calls.ledger.visibleGenerations(in: query.period).filter { generation in
            (query.isFailed.map { $0 == (generation.failure != nil) } ?? true)
                && (query.model.map { $0 == generation.model } ?? true)
        }
        let page = rows.dropFirst(query.offset).prefix(query.limit)
        return Answer([
            "data": .array(page.map(\.logRow)),
            "pagination": [
                "limit": .integer(query.limit), "offset": .integer(query.offset), "total": .integer(rows.count),
                "has_more": .bool(query.offset + page.count < rows.count),
            ],
        ])
    }
}

/// What a look-up of past requests asks for.
struct LogQuery {
    let period: Range<Date>
    let limit: Int
    let offset: Int
    /// nil asks for both.
    let isFailed: Bool?
    let model: String?

    init(_ request: Request) throws {
        let query = Dictionary(
            request.uri.queryParameters.map { (String($0.key), String($0.value)) },
            uniquingKeysWith: { first, _ in first })
        period = try LogPeriod(query, now: .now).range
        limit = try Self.integer("limit", in: query, from: 1...100, default: 50)
        offset = try Self.integer("offset", in: query, from: 0...Int.max, default: 0)
        switch query["status"] {
        case nil: isFailed = nil
        case "succeeded": isFailed = false
        case "failed": isFailed = true
        default: throw Refusal.badRequest("status must be one of: succeeded, failed")
        }
        model = query["model"]
    }

    private static func integer(
        _ key: String, in query: [String: String], from range: ClosedRange<Int>, default fallback: Int
    ) throws -> Int {
        guard let text = query[key] else { return fallback }
        guard let value = Int(text), range.contains(value) else {
            throw Refusal.badRequest("\(key) must be an integer from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }
}

/// The time a look-up of past requests covers: `period`, or both `start` and `end`, never both forms; at most 92 days.
struct LogPeriod {
    let range: Range<Date>

    init(_ query: [String: String], now: Date) throws {
        switch (query["period"], query["start"], query["end"]) {
        case (let period?, nil, nil):
            guard let match = period.wholeMatch(of: /([0-9]{1,4})([hd])/), let count = Double(match.1), count > 0 else {
                throw Refusal.badRequest("period must be a number followed by h or d")
            }
            range = now.addingTimeInterval(-count * (match.2 == "h" ? 3600 : 86400))..<now.addingTimeInterval(60)
        case (nil, let start?, let end?):
            guard let from = Self.date(start), let to = Self.date(end) else {
                throw Refusal.badRequest("start and end must be ISO 8601 dates")
            }
            guard from < to else { throw Refusal.badRequest("start must be before end") }
            range = from..<to
        default: throw Refusal.badRequest("either period or both start and end are required")
        }
        guard range.upperBound.timeIntervalSince(range.lowerBound) <= 92 * 86400 + 60 else {
            throw Refusal.badRequest("the period must not exceed 92 days")
        }
    }

    /// Without an offset, UTC is meant.
    static func date(_ text: String) -> Date? {
        guard
            let parts = text.wholeMatch(
                of: /(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(:\d{2})?(\.\d+)?)?(Z|[+\-]\d{2}:?\d{2})?/)
        else { return nil }
        let whole = "\(parts.1)T\(parts.2 ?? "00:00")\(parts.3 ?? ":00")\(parts.5 ?? "Z")"
        let fraction = parts.4.flatMap { Double("0" + $0) } ?? 0
        return try? Date(whole, strategy: .iso8601).addingTimeInterval(fraction)
    }
}
