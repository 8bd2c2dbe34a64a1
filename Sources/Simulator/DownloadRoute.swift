import Foundation
import HTTPTypes
import Hummingbird
import Jobs
import SystemPackage

/// `GET /files/TOKEN/output.mp4`: the content host. It knows no keys, and a client that sends one has leaked it.
struct DownloadRoute: Sendable {
    let calls: CallHandling

    func add(to router: Router<BasicRequestContext>) {
        router.get("/files/:token/output.mp4") { request, context in
            try await calls.handle(.download, request) {
                try await download(request, token: context.parameters.get("token") ?? "", context: context)
            }
        }
    }

    private func download(_ request: Request, token: String, context: BasicRequestContext) async throws -> Response {
        guard request.headers[.authorization] == nil else {
            await calls.ledger.countLeakedKey()
            throw Refusal.badRequest("Only one auth mechanism allowed: the request carries a key and a signature")
        }
        guard let generation = await calls.ledger.generation(fileToken: token),
            case .rendered(let path) = generation.outcome
        else { throw Refusal(.notFound, ["NoSuchKey"]) }
        guard request.uri.query?.hasSuffix("x-signature=\(generation.signature)") ?? false else {
            throw Refusal(.forbidden, ["SignatureDoesNotMatch"])
        }
        let size = try FileManager.default.attributesOfItem(atPath: path.string)[.size] as? Int ?? 0
        var headers: HTTPFields = [.contentType: "video/mp4", .acceptRanges: "bytes"]
        guard let wanted = request.headers[.range] else {
            return Response(
                status: .ok, headers: headers, body: try await FileIO().loadFile(path: path.string, context: context))
        }
        guard let range = Self.range(wanted, size: size) else {
            headers[.contentRange] = "bytes */\(size)"
            return Response(status: .rangeNotSatisfiable, headers: headers)
        }
        headers[.contentRange] = "bytes \(range.lowerBound)-\(range.upperBound)/\(size)"
        return Response(
            status: .partialContent, headers: headers,
            body: try await FileIO().loadFile(path: path.string, range: range, context: context))
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
