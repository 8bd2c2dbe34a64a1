import Foundation
import HTTPTypes
import Hummingbird
import Jobs
import SystemPackage

/// `GET /files/TOKEN/output.mp4`: the content host. It knows no keys, and a client that sends one has leaked it.
struct DownloadRoute: Sendable {
    let calls: CallHandling

    func add(to router: Router<SimulatorContext>) {
        router.get("/files/:token/output.mp4") { request, context in
            try await calls.handle(.download, request, context) {
                let (generation, file) = try await find(request, token: context.parameters.get("token") ?? "")
                return (file, CallHandling.Subject(prompt: generation.prompt, generation: generation.id))
            } answer: { file, request in
                try await download(request, file: file, context: context)
            }
        }
    }

    private func find(_ request: Request, token: String) async throws -> (Generation, FilePath) {
        guard request.headers[.authorization] == nil else {
            await calls.ledger.countLeakedKey()
            throw Refusal.badRequest("Only one auth mechanism allowed: the request carries a key and a signature")
        }
        guard let generation = await calls.ledger.generation(fileToken: token),
            case .rendered(let path) = generation.outcome
        else { throw Refusal(.notFound, ["NoSuchKey"]) }
        switch generation.link(query: request.uri.query ?? "") {
        case .good: return (generation, path)
        case .expired: throw Refusal.expiredLink
        case .forged: throw Refusal(.forbidden, ["SignatureDoesNotMatch"])
        }
    }

    private func download(_ request: Request, file path: FilePath, context: SimulatorContext) async throws -> Answer {
        let size = try FileManager.default.attributesOfItem(atPath: path.string)[.size] as? Int ?? 0
        var headers: HTTPFields = [.contentType: "video/mp4", .acceptRanges: "bytes"]
        guard let wanted = request.headers[.range] else {
            return Answer(
                headers: headers, .body(try await FileIO().loadFile(path: path.string, context: context)))
        }
        guard let range = Self.range(wanted, size: size) else {
            headers[.contentRange] = "bytes */\(size)"
            return Answer(.rangeNotSatisfiable, headers: headers)
        }
        headers[.contentRange] = "bytes \(range.lowerBound)-\(range.upperBound)/\(size)"
        return Answer(
            .partialContent, headers: headers,
            .body(try await FileIO().loadFile(path: path.string, range: range, context: context)))
    }

    /// The single byte range a `Range` header names, cut to the file.
    static func range(_ header: String, size: Int) -> ClosedRange<Int>? {
        guard let match = header.wholeMatch(of: /bytes=([0-9]*)-([0-9]*)/), size > 0 else { return nil }
        switch (Int(match.1), Int(match.2)) {
        case (let first?, let last?): return first < size && first <= last ? first...min(last, size - 1) : nil
        case (let first?, nil): return first < size ? first...(size - 1) : nil
        case (nil, let count?): return count > 0 ? max(0, size - count)...(size - 1) : nil
        case (nil, nil): return nil
        }
    }
}
