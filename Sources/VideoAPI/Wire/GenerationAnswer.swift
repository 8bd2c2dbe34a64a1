import Foundation
import Jobs

extension GenerationUpdate {
    /// What an answer of create or poll says of the generation it is about; nil where it says nothing of any.
    ///
    /// - Parameter knownID: the id to assume where the body gives none.
    init?(_ answer: Answer, knownID: GenerationID?) {
        let body = answer.json?.objectValue ?? [:]
        guard let id = Self.id(in: body) ?? knownID else { return nil }
        self.init(answer, id: id)
    }

    /// What an answer says of a generation whose id is settled.
    init(_ answer: Answer, id: GenerationID) {
        let body = answer.json?.objectValue ?? [:]
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

    /// Whether a body that may leave the id out is about a generation at all, and not one of the gateway's messages, some of which
    /// have a `status` or an `error` of their own and come with 200.
    static func isAboutAGeneration(_ body: [String: JSONValue]) -> Bool {
        id(in: body) != nil
            || ["status", "video", "error"].contains { body[$0] != nil }
                && !["statusCode", "requestId", "timestamp", "path", "title", "instance"].contains { body[$0] != nil }
    }

    private static func phase(_ body: [String: JSONValue], _ answer: Answer) -> (Phase, remark: String?) {
        let status = body["status"]?.stringValue ?? ""
        switch status.lowercased().trimmingCharacters(in: .whitespacesAndNewlines) {
        case "queued", "generating", "waiting", "active":
            return (.running, nil)
        case "completed", "succeeded":
            guard let url = videoURL(body["video"]) else {
                let words = body["error"].map(ErrorWords.of).map(answer.quotable) ?? ""
                return (
                    .running,
                    "The API says \(status) but names no video that can be fetched\(words.isEmpty ? "" : " (\(words))"); "
                        + "Hotreel keeps asking."
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
        case .string(let text):
            URL(string: text.trimmingCharacters(in: .whitespacesAndNewlines)).flatMap { $0.isWebAddress ? $0 : nil }
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
        let places = [answer.json?["meta"]?["usage"], answer.json?["usage"]].compactMap(\.self)
        func amount(_ keys: String..., header: String) -> Double? {
            places.lazy.flatMap { usage in keys.lazy.compactMap { usage[$0].flatMap(Self.amount) } }.first
                ?? answer.header(header).flatMap { Self.amount(.string($0)) }
        }
        self.init(
            credits: amount("credits_used", "tokens_used", header: "x-aimlapi-credits-used"),
            usd: amount("usd_spent", header: "x-aimlapi-usd-spent"))
    }

    /// Whether anything was charged, as far as it says.
    var isSomething: Bool { credits ?? 0 > 0 || usd ?? 0 > 0 }

    /// More than anybody has: beyond it a sum is nonsense, and could not be held as a whole number.
    private static let most = 1e15

    /// A sum of money as a number or a string of digits; nil where it is neither, or negative, or beyond reason.
    static func amount(_ value: JSONValue) -> Double? {
        let number =
            value.doubleValue
            ?? value.stringValue.flatMap {
                $0.contains(/[xXpP]/) ? nil : Double($0.trimmingCharacters(in: .whitespaces))
            }
        guard let number, (0...most).contains(number) else { return nil }
        return number
    }
}
