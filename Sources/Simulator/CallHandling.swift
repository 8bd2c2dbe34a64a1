import HTTPTypes
import Hummingbird
import Jobs
import Logging

/// What all of the vendor's operations share: counting, the scenario, the key, and errors in the vendor's envelope.
struct CallHandling: Sendable {
    let configuration: SimulatorConfiguration
    let ledger: GenerationLedger
    let logger: Logger

    /// Answers one request; the one place where a scenario comes between.
    func handle(
        _ operation: SimulatedCall.Operation, _ request: Request,
        _ answer: @escaping @Sendable () async throws -> Response
    ) async throws -> Response {
        let call = SimulatedCall(operation: operation, number: await ledger.count(operation), request: request)
        do {
            return try await configuration.scenario(call) {
                if operation != .download { try checkKey(request) }
                return try await answer()
            }
        } catch let refusal as Refusal {
            logger.debug(
                "Refused",
                metadata: [
                    "operation": "\(operation)", "status": "\(refusal.status)", "messages": "\(refusal.messages)",
                ])
            return refusal.response(path: request.uri.path)
        }
    }

    private func checkKey(_ request: Request) throws {
        let words = request.headers[.authorization]?.split(separator: " ") ?? []
        guard words.count == 2, words[0].lowercased() == "bearer",
            configuration.apiKey.map({ $0 == words[1] }) ?? true
        else { throw Refusal.unauthorized }
    }

    /// Name and port under which the client reaches us.
    func host(of request: Request) -> String {
        request.head.authority ?? "\(configuration.host):\(configuration.port)"
    }

    /// The headers that tell which generation an answer is about and what it cost.
    func headers(about generation: Generation) -> HTTPFields {
        var headers = HTTPFields()
        headers[.inferenceID] = generation.id
        headers[.creditsUsed] = String(generation.billed)
        headers[.usdSpent] = String(generation.usd)
        headers[.clientRequestID] = generation.clientRequestID
        return headers
    }
}

extension HTTPField.Name {
    /// A header name that is known to be well-formed.
    private static func known(_ name: String, or fallback: HTTPField.Name) -> HTTPField.Name {
        HTTPField.Name(name) ?? fallback
    }

    static let inferenceID = known("x-inference-id", or: .eTag)
    static let creditsUsed = known("x-aimlapi-credits-used", or: .eTag)
    static let usdSpent = known("x-aimlapi-usd-spent", or: .eTag)
    static let clientRequestID = known("X-Client-Request-Id", or: .eTag)
}
