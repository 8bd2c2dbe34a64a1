import Foundation
import Jobs

extension RequestLogPage {
    /// A page as `/v2/logs` gives it; nil where the answer is none. Rows without an inference id are passed over: there
    /// is nothing in them to adopt.
    init?(_ answer: Answer, offset: Int) {
        guard let body = answer.json, let data = body["data"]?.arrayValue else { return nil }
        let pagination = body["pagination"]
        let seen = offset + data.count
        self.init(
            rows: data.compactMap(Row.init), count: data.count,
            hasMore: pagination?["has_more"]?.boolValue ?? pagination?["total"]?.integerValue.map { $0 > seen }
                ?? (data.count >= Endpoint.logPage))
    }
}

extension RequestLogPage.Row {
    fileprivate init?(_ row: JSONValue) {
        guard let inference = row["inference_id"]?.stringValue, !inference.isEmpty else { return nil }
        let cost = row["cost"]
        let charge = Charge(
            credits: cost?["credits"].flatMap(Charge.amount), usd: cost?["usd"].flatMap(Charge.amount))
        self.init(
            clientRequestID: row["client_request_id"]?.stringValue, inferenceID: GenerationID(rawValue: inference),
            outcome: Self.outcome(row["status"], charge), created: row["created"]?.stringValue.flatMap(Self.time),
            charge: charge)
    }

    private static func outcome(_ status: JSONValue?, _ charge: Charge) -> Outcome {
        let text = status?.stringValue?.trimmingCharacters(in: .whitespacesAndNewlines) ?? ""
        switch text.lowercased() {
        case "succeeded": return .succeeded
        // A failed row costs zero; one that does not is no proof that nothing was billed.
        case "failed": return charge.isSomething ? .unknown("\(text), yet charged") : .failed
        default: return .unknown(text.isEmpty ? "none given" : String(text.prefix(100)))
        }
    }

    /// ISO 8601 with or without fractions; without an offset it is UTC.
    private static func time(_ text: String) -> Date? {
        let zoned = text.contains(/(Z|[+-]\d\d:?\d\d)$/) ? text : text + "Z"
        return
            (try? Date(
                zoned,
                strategy: .iso8601.year().month().day().time(includingFractionalSeconds: true).timeZone(
                    separator: .omitted)))
            ?? (try? Date(zoned, strategy: .iso8601))
    }
}
