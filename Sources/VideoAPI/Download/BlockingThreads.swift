import NIOCore
import NIOPosix

/// Threads for what blocks: looking a name up, and writing to a disk that may be a share gone silent. On the tasks' own
/// threads, which are as many as the processor's cores, a few of these would stop everything else.
final class BlockingThreads: Sendable {
    private let pool: NIOThreadPool
    private let loop: any EventLoop

    init(_ count: Int, on loop: any EventLoop) {
        pool = NIOThreadPool(numberOfThreads: count)
        pool.start()
        self.loop = loop
    }

    /// Runs `work` to its end, cancelled or not.
    func run<Result: Sendable>(_ work: @escaping @Sendable () throws -> Result) async throws -> Result {
        try await pool.runIfActive(eventLoop: loop, work).get()
    }

    /// Waits for `work` no longer than `limit`, nor when cancelled; then it ends by itself, and for nobody.
    func run<Result: Sendable>(
        within limit: Duration, _ work: @escaping @Sendable () throws -> Result
    ) async throws -> Result {
        let promise = loop.makePromise(of: Result.self)
        pool.runIfActive(eventLoop: loop, work).cascade(to: promise)
        let deadline = loop.scheduleTask(in: TimeAmount(limit)) { promise.fail(TimeLimitReached()) }
        defer { deadline.cancel() }
        return try await withTaskCancellationHandler {
            try await promise.futureResult.get()
        } onCancel: {
            promise.fail(CancellationError())
        }
    }

    /// Takes no more work. What still blocks is not waited for: a share that is gone must not hold up the end.
    func shutdown() { pool.shutdownGracefully { _ in } }
}
