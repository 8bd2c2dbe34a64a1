import Foundation
import Jobs
import Logging
import ServiceLifecycle
import Synchronization

/// Claims what is due in one state from the ledger and performs one step on each, a bounded number at a time.
///
/// It holds no queue of its own: what it does not hold a lease on is in the ledger, so a restart is nothing special.
struct DueLoop: Sendable {
    let state: JobState.Name
    let work: Work
    /// Steps at the same time.
    let width: Int
    let lease: Duration
    /// Whether a step under way at shutdown is let to its end. Where nothing is lost by stopping, it is not.
    let finishesSteps: Bool
    let context: Context
    /// How many more jobs may be taken now, besides the free places.
    var allowance: @Sendable () async throws(JobStoreError) -> Int = { Int.max }
    /// Does one step and records its outcome. What it throws is about the ledger; the lease's end brings the job back.
    let step: @Sendable (Job) async throws(JobStoreError) -> Void

    /// Whether the step under way was let through a closed gate to try it.
    @TaskLocal static var isProbe = false

    /// Longest time without a look at the ledger, so that a jump of the wall clock cannot put work off for long.
    private static let longestSleep = Duration.seconds(10)

    func run() async {
        let bell = context.bells[state]
        await withGracefulShutdownHandler {
            await withDiscardingTaskGroup { group in
                let busy = StepPlaces(count: width)
                while !Task.isShuttingDownGracefully && !Task.isCancelled {
                    let rings = bell.rings
                    var nextLook = Self.longestSleep
                    do throws(JobStoreError) {
                        let clearance = await context.clearance(work)
                        let admission = clearance.admission
                        let room = try await room(busy.free, admission)
                        for job in try await take(room, clearance, busy) {
                            group.addTask {
                                await Self.$isProbe.withValue(admission == .probe) { await perform(job) }
                                if admission == .probe { context.gates.endProbe(work) }
                                busy.give(job.id)
                                bell.ring()
                            }
                        }
                        // Without room a bell tells when there is some.
                        if case .closed(let until) = admission {
                            nextLook = min(nextLook, max(until - context.time.uptime(), .milliseconds(5)))
                        } else if busy.free > 0, room > 0,
                            let due = try await context.store.nextDue(state, without: clearance.without)
                        {
                            let wait = Duration.seconds(max(0, due.timeIntervalSince(context.time.now())))
                            nextLook = min(nextLook, max(wait, .milliseconds(5)))
                        }
                    } catch {
                        nextLook = .seconds(2)
                        context.note(error)
                    }
                    await bell.wait(after: rings, atMost: nextLook, by: context.time)
                }
            }
        } onGracefulShutdown: {
            bell.ring()
        }
    }

    /// How many jobs may be taken now. Steps under way may not yet be counted by the allowance, so they are taken from it.
    private func room(_ free: Int, _ admission: GateStates.Admission) async throws(JobStoreError) -> Int {
        if case .closed = admission { return 0 }
        guard free > 0 else { return 0 }
        let room = min(free, try await allowance() - (width - free))
        return admission == .probe ? min(1, room) : room
    }

    /// Jobs to be worked on now, their places taken. A probe is one job, and nobody else's at the same time.
    private func take(
        _ room: Int, _ clearance: Clearance, _ busy: StepPlaces
    ) async throws(JobStoreError) -> [Job] {
        guard room > 0 else { return [] }
        let without = clearance.without
        guard clearance.admission == .probe else {
            return try await claim(upTo: room, without).filter { busy.take($0.id) }
        }
        guard context.gates.beginProbe(work, in: nil) else { return [] }
        var jobs: [Job] = []
        // Without a job it is no probe, and another loop may have one.
        defer { if jobs.isEmpty { context.gates.leaveProbe(work) } }
        jobs = try await claim(upTo: room, without).filter { busy.take($0.id) }
        return jobs
    }

    private func claim(upTo limit: Int, _ without: Set<InboxName>) async throws(JobStoreError) -> [Job] {
        let now = context.time.now()
        return try await context.store.claimDue(
            state, now: now, leaseEnd: now.adding(lease), limit: limit, without: without)
    }

    private func perform(_ job: Job) async {
        do {
            if finishesSteps {
                try await step(job)
            } else {
                try await cancelWhenGracefulShutdown { try await step(job) }
            }
        } catch JobStoreError.lostRace {
            // Somebody moved the job on; the ledger knows better.
        } catch let error as JobStoreError {
            context.note(error)
        } catch {
            context.logger.error("\(error)", metadata: ["job": "\(job.id)"])
        }
    }
}

/// Who has a place in a loop. A job has one at most: a lease that ends while its step goes on, because that takes long or the
/// clock was set, must not begin the step a second time.
private final class StepPlaces: Sendable {
    private let count: Int
    private let taken = Mutex<Set<JobID>>([])
    init(count: Int) { self.count = count }
    var free: Int { taken.withLock { count - $0.count } }
    /// False where it has one already.
    func take(_ job: JobID) -> Bool { taken.withLock { $0.insert(job).inserted } }
    func give(_ job: JobID) { taken.withLock { _ = $0.remove(job) } }
}
