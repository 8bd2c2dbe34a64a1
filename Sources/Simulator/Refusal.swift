import Foundation
import HTTPTypes
import Hummingbird
import Jobs

/// An answer that is not 2xx, in one of the vendor's two envelopes.
struct Refusal: Error {
    let status: HTTPResponse.Status
    let messages: [String]
    /// Which of the vendor's envelopes carries it.
    var envelope = Envelope.plain

    enum Envelope { case plain, problem(name: String, kind: String) }

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

    func response(path: String) -> Response {
        let timestamp = JSONValue.string(Date.now.formatted(.iso8601))
        let message: JSONValue =
            messages.count == 1 ? .string(messages[0]) : .array(messages.map(JSONValue.string))
        let code = JSONValue.integer(status.code)
        let body: JSONValue =
            switch envelope {
            case .plain:
                [
                    "requestId": .string(UUID().uuidString.lowercased()), "statusCode": code, "timestamp": timestamp,
                    "path": .string(path), "message": message,
                ]
            case .problem(let name, let kind):
                [
                    "title": .string(status.reasonPhrase), "status": code, "message": message,
                    "instance": .string(path),
                    "timestamp": timestamp,
                    "error": ["name": .string(name), "message": message, "data": ["kind": .string(kind)]],
                ]
            }
        return body.response(status)
    }
}

extension JSONValue {
    func response(_ status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]) -> Response {
        var headers = headers
        headers[.contentType] = "application/json; charset=utf-8"
        return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }
}
