import NIOCore
import NIOPosix
import Synchronization

/// A TCP server on the loopback that says what it is told to say, true HTTP or not, and keeps what it was sent, byte
/// for byte. One request to a connection, unless it is told otherwise.
final class ScriptedServer: Sendable {
    enum Reaction: Sendable {
        /// Once the whole request is there; then the connection is closed.
        case say(String)
        /// Once the whole request is there; the connection stays open for the next.
        case sayAndStay(String)
        /// Once so many bytes are there; what else comes is read and thrown away.
        case sayEarly(String, after: Int)
        /// A TCP reset once so many bytes are there; nil for the whole request.
        case reset(after: Int?)
        case close(after: Int?)
        case silence
        /// Once the whole request is there; then a byte at a time, for ever.
        case drip(String)
        /// Called once so many bytes are there; no answer ever comes.
        case call(@Sendable () -> Void, after: Int)

        /// How long to bear with it: short where the wait itself is the test, else long enough for a busy machine.
        var patience: Duration {
            switch self {
            case .silence, .sayEarly, .drip: .seconds(2)
            default: .seconds(30)
            }
        }

        static func answer(_ body: String) -> Reaction { answer(200, body) }

        static func answer(_ status: Int, _ body: String, headers: [String] = []) -> Reaction {
            .say(http(status, body, headers: headers + ["Connection: close"]))
        }

        static func http(_ status: Int, _ body: String, headers: [String] = []) -> String {
            (["HTTP/1.1 \(status) Said", "Content-Length: \(body.utf8.count)"] + headers).joined(separator: "\r\n")
                + "\r\n\r\n" + body
        }
    }

    let port: Int
    private let channel: any Channel
    private let record: Record

    /// - Parameter reaction: asked for each request as its first byte arrives, counted from 0.
    init(keepsBodies: Bool = true, _ reaction: @escaping @Sendable (_ request: Int) -> Reaction) async throws {
        let record = Record(keepsBodies: keepsBodies, reaction: reaction)
        self.record = record
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 256)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Conversation(record))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        port = channel.localAddress?.port ?? 0
    }

    /// Requests whose first byte has come, as they came; without their bodies where those are not kept.
    var requests: [[UInt8]] { record.requests.withLock { $0 } }
    var connections: Int { record.connections.load(ordering: .relaxed) }

    func stop() async throws { try await channel.close() }

    fileprivate final class Record: Sendable {
        let keepsBodies: Bool
        let reaction: @Sendable (_ request: Int) -> Reaction
        let requests = Mutex<[[UInt8]]>([])
        let connections = Atomic(0)

        init(keepsBodies: Bool, reaction: @escaping @Sendable (_ request: Int) -> Reaction) {
            self.keepsBodies = keepsBodies
            self.reaction = reaction
        }
    }
}

private final class Conversation: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let record: ScriptedServer.Record
    private var current: (number: Int, reaction: ScriptedServer.Reaction)?
    private var bytes: [UInt8] = []
    private var count = 0
    private var announced: Int?
    private var isDone = false
    private var dripping: RepeatedTask?

    init(_ record: ScriptedServer.Record) { self.record = record }

    func channelActive(context: ChannelHandlerContext) {
        record.connections.add(1, ordering: .relaxed)
    }

    func channelInactive(context: ChannelHandlerContext) { dripping?.cancel() }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let part = unwrapInboundIn(data)
        guard !isDone else { return }
        let (number, reaction) = current ?? begin()
        current = (number, reaction)
        count += part.readableBytes
        if record.keepsBodies || announced == nil { bytes.append(contentsOf: part.readableBytesView) }
        record.requests.withLock { $0[number] = bytes }
        announced = announced ?? wholeLength()
        let isWhole = announced.map { count >= $0 } ?? false
        react(reaction, isWhole: isWhole, context)
    }

    private func begin() -> (Int, ScriptedServer.Reaction) {
        let number = record.requests.withLock {
            $0.append([])
            return $0.count - 1
        }
        return (number, record.reaction(number))
    }

    private func react(_ reaction: ScriptedServer.Reaction, isWhole: Bool, _ context: ChannelHandlerContext) {
        switch reaction {
        case .say(let text) where isWhole:
            isDone = true
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text))).assumeIsolated().whenComplete { _ in
                context.close(promise: nil)
            }
        case .sayAndStay(let text) where isWhole:
            (current, bytes, count, announced) = (nil, [], 0, nil)
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
        case .sayEarly(let text, let after) where count >= after:
            isDone = true
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
        case .drip(let text) where isWhole:
            isDone = true
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
            let channel = context.channel
            dripping = context.eventLoop.scheduleRepeatedTask(initialDelay: .zero, delay: .milliseconds(20)) { _ in
                channel.writeAndFlush(ByteBuffer(string: "v"), promise: nil)
            }
        case .reset(let after) where after.map { count >= $0 } ?? isWhole:
            isDone = true
            (context.channel as? any SocketOptionProvider)?.setSoLinger(linger(l_onoff: 1, l_linger: 0))
                .assumeIsolated().whenComplete { _ in context.close(promise: nil) }
        case .close(let after) where after.map { count >= $0 } ?? isWhole:
            isDone = true
            context.close(promise: nil)
        case .call(let call, let after) where count >= after:
            isDone = true
            call()
        default: break
        }
    }

    /// Head and body together, once the head is there.
    private func wholeLength() -> Int? {
        guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8))?.upperBound else { return nil }
        let head = String(decoding: bytes[..<end], as: UTF8.self)
        let length = head.firstMatch(of: /(?i)content-length: *([0-9]+)/).flatMap { Int($0.1) } ?? 0
        return end + length
    }
}
