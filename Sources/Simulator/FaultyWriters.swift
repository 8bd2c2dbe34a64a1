import HTTPTypes
import Hummingbird
import ServiceLifecycle

/// Lets so many bytes through, and throws at the point where the next would go, or where the body would end.
struct CuttingWriter: ResponseBodyWriter {
    struct Cut: Error {}

    var out: any ResponseBodyWriter
    var left: Int

    mutating func write(_ buffer: ByteBuffer) async throws {
        var buffer = buffer
        if let part = buffer.readSlice(length: min(left, buffer.readableBytes)), part.readableBytes > 0 {
            try await out.write(part)
            left -= part.readableBytes
        }
        if left == 0 { throw Cut() }
    }

    consuming func finish(_ trailingHeaders: HTTPFields?) async throws { throw Cut() }
}

/// Sends a few bytes at a time, with a pause after each.
struct DrippingWriter: ResponseBodyWriter {
    var out: any ResponseBodyWriter
    let bytes: Int
    let every: Duration

    mutating func write(_ buffer: ByteBuffer) async throws {
        var buffer = buffer
        let pause = every
        while let part = buffer.readSlice(length: min(bytes, buffer.readableBytes)), part.readableBytes > 0 {
            try await out.write(part)
            try await cancelWhenGracefulShutdown { try await Task.sleep(for: pause) }
        }
    }

    consuming func finish(_ trailingHeaders: HTTPFields?) async throws { try await out.finish(trailingHeaders) }
}
