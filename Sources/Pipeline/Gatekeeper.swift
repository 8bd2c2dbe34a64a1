import Folders
import Foundation
import Jobs
import ServiceLifecycle

/// Looks after the gates: tries those that a look can open, keeps the ledger's word on them true, and notices a clock that was set.
struct Gatekeeper: Sendable {
    let context: Context

    /// Longest time without a look: a share that vanishes while nobody uses it is noticed after this.
    private static let longestSleep = Duration.seconds(10)

    func run() async {
        let bell = context.gates.bell
        var written: [ClosedGate]?
        var clock = ClockWatch(wall: context.time.now(), uptime: context.time.uptime())
        await withGracefulShutdownHandler {
            while !Task.isShuttingDownGracefully && !Task.isCancelled {
                let rings = bell.rings
                await noticeClock(&clock)
                await context.lookAtPlaces()
                for gate in context.gates.dueChecks() { await check(gate) }
                context.gates.tellOfLasting()
                let closed = context.gates.closed
                if closed != written, !closed.contains(where: { $0.gate == .ledger }) {
                    do throws(JobStoreError) {
                        try await context.store.setClosedGates(closed)
                        written = closed
                    } catch {
                        context.note(error)
                    }
                }
                let wait = min(context.gates.timeToNextCheck() ?? Self.longestSleep, Self.longestSleep)
                await bell.wait(after: rings, atMost: max(wait, .milliseconds(5)), by: context.time)
            }
        } onGracefulShutdown: {
            bell.ring()
        }
    }

    private func check(_ gate: Gate) async {
        if await isWell(gate) { context.gates.open(gate) } else { context.gates.postpone(gate) }
    }

    private func isWell(_ gate: Gate) async -> Bool {
        let (claims, outbox, places, gates) = (context.claims, context.outbox, context.places, context.gates)
        switch gate {
        case .inbox:
            return await context.files.run {
                (places?.inbox.look() ?? .present) == .present && FileSystem.mayChange(folder: claims.inbox)
            }
        case .outbox:
            return await context.files.run {
                (places?.outbox.look() ?? .present) == .present && FileSystem.mayChange(folder: outbox.root)
            }
        case .disk: return await context.files.run { gates.hasMoreSpace() }
        case .ledger:
            do throws(JobStoreError) {
                // A write of its own shows that it can be written.
                try await context.store.setClosedGates(context.gates.closed.filter { $0.gate != .ledger })
                return true
            } catch {
                return false
            }
        case .key, .credit, .api, .rate: return false
        }
    }

    /// Due times are moments of the calendar. When its clock is set, they are set with it, so that nothing waits for hours that
    /// should wait for seconds, nor the other way round.
    private func noticeClock(_ clock: inout ClockWatch) async {
        guard let jump = clock.jump(wall: context.time.now(), uptime: context.time.uptime()) else { return }
        context.logger.warning(
            "the system's clock was set \(jump > .zero ? "forward" : "back") by \(abs(jump.seconds).inWords); what waits, waits as long as before"
        )
        do throws(JobStoreError) {
            try await context.store.shiftDue(by: jump)
        } catch {
            context.note(error)
        }
        context.bells.ringAll()
    }
}

/// Tells a calendar clock that was set from one that runs.
struct ClockWatch: Sendable {
    private var wall: Date
    private var uptime: Duration
    /// What clocks that are steered gently may differ by.
    private static let tolerance = Duration.seconds(5)

    init(wall: Date, uptime: Duration) {
        self.wall = wall
        self.uptime = uptime
    }

    /// How far the clock was set since the last look, forward or back; nil where it only ran.
    mutating func jump(wall now: Date, uptime nowUptime: Duration) -> Duration? {
        let jump = Duration.seconds(now.timeIntervalSince(wall)) - (nowUptime - uptime)
        (wall, uptime) = (now, nowUptime)
        return jump > Self.tolerance || jump < .zero - Self.tolerance ? jump : nil
    }
}
