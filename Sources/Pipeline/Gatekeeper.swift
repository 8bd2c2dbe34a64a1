import Folders
import Foundation
import Jobs
import ServiceLifecycle

/// Looks after the gates: tries those that a look can open, keeps the ledger's word on them true, and notices a clock that was set.
struct Gatekeeper: Sendable {
    let context: Context

    /// Longest time without a look: a share that vanishes while nobody uses it is noticed after this.
    private static let longestSleep = Duration.seconds(10)

    /// What is remembered from one look to the next.
    struct Memory: Sendable {
        fileprivate var clock: ClockWatch
        /// What the ledger was last told.
        fileprivate var written: [ClosedGate]?
    }

    var beginning: Memory { Memory(clock: ClockWatch(wall: context.time.now(), uptime: context.time.uptime())) }

    func run() async {
        let bell = context.gates.bell
        var memory = beginning
        await withGracefulShutdownHandler {
            while !Task.isShuttingDownGracefully && !Task.isCancelled {
                let rings = bell.rings
                await look(&memory)
                let wait = min(context.gates.timeToNextCheck() ?? Self.longestSleep, Self.longestSleep)
                await bell.wait(after: rings, atMost: max(wait, .milliseconds(5)), by: context.time)
            }
        } onGracefulShutdown: {
            bell.ring()
        }
    }

    /// One look at everything.
    func look(_ memory: inout Memory) async {
        await noticeClock(&memory.clock)
        await context.lookAtPlaces()
        for gate in context.gates.dueChecks() { await check(gate) }
        context.gates.tellOfLasting()
        let closed = context.gates.closed
        guard closed != memory.written, !closed.contains(where: { $0.gate == .ledger }) else { return }
        do throws(JobStoreError) {
            try await context.store.setClosedGates(closed)
            memory.written = closed
        } catch {
            context.note(error)
        }
    }

    private func check(_ gate: Gate) async {
        guard await isWell(gate) else { return context.gates.postpone(gate) }
        if gate.kind == .inbox { await hastenDeliveries() }
        context.gates.open(gate)
    }

    /// Videos whose sources could not be put away without the inbox wait long between tries, each of which costs a look.
    private func hastenDeliveries() async {
        for state in [JobState.Name.generated, .reusing] {
            do throws(JobStoreError) {
                try await context.store.hasten(state, to: context.time.now())
            } catch {
                // They come in their own time.
                context.note(error)
            }
        }
    }

    private func isWell(_ gate: Gate) async -> Bool {
        let gates = context.gates
        switch gate.kind {
        case .inbox, .outbox:
            // An inbox that is not configured is never well.
            guard let folder = context.folders.first(where: { $0.name == gate.inbox }) else { return false }
            let root = gate.kind == .inbox ? folder.claims.inbox : folder.outbox.root
            let limit = context.configuration.mountPatience
            if let places = folder.places, await places.look(gate.kind, atMost: limit, by: context.time) != .present {
                return false
            }
            let memory = context.memory(of: folder)
            let calls = gate.kind == .inbox ? memory.inboxCalls : memory.outboxCalls
            return await calls.run(atMost: limit, by: context.time) { FileSystem.mayChange(folder: root) } ?? false
        case .disk: return await context.files.run { gates.hasMoreSpace(gate) }
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

    /// Due times are moments of the calendar. When its clock is set back, they are set back with it, so that nothing waits for
    /// hours that should wait for seconds.
    ///
    /// When it is set forward, all is simply due at once. Moving due times forward would also move those that were written by the
    /// new clock before it was looked at, and these would then wait as long as the clock has jumped.
    private func noticeClock(_ clock: inout ClockWatch) async {
        clock.look(wall: context.time.now(), uptime: context.time.uptime())
        if let jump = clock.takeForward() {
            context.logger.warning(
                "the system's clock was set forward by \(jump.seconds.inWords); all that waits is due")
            context.bells.ringAll()
        }
        guard clock.back > .zero else { return }
        do throws(JobStoreError) {
            try await context.store.shiftDue(by: .zero - clock.back)
            context.logger.warning(
                "the system's clock was set back by \(clock.back.seconds.inWords); what waits is moved along with it")
            clock.back = .zero
            // The next day, as the clock had it, may be years away.
            try await Releaser(context: context).releaseAll()
            context.bells.ringAll()
        } catch {
            // Remembered until the ledger takes it.
            context.note(error)
        }
    }
}

/// Tells a calendar clock that was set from one that runs.
struct ClockWatch: Sendable {
    private var wall: Date
    private var uptime: Duration
    private var forward = Duration.zero
    /// How far it was set back since that was last allowed for.
    var back = Duration.zero
    /// What clocks that are steered gently may differ by.
    private static let tolerance = Duration.seconds(5)

    init(wall: Date, uptime: Duration) {
        self.wall = wall
        self.uptime = uptime
    }

    /// Notes how far the clock was set since the last look, if it did not only run.
    mutating func look(wall now: Date, uptime nowUptime: Duration) {
        let jump = Duration.seconds(now.timeIntervalSince(wall)) - (nowUptime - uptime)
        (wall, uptime) = (now, nowUptime)
        if jump > Self.tolerance { forward += jump }
        if jump < .zero - Self.tolerance { back += .zero - jump }
    }

    /// How far it was set forward since this was last asked; nil where it was not.
    mutating func takeForward() -> Duration? {
        defer { forward = .zero }
        return forward > .zero ? forward : nil
    }
}
