import Foundation
import HTTPTypes
import Jobs

/// An answer that is not 2xx, in one of the vendor's two envelopes, or in the content hosts' own.
struct Refusal: Error {
    let status: HTTPResponse.Status
    let messages: [String]
    /// Which of the vendor's envelopes carries it.
    var envelope = Envelope.plain

    enum Envelope { case plain, problem(name: String, kind: String), contentHost(name: String) }

    init(_ status: HTTPResponse.Status, _ messages: [String]) {
        self.status = status
        self.messages = messages
    }

    static func badRequest(_ messages: String...) -> Refusal { Refusal(.badRequest, messages) }

    static var unauthorized: Refusal {
        var refusal = Refusal(.unauthorized, ["Incorrect API key provided"])
        refusal.envelope = .problem(name: "UnauthorizedException", kind: "err_unauthorized")
        return refusal
    }

    static var tooManyAtOnce: Refusal { Refusal(.tooManyRequests, ["ThrottlerException: Too Many Requests"]) }

    static var outOfFunds: Refusal {
        var refusal = Refusal(
            .forbidden, ["You have run out of credits. Please top up your balance or update your payment method."])
        refusal.envelope = .problem(name: "OutOfFundsException", kind: "err_insufficent_credits")
        return refusal
    }

    /// As the big content hosts say it.
    static var expiredLink: Refusal {
        var refusal = Refusal(.forbidden, ["Request has expired"])
        refusal.envelope = .contentHost(name: "AccessDenied")
        return refusal
    }

    func answer(path: String) -> Answer {
        let timestamp = JSONValue.string(Date.now.formatted(.iso8601))
        let message: JSONValue =
            messages.count == 1 ? .string(messages[0]) : .array(messages.map(JSONValue.string))
        let code = JSONValue.integer(status.code)
        switch envelope {
        case .plain:
            let body: JSONValue = [
                "requestId": .string(UUID().uuidString.lowercased()), "statusCode": code, "timestamp": timestamp,
                "path": .string(path), "message": message,
            ]
            return Answer(status, .json(body))
        case .problem(let name, let kind):
            let body: JSONValue = [
                "title": .string(status.reasonPhrase), "status": code, "message": message, "instance": .string(path),
                "timestamp": timestamp,
                "error": ["name": .string(name), "message": message, "data": ["kind": .string(kind)]],
            ]
            return Answer(status, .json(body))
        case .contentHost(let name):
            let text =
                #"<?xml version="1.0" encoding="UTF-8"?>"# + "<Error><Code>\(name)</Code><Message>"
                + messages.joined(separator: " ") + "</Message></Error>"
            return Answer(status, .text(text, type: "application/xml"))
        }
    }
}
