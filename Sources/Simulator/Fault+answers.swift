import Foundation
import HTTPTypes
import Hummingbird
import Jobs

extension Fault {
    /// The usual answer as this fault has it; of the kinds that alter one, those that change what it says.
    func altering(_ usual: Answer) -> Answer {
        var answer = usual
        answer.alter { members in
            switch kind {
            case .noID, .noIDAtAll: members["id"] = nil
            case .unknownStatus: members["status"] = .string(message ?? "thinking")
            case .upperCase: members["status"] = members["status"]?.stringValue.map { .string($0.uppercased()) }
            case .backwards: members["status"] = "queued"
            case .completedWithoutURL: members["status"] = "completed"
            case .wrongID: members["id"] = members["id"]?.stringValue.map { .string($0 + "-other") }
            default: break
            }
            if [.unknownStatus, .backwards, .completedWithoutURL].contains(kind) { members["video"] = .null }
        }
        if kind == .noIDAtAll { answer.headers[.inferenceID] = nil }
        if kind == .wrongID { answer.headers[.inferenceID] = answer.headers[.inferenceID].map { $0 + "-other" } }
        return answer
    }

    /// What is answered in place of the usual answer.
    func replacement(for request: Request) -> Answer {
        switch kind {
        case .status: return statusAnswer(path: request.uri.path)
        case .html: return .html(.ok)
        case .notFound: return Refusal(.notFound, ["Generation not found"]).answer(path: request.uri.path)
        case .expired: return Refusal.expiredLink.answer(path: request.uri.path)
        case .garbage:
            // The same each time, and the beginning of no format.
            var generator = SteadyNoise()
            let noise = (0..<(bytes ?? 100_000)).map { _ in generator.next() }
            return Answer(
                headers: [.contentType: "video/mp4"], .body(ResponseBody(byteBuffer: ByteBuffer(bytes: noise))))
        case .redirect: return .redirect(to: request.address(adding: "x-hop=1"))
        case .redirectLoop:
            // Two addresses that send to each other, as real loops do.
            let isSecond = request.uri.query?.contains("x-loop=2") ?? false
            return .redirect(to: request.address(adding: isSecond ? "x-loop=1" : "x-loop=2"))
        case .redirectFile: return .redirect(to: "file:///etc/passwd")
        case .redirectPrivate: return .redirect(to: "http://169.254.169.254/")
        default: return Answer(headers: [.contentType: request.isForFile ? "video/mp4" : "application/json"])
        }
    }

    private func statusAnswer(path: String) -> Answer {
        var refusal = Refusal(status, [message ?? status.reasonPhrase])
        if envelope == .title {
            refusal.envelope = .problem(name: errorName ?? "HttpException", kind: errorKind ?? "err_unknown")
        }
        var answer = refusal.answer(path: path)
        switch envelope {
        case .statusCode, .title: break
        case .array: answer.alter { $0["message"] = .array([.string(message ?? status.reasonPhrase)]) }
        case .string: answer.alter { $0["statusCode"] = .string(String(status.code)) }
        case .html: answer = .html(status)
        case .none: answer.content = .none
        }
        for field in headers { answer.headers[field.name] = field.value }
        return answer
    }
}

extension Answer {
    fileprivate static func redirect(to address: String) -> Answer {
        Answer(.found, headers: [.location: address])
    }
}

extension Request {
    fileprivate var isForFile: Bool { uri.path.hasPrefix("/files/") }

    /// Whether it has come to where one of our redirects sent it; nil when it has not, else whether it is to go on.
    var followedRedirect: Fault.Kind? {
        guard let query = uri.query else { return nil }
        if query.hasPrefix("x-hop=") { return .redirect }
        return query.hasPrefix("x-loop=") ? .redirectLoop : nil
    }

    /// This request's own address with `mark` before its query, in place of an earlier one.
    fileprivate func address(adding mark: String) -> String {
        let query = (uri.query ?? "").split(separator: "&").filter {
            !$0.hasPrefix("x-hop=") && !$0.hasPrefix("x-loop=")
        }
        return uri.path + "?" + ([mark] + query.map(String.init)).joined(separator: "&")
    }
}

/// Bytes without a pattern, the same each time (a linear congruential generator with Knuth's constants).
private struct SteadyNoise {
    private var state: UInt64 = 1

    mutating func next() -> UInt8 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return UInt8(truncatingIfNeeded: state >> 33)
    }
}
