import Jobs
import Logging
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
        guard try await resume() else { return }
        // Paid work is asked after whatever has become of the share.
        let asking = [
            Poller(context: context).loop, Reconciler(context: context).loop, Releaser(context: context).loop,
        ]
        let working = [
            Submitter(context: context).loop, Deliverer(context: context).loop, Reuser(context: context).loop,
        ]
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await Gatekeeper(context: context).run() }
            group.addTask { await StatusFile(context: context).run() }
            group.addTask { await Releaser(context: context).watch() }
            for loop in asking { group.addTask { await loop.run() } }
            group.addTask {
                guard try await heal() else { return }
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { try await intake.run() }
                    group.addTask { await Endings(context: context).sweep() }
                    for loop in working { group.addTask { await loop.run() } }
                    for try await _ in group {}
                }
            }
            // The first that fails ends the others; waiting for all would keep its error back.
            for try await _ in group {}
        }
    }

    /// Takes up where an earlier process ended, once the ledger can be written. False when it was told to stop before.
    private func resume() async throws -> Bool {
        do {
            try await cancelWhenGracefulShutdown {
                try await context.insisting { () async throws(JobStoreError) in
                    try await StartUp(context: context).resume()
                }
            }
            return true
        } catch {
            guard Task.isShuttingDownGracefully, case JobStoreError.unavailable = error else { throw error }
            return false
        }
    }

    /// Brings ledger and folders into agreement once both folders are there. False when it was told to stop before.
    private func heal() async throws -> Bool {
        let bell = context.gates.bell
        return try await withGracefulShutdownHandler {
            while !Task.isShuttingDownGracefully && !Task.isCancelled {
                let rings = bell.rings
                if await context.admission(.settle) == .open {
                    do {
                        try await StartUp(context: context).heal()
                        return true
                    } catch {
                        guard context.note(error) else { throw error }
                    }
                }
                await bell.wait(after: rings, atMost: .seconds(10), by: context.time)
            }
            return false
        } onGracefulShutdown: {
            bell.ring()
        }
    }
}
