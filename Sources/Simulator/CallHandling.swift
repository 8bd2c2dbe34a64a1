import HTTPTypes
import Hummingbird
import Jobs
import Logging

/// What all of the vendor's operations share: counting, faults, the key, and errors in the vendor's envelope.
struct CallHandling: Sendable {
    let configuration: SimulatorConfiguration
    let ledger: GenerationLedger
    let logger: Logger

    /// What a request is about, as faults are told apart by it.
    struct Subject: Sendable {
        var prompt: String?
        /// The generation's id.
        var generation: String?
    }

    /// Answers one request; the one place where a fault comes between.
    ///
    /// - Parameters:
    ///   - read: takes in the whole request. What is not well formed is refused here, before faults are counted.
    ///   - answer: does what is asked.
    ///   - discard: forgets what was read, because a fault stands in place of the answer.
    func handle<Asked: Sendable>(
        _ operation: SimulatedOperation, _ request: Request, _ context: SimulatorContext,
        read: () async throws -> (asked: Asked, about: Subject),
        answer: (Asked, Request) async throws -> Answer, discard: (Asked) -> Void = { _ in }
    ) async throws -> Response {
        await ledger.count(operation)
        await context.closeWithClient()
        let response: Response
        do {
            if let fault = await ledger.faultOnArrival(operation) {
                response = try await FaultyAnswer(fault: fault, request: request, context: context)
                    .response { _ in Answer() }
            } else {
                if operation != .download { try checkKey(request) }
                let (asked, subject) = try await read()
                let fault = await due(operation, request, about: subject)
                if let fault {
                    if !fault.needsUsualAnswer { discard(asked) }
                    response = try await FaultyAnswer(fault: fault, request: request, context: context)
                        .response { try await answer(asked, $0) }
                } else {
                    response = try await answer(asked, request).response
                }
            }
        } catch let refusal as Refusal {
            logger.debug(
                "Refused",
                metadata: [
                    "operation": "\(operation)", "status": "\(refusal.status)", "messages": "\(refusal.messages)",
                ])
            response = refusal.answer(path: request.uri.path).response
        } catch {
            // Counted before the client sees the end of it, and may ask for the counts.
            if operation == .create { await ledger.countCreateAnswer(nil) }
            // An answer made of our own end would be one that the far end never gives.
            throw error is CancellationError || error is NoAnswer ? await context.close() : error
        }
        if operation == .create { await ledger.countCreateAnswer(response.status.code) }
        return response
    }

    /// The fault that befalls this request, after what it does to the generation.
    private func due(_ operation: SimulatedOperation, _ request: Request, about subject: Subject) async -> Fault? {
        if operation == .download, let followed = request.followedRedirect {
            return followed == .redirectLoop ? Fault(operation, .redirectLoop) : nil
        }
        guard let fault = await ledger.fault(operation, prompt: subject.prompt) else { return nil }
        logger.debug("Faulted", metadata: ["operation": "\(operation)", "fault": "\(fault.kind.rawValue)"])
        if let generation = subject.generation {
            switch fault.kind {
            case .failed:
                await ledger.fail(generation, name: "GenerationError", message: fault.message ?? "Generation failed")
            case .expired: await ledger.expireLink(of: generation)
            default: break
            }
        }
        return fault
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
