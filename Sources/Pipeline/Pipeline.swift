import Jobs
import ServiceLifecycle

/// Everything between the two folders, as one service.
package struct Pipeline: Service {
    private let context: Context
    private let intake: Intake

    /// `onReady` is called once drops are being picked up.
    package init(context: Context, onReady: @escaping @Sendable () async -> Void = {}) {
        self.context = context
        intake = Intake(context: context, onReady: onReady)
    }

    package func run() async throws {
        try await StartUp(context: context).heal()
        let loops = [
            Submitter(context: context).loop, Poller(context: context).loop, Deliverer(context: context).loop,
            Reconciler(context: context).loop,
        ]
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await intake.run() }
            group.addTask { await Endings(context: context).sweep() }
            for loop in loops { group.addTask { await loop.run() } }
            // The first that fails ends the others; waiting for all would keep its error back.
            for try await _ in group {}
        }
    }
}
