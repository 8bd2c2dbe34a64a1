import Jobs
import Logging
import ServiceLifecycle
import Synchronization

/// Everything between inboxes and outboxes, as one service.
package struct Pipeline: Service {
    private let context: Context
    private let intakes: [(folder: HotFolder, intake: Intake)]

    /// `onReady` is called once drops are being picked up, from the first inbox that is there.
    package init(context: Context, onReady: @escaping @Sendable () async -> Void = {}) {
        self.context = context
        let first = FirstOnly()
        intakes = context.folders.map { folder in
            (folder, Intake(context: context.within(folder)) { if first.pass() { await onReady() } })
        }
    }

    package func run() async throws {
        guard try await resume() else { return }
        // Paid work is asked after whatever has become of the share.
        let asking = [
            Poller(context: context).loop, Reconciler(context: context).loop, Releaser(context: context).loop,
        ]
        // These leave out the hot folders that are not healed yet.
        let working = [
            Submitter(context: context).loop, Deliverer(context: context).loop, Reuser(context: context).loop,
        ]
        context.unhealed.begin(context.folders.map(\.name))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await Gatekeeper(context: context).run() }
            group.addTask { await Releaser(context: context).watch() }
            group.addTask { await Endings(context: context).sweep() }
            for loop in asking + working { group.addTask { await loop.run() } }
            for (folder, intake) in intakes {
                let there = context.within(folder)
                group.addTask { await StatusFile(context: there).run() }
                group.addTask {
                    let isHealed = try await whenThere(there) { try await StartUp(context: there).heal() }
                    guard isHealed else { return }
                    context.unhealed.end(folder.name)
                    context.bells.ringAll()
                    _ = try await whenThere(there) { try await intake.run() }
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

    /// Does what needs a hot folder once that is there, and once more where the world got in the way. False when it was told to stop
    /// before.
    private func whenThere(_ context: Context, _ work: () async throws -> Void) async throws -> Bool {
        let bell = context.gates.bell
        return try await withGracefulShutdownHandler {
            while !Task.isShuttingDownGracefully && !Task.isCancelled {
                let rings = bell.rings
                if await context.admission(.settle) == .open {
                    do {
                        try await work()
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

/// Lets the first pass and nobody after it.
private final class FirstOnly: Sendable {
    private let isOver = Mutex(false)
    func pass() -> Bool {
        isOver.withLock { isOver in
            defer { isOver = true }
            return !isOver
        }
    }
}
