import Foundation
import Hummingbird
import Jobs
import SystemPackage

/// `POST /v2/video/generations`
struct CreateRoute: Sendable {
    let calls: CallHandling
    let folders: SimulatorFolders
    let renders: AsyncStream<RenderQueue.Order>.Continuation
    let stock: StockVideos
    let reader: CreateBodyReader

    func add(to router: Router<SimulatorContext>) {
        router.post("/v2/video/generations") { request, context in
            let spool = folders.uploads.appending(UUID().uuidString)
            defer { try? FileManager.default.removeItem(atPath: spool.string) }
            return try await calls.handle(.create, request, context) {
                let body = try await read(request, to: spool)
                return (body, CallHandling.Subject(prompt: body.json["prompt"]?.stringValue ?? "", generation: nil))
            } answer: { body, request in
                try await create(body, kept: spool, for: request)
            } discard: { body in
                CreateRequest(body).removeInlinePictures()
            }
        }
    }

    private func read(_ request: Request, to spool: FilePath) async throws -> CreateBody {
        let spooled = try await SpooledBody.receive(
            request.body, declaredLength: request.headers[.contentLength].flatMap { Int($0) },
            limit: calls.configuration.maxBodyBytes, at: spool)
        guard request.headers[.contentType]?.lowercased().hasPrefix("application/json") ?? false else {
            throw Refusal.badRequest("Content-Type must be application/json")
        }
        return try await reader.read(spooled)
    }

    private func create(_ body: CreateBody, kept spool: FilePath, for request: Request) async throws -> Answer {
        let order = CreateRequest(body)
        do {
            let violations = RequestSchema.create.violations(in: body.json)
            guard violations.isEmpty else { throw Refusal(.badRequest, violations) }
            let (generation, number) = try await calls.ledger.accept(
                order, shown: body.shown, clientRequestID: Self.clientRequestID(request))
            try record(spool, number: number)
            if generation.failure != nil {
                order.removeInlinePictures()
            } else if calls.configuration.isInstant {
                await calls.ledger.finish(generation.id, .rendered(try await stock.video(seconds: order.seconds)))
            } else {
                renders.yield(RenderQueue.Order(id: generation.id, request: order))
            }
            return Answer(
                generation.answer(.queued, host: calls.host(of: request)), headers: calls.headers(about: generation))
        } catch {
            order.removeInlinePictures()
            throw error
        }
    }

    /// Anything but 1–128 of `A-Za-z0-9._:-` is dropped without a word, as the vendor does.
    private static func clientRequestID(_ request: Request) -> String? {
        request.headers[.clientRequestID].flatMap { $0.wholeMatch(of: /[A-Za-z0-9._:\-]{1,128}/) == nil ? nil : $0 }
    }

    private func record(_ spool: FilePath, number: Int) throws {
        guard let file = folders.records?.appending(String(format: "%04d.json", number)).string else { return }
        // An earlier stand-in may have used the folder.
        try? FileManager.default.removeItem(atPath: file)
        try FileManager.default.copyItem(atPath: spool.string, toPath: file)
    }
}
