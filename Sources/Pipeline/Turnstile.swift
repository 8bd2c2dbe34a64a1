import Synchronization

/// Lets one at a time pass for each key, in order of arrival.
package final class Turnstile<Key: Hashable & Sendable>: Sendable {
    private let queues = Mutex<[Key: [CheckedContinuation<Void, Never>]]>([:])

    package init() {}

    package func pass<Value: Sendable, Failure: Error>(
        _ key: Key, _ work: () async throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        await withCheckedContinuation { continuation in
            let isFirst = queues.withLock { queues in
                if queues[key] == nil {
                    queues[key] = []
                    return true
                }
                queues[key]?.append(continuation)
                return false
            }
            if isFirst { continuation.resume() }
        }
        defer {
            let next = queues.withLock { queues -> CheckedContinuation<Void, Never>? in
                guard let waiting = queues[key], !waiting.isEmpty else {
                    queues[key] = nil
                    return nil
                }
                return queues[key]?.removeFirst()
            }
            next?.resume()
        }
        return try await work()
    }
}
