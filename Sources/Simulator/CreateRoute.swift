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

    func add(to router: Router<BasicRequestContext>) {
        router.post("/v2/video/generations") { request, _ in
            try await calls.handle(.create, request) { try await create(request) }
        }
    }

    private func create(_ request: Request) async throws -> Response {
        let spooled = try await SpooledBody.receive(
            request.body, declaredLength: request.headers[.contentLength].flatMap { Int($0) },
            limit: calls.configuration.maxBodyBytes, at: folders.uploads.appending(UUID().uuidString))
        defer { try? FileManager.default.removeItem(atPath: spooled.path.string) }
        guard request.headers[.contentType]?.lowercased().hasPrefix("application/json") ?? false else {
            throw Refusal.badRequest("Content-Type must be application/json")
        }
        let body = try await reader.read(spooled)
        let violations = RequestSchema.create.violations(in: body.json)
        guard violations.isEmpty else {
            CreateRequest(body).removeInlinePictures()
            throw Refusal(.badRequest, violations)
        }

        let order = CreateRequest(body)
        let (generation, number) = try await calls.ledger.accept(
            order, shown: body.shown, clientRequestID: Self.clientRequestID(request))
        try record(spooled, number: number)
        if case .refused = generation.outcome {
            order.removeInlinePictures()
        } else if calls.configuration.isInstant {
            await calls.ledger.finish(generation.id, .rendered(try await stock.video(seconds: order.seconds)))
        } else {
            renders.yield(RenderQueue.Order(id: generation.id, request: order))
        }
        return generation.answer(.queued, host: calls.host(of: request))
            .response(headers: calls.headers(about: generation))
    }

    /// Anything but 1–128 of `A-Za-z0-9._:-` is dropped without a word, as the vendor does.
    private static func clientRequestID(_ request: Request) -> String? {
        request.headers[.clientRequestID].flatMap { $0.wholeMatch(of: /[A-Za-z0-9._:\-]{1,128}/) == nil ? nil : $0 }
    }

    private func record(_ spooled: SpooledBody, number: Int) throws {
        guard let file = folders.records?.appending(String(format: "%04d.json", number)).string else { return }
        // An earlier stand-in may have used the folder.
        try? FileManager.default.removeItem(atPath: file)
        try FileManager.default.copyItem(atPath: spooled.path.string, toPath: file)
    }
}
