import Foundation
import Synchronization

/// Work that may hang in the kernel, as a look at a share whose server is gone does.
enum Patience {
    /// What `work` makes, or nil when it takes longer than `limit`. It goes on then, until the process ends.
    static func within<Value: Sendable>(
        _ limit: Duration, _ work: @escaping @Sendable () -> Value
    ) async -> Value? {
        let box = Box<Value>()
        return await withCheckedContinuation { continuation in
            box.waiter.withLock { $0 = continuation }
            Thread { box.resume(work()) }.start()
            Task {
                try? await Task.sleep(for: limit)
                box.resume(nil)
            }
        }
    }

    /// Whoever comes first is heard.
    private final class Box<Value: Sendable>: Sendable {
        let waiter = Mutex<CheckedContinuation<Value?, Never>?>(nil)

        func resume(_ value: Value?) {
            waiter.withLock { waiter in
                defer { waiter = nil }
                return waiter
            }?.resume(returning: value)
        }
    }
}
