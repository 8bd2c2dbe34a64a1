import Foundation
import HTTPTypes
import Hummingbird
import Jobs
import ServiceLifecycle

/// The connection is to be closed in place of an answer, once that is counted.
struct NoAnswer: Error {}

/// Answers one request that a fault has befallen.
struct FaultyAnswer: Sendable {
    let fault: Fault
    let request: Request
    let context: SimulatorContext

    /// - Parameter usual: what would have been answered to `request`, with all it does.
    func response(usual: (Request) async throws -> Answer) async throws -> Response {
        var made = Answer()
        if fault.needsUsualAnswer {
            made = try await usual(fault.kind == .ignoreRange ? request.withoutRange : request)
        }
        if fault.kind != .drip { try await pause(fault.delay) }
        return switch fault.kind {
        case .hang: throw await silence()
        case .drop, .dropEarly: throw NoAnswer()
        case .truncate, .wrongLength, .drip: broken(made)
        case .huge: endless()
        default: (fault.kind.altersUsualAnswer ? fault.altering(made) : fault.replacement(for: request)).response
        }
    }

    private func pause(_ delay: Duration) async throws {
        guard delay > .zero else { return }
        try await cancelWhenGracefulShutdown { try await Task.sleep(for: delay) }
    }

    /// Returns when the client has gone, or the stand-in ends.
    private func silence() async -> ConnectionClosed {
        let connection = context.connection
        // Whichever way the wait ends, the connection does, too.
        try? await context.endingWithUs {
            try await withTaskCancellationHandler {
                try await connection.closeFuture.get()
            } onCancel: {
                connection.close(promise: nil)
            }
        }
        return await context.close()
    }

    /// The usual answer with something the matter in the way it is sent.
    private func broken(_ answer: Answer) -> Response {
        let whole = answer.body
        let length = whole.contentLength ?? 0
        let (fault, context) = (fault, context)
        var headers = answer.allHeaders
        headers[.contentLength] = String(fault.kind == .wrongLength ? fault.bytes ?? length / 2 : length)
        let body = ResponseBody { writer in
            let out = writer
            switch fault.kind {
            case .truncate, .wrongLength:
                let limit = fault.kind == .truncate ? fault.bytes ?? length / 2 : Int.max
                do {
                    try await whole.write(CuttingWriter(out: out, left: limit))
                } catch is CuttingWriter.Cut {}
                throw await context.closeAfterWriting()
            default:
                let interval = fault.delay > .zero ? fault.delay : .seconds(1)
                try await context.endingWithUs {
                    try await whole.write(DrippingWriter(out: out, bytes: max(1, fault.bytes ?? 16), every: interval))
                }
            }
        }
        return Response(status: answer.status, headers: headers, body: body)
    }

    private func endless() -> Response {
        let (limit, context) = (fault.bytes ?? .max, context)
        let headers: HTTPFields = [.contentType: fault.operation == .download ? "video/mp4" : "application/json"]
        return Response(
            status: .ok, headers: headers,
            body: ResponseBody { writer in
                let out = writer
                try await context.endingWithUs {
                    var out = out
                    var left = limit
                    while left > 0 {
                        let size = min(left, 1 << 16)
                        try await out.write(ByteBuffer(repeating: UInt8(ascii: " "), count: size))
                        left -= size
                    }
                    try await out.finish(nil)
                }
            })
    }
}

extension SimulatorContext {
    /// A long answer must not hold up the stand-in's end: the connection is closed then, and writing to it throws.
    fileprivate func endingWithUs(_ work: () async throws -> Void) async throws {
        let connection = connection
        try await withGracefulShutdownHandler(operation: work) { connection.close(promise: nil) }
    }
}

extension Request {
    fileprivate var withoutRange: Request {
        var head = head
        head.headerFields[.range] = nil
        return Request(head: head, body: body)
    }
}
