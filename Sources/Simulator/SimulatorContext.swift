import Hummingbird
import NIOCore

/// What a route knows besides the request: the connection, because some faults are the connection's.
struct SimulatorContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    let connection: any Channel

    init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        connection = source.channel
    }
}

/// A connection was closed in place of an answer, or in the midst of one. Thrown to end the request, never answered.
struct ConnectionClosed: Error {}

extension SimulatorContext {
    /// From now on the client's closing its end closes the connection, which somebody who answers nothing would else
    /// not notice.
    func closeWithClient() async {
        // Closed already is as good.
        try? await connection.setOption(.allowRemoteHalfClosure, value: false).get()
    }

    /// Closes the connection at once; what the client is still sending is met with a reset.
    func close() async -> ConnectionClosed {
        // Closed already, by the client, is as good.
        try? await connection.close()
        return ConnectionClosed()
    }

    /// Closes the connection when all that was written has gone out.
    func closeAfterWriting() async -> ConnectionClosed {
        try? await connection.close(mode: .output)
        return await close()
    }
}
