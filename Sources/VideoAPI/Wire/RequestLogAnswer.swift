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
            rows: data.compactMap(Row.init),
            hasMore: pagination?["has_more"]?.boolValue ?? pagination?["total"]?.integerValue.map { $0 > seen }
                ?? (data.count >= Endpoint.logPage))
    }
}

extension RequestLogPage.Row {
    fileprivate init?(_ row: JSONValue) {
        guard let inference = row["inference_id"]?.stringValue, !inference.isEmpty else { return nil }
        let cost = row["cost"]
        self.init(
            clientRequestID: row["client_request_id"]?.stringValue, inferenceID: GenerationID(rawValue: inference),
            succeeded: row["status"]?.stringValue?.lowercased() == "succeeded",
            created: row["created"]?.stringValue.flatMap(Self.time),
            charge: Charge(
                credits: cost?["credits"].flatMap(Charge.amount), usd: cost?["usd"].flatMap(Charge.amount)))
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
