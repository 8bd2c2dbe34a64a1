import Synchronization

/// A fixed number of places for requests under way; who finds none waits in line.
///
/// The HTTP client's own queue will not do: time spent in it counts as time to connect, so a full house would look
/// like an API that is down.
final class ConnectionPlaces: Sendable {
    private struct Line {
        var free: Int
        var nextTicket = 0
        var waiting: [(ticket: Int, continuation: CheckedContinuation<Void, any Error>)] = []
    }
    private let line: Mutex<Line>

    init(_ count: Int) { line = Mutex(Line(free: max(1, count))) }

    /// Runs `work` in a place. Throws `CancellationError`, and only that, when cancelled before it got one.
    func occupied<Result: Sendable>(
        isolation: isolated (any Actor)? = #isolation, _ work: () async throws -> Result
    ) async throws -> Result {
        try await take()
        defer { leave() }
        return try await work()
    }

    private func take() async throws {
        let ticket = line.withLock { line in
            line.nextTicket += 1
            return line.nextTicket
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                // Cancelling locks too: either it is seen here, or it finds the continuation in the line.
                let verdict: Result<Void, any Error>? = line.withLock { line in
                    if Task.isCancelled { return .failure(CancellationError()) }
                    if line.free > 0 {
                        line.free -= 1
                        return .success(())
                    }
                    line.waiting.append((ticket, continuation))
                    return nil
                }
                if let verdict { continuation.resume(with: verdict) }
            }
        } onCancel: {
            let left = line.withLock { line in
                line.waiting.firstIndex { $0.ticket == ticket }.map { line.waiting.remove(at: $0).continuation }
            }
            left?.resume(throwing: CancellationError())
        }
    }

    private func leave() {
        let next = line.withLock { line in
            if line.waiting.isEmpty {
                line.free += 1
                return CheckedContinuation<Void, any Error>?.none
            }
            return line.waiting.removeFirst().continuation
        }
        next?.resume()
    }
}
