import Foundation
import Jobs

extension GenerationUpdate {
    /// What an answer of create or poll says of the generation it is about; nil where it says nothing of any.
    ///
    /// - Parameter knownID: the id to assume where the body gives none.
    init?(_ answer: Answer, knownID: GenerationID?) {
        let body = answer.json?.objectValue ?? [:]
        guard let id = Self.id(in: body) ?? knownID else { return nil }
        let (phase, remark) = Self.phase(body, answer)
        self.init(
            id: id, status: answer.quotable(body["status"]?.stringValue ?? "none given"), phase: phase,
            charge: Charge(answer),
            remark: remark)
    }

    /// The id a body gives; nil where it gives none.
    static func id(in body: [String: JSONValue]) -> GenerationID? {
        for key in ["id", "generation_id"] {
            switch body[key] {
            case .string(let text) where !text.isEmpty: return GenerationID(rawValue: text)
            case .integer(let number): return GenerationID(rawValue: String(number))
            default: continue
            }
        }
        return nil
    }

    private static func phase(_ body: [String: JSONValue], _ answer: Answer) -> (Phase, remark: String?) {
        let status = body["status"]?.stringValue ?? ""
        switch status.lowercased().trimmingCharacters(in: .whitespaces) {
        case "queued", "generating", "waiting", "active":
            return (.running, nil)
        case "completed", "succeeded":
            guard let url = videoURL(body["video"]) else {
                return (
                    .running, "The API says \(status) but names no video that can be fetched; Hotreel keeps asking."
                )
            }
            return (.completed(url), nil)
        case "error", "failed":
            let words = answer.quotable(body["error"].map(ErrorWords.of) ?? "")
            return (.failed(APIMessage(status: nil, text: words.isEmpty ? "The API gave no reason." : words)), nil)
        case "":
            return (.running, "The API gives no status; Hotreel keeps asking.")
        default:
            return (
                .running,
                "The API gives a status Hotreel does not know, \(answer.quotable(status)); it is taken to be still running."
            )
        }
    }

    /// `{url}`, `[{url}]`, `["url"]` or `"url"`; a web address or nothing.
    private static func videoURL(_ video: JSONValue?) -> URL? {
        switch video {
        case .string(let text): URL(string: text).flatMap { $0.isWebAddress ? $0 : nil }
        case .object(let object): videoURL(object["url"])
        case .array(let values): values.lazy.compactMap(videoURL).first
        default: nil
        }
    }
}

extension URL {
    var isWebAddress: Bool {
        ["http", "https"].contains(scheme?.lowercased() ?? "") && host()?.isEmpty == false
    }
}

extension Charge {
    /// From the body's usage, else from the headers. `tokens_used` is the poll's older word for credits.
    init(_ answer: Answer) {
        let usage = answer.json?["meta"]?["usage"] ?? answer.json?["usage"]
        func amount(_ keys: String..., header: String) -> Double? {
            keys.lazy.compactMap { usage?[$0].flatMap(Self.amount) }.first
                ?? answer.header(header).flatMap { Self.amount(.string($0)) }
        }
        self.init(
            credits: amount("credits_used", "tokens_used", header: "x-aimlapi-credits-used"),
            usd: amount("usd_spent", header: "x-aimlapi-usd-spent"))
    }

    /// A sum of money as a number or a string of digits; nil where it is neither, or negative.
    static func amount(_ value: JSONValue) -> Double? {
        guard let amount = value.doubleValue ?? value.stringValue.flatMap(Double.init), amount.isFinite, amount >= 0
        else {
            return nil
        }
        return amount
    }
}
