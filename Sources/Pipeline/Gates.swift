import Folders
import Foundation
import Jobs
import Logging
import Synchronization
import SystemPackage
import VideoAPI

/// The gates of this process: closed by whatever meets trouble, opened by whatever shows that it is over.
///
/// People hear of each closing and opening once: in the log, in `status`, in `status.json` and through the notification hook.
package final class Gates: Sendable {
    private let states: Mutex<GateStates>
    private let time: Timekeeper
    private let logger: Logger
    private let notify: @Sendable (Notice) -> Void
    private let changed: @Sendable () -> Void
    /// Rung at each change.
    let bell = Bell()
    /// What was free where a disk was found full, so that it can be seen when there is more; by the gate that it closed.
    private let fullDisks = Mutex<[Gate: [FilePath: FreeSpace]]>([:])

    init(
        firstWait: Duration, time: Timekeeper, logger: Logger, notify: @escaping @Sendable (Notice) -> Void,
        changed: @escaping @Sendable () -> Void
    ) {
        self.changed = changed
        states = Mutex(GateStates(firstWait: firstWait))
        self.time = time
        self.logger = logger
        self.notify = notify
    }

    package var closed: [ClosedGate] { states.withLock(\.closed) }
    func isClosed(_ gate: Gate) -> Bool { states.withLock { $0.isClosed(gate) } }
    /// Whether a step for a job of that inbox may be taken; for nil, what stands before the jobs of all.
    func admission(_ work: Work, in inbox: InboxName? = .unnamed) -> GateStates.Admission {
        states.withLock { $0.admission(work, in: inbox, at: time.uptime()) }
    }
    func stopped(_ work: Work) -> Set<InboxName> { states.withLock { $0.stopped(work) } }
    func dueChecks() -> [Gate] { states.withLock { $0.dueChecks(at: time.uptime()) } }

    /// How long until the next check is due.
    func timeToNextCheck() -> Duration? { states.withLock(\.nextCheck).map { max(.zero, $0 - time.uptime()) } }

    /// Only a gate that was open wakes anybody: those who wait would else wake each other as long as it is closed.
    func close(
        _ gate: Gate, reason: String, stops: Set<Work> = [], during work: Work? = nil, retryAfter: Duration? = nil
    ) {
        let (uptime, now) = (time.uptime(), time.now())
        let closing = states.withLock {
            $0.close(
                gate, reason: reason, stops: stops, during: work, retryAfter: retryAfter, at: uptime, on: now)
        }
        switch closing {
        case .known: logger.debug("still waiting for \(gate.rawValue): \(reason)")
        case .again:
            logger.debug("waiting again for \(gate.rawValue): \(reason)")
            ring()
        case .news:
            warn(of: gate, reason)
            if gate.needsPerson { notify(Notice(.gateClosed(gate), message: reason, at: now)) }
            ring()
        }
    }

    private func warn(of gate: Gate, _ reason: String) {
        logger.warning("waiting for \(gate.lacking): \(reason)", metadata: ["gate": "\(gate.rawValue)"])
    }

    func open(_ gate: Gate) {
        let opening = states.withLock { $0.open(gate, at: time.uptime()) }
        if let opening { tell([opening]) }
    }
    func postpone(_ gate: Gate) { states.withLock { $0.postpone(gate, at: time.uptime()) } }

    /// To be taken before a step that may show that all is well.
    var moment: GateStates.Moment { states.withLock(\.moment) }
    func succeeded(_ work: Work, begun moment: GateStates.Moment) {
        let (wasClosed, opened) = states.withLock { states in
            (!states.closed.isEmpty, states.succeeded(work, begun: moment, at: time.uptime()))
        }
        tell(opened)
        // Less may be stopped now, though nothing has opened.
        if wasClosed, opened.isEmpty { ring() }
    }
    func beginProbe(_ work: Work, in inbox: InboxName? = .unnamed) -> Bool {
        states.withLock { $0.beginProbe(work, in: inbox, at: time.uptime()) }
    }
    func endProbe(_ work: Work) {
        states.withLock { $0.endProbe(work, at: time.uptime()) }
        ring()
    }
    /// There was nothing to try it with.
    func leaveProbe(_ work: Work) { states.withLock { $0.endProbe(work, at: time.uptime()) } }

    private func ring() {
        bell.ring()
        changed()
    }

    /// Takes over what an earlier process knew, so that nobody is told twice.
    func restore(_ gates: [ClosedGate]) {
        let (uptime, now) = (time.uptime(), time.now())
        states.withLock { states in
            for gate in gates {
                let isTold = gate.gate.needsPerson || now.timeIntervalSince(gate.since) >= Self.patience
                states.restore(gate, isTold: isTold, at: uptime)
            }
        }
    }

    /// Tells of gates that have stayed closed though they usually open by themselves, or seemed to have opened.
    func tellOfLasting() {
        let now = time.now()
        for gate in states.withLock({ $0.lasting(longerThan: Self.patience, on: now) }) {
            warn(of: gate.gate, gate.reason)
            notify(Notice(.gateClosed(gate.gate), message: gate.reason, at: now))
        }
    }

    /// Seconds.
    private static let patience: TimeInterval = 300

    /// Whoever has heard that a gate was closed hears that it is open.
    private func tell(_ opened: [GateStates.Opening]) {
        guard !opened.isEmpty else { return }
        let now = time.now()
        for opening in opened {
            let gate = opening.gate
            let message =
                "\(gate.gate.restored) after \(now.timeIntervalSince(gate.since).inWords); work goes on"
            if opening.wasLogged { logger.notice("\(message)", metadata: ["gate": "\(gate.gate.rawValue)"]) }
            if opening.wasTold { notify(Notice(.gateOpened(gate.gate), message: message, at: now)) }
        }
        ring()
    }
}

extension Gates {
    /// Closes the gate that an error of the file system speaks of. False where it is about the one file.
    func close(by error: FileError, in places: [(gate: Gate, root: FilePath)]) -> Bool {
        let place = places.first { error.path.starts(with: $0.root) }
        switch error.meaning {
        case .diskFull:
            let path = place?.root ?? error.path.removingLastComponent()
            let gate = Gate.disk(of: place?.gate.inbox ?? .unnamed)
            fullDisks.withLock { $0[gate, default: [:]][path] = try? FileSystem.space(of: path) }
            close(gate, reason: "the disk of \(path) is full (\(error)). Free some space; Hotreel goes on by itself.")
            return true
        case .shareGone, .readOnly:
            guard let place else { return false }
            close(
                place.gate,
                reason:
                    "\(place.gate.lacking) does not work (\(error)). Check the share; Hotreel goes on by itself.")
            return true
        case .denied, .other: return false
        }
    }

    /// Whether there is more room than there was on every disk that closed this gate.
    func hasMoreSpace(_ gate: Gate) -> Bool {
        let full = fullDisks.withLock { $0[gate] ?? [:] }
        let stillFull = full.filter { path, then in
            guard let now = try? FileSystem.space(of: path) else { return true }
            let hasBytes = now.bytes > then.bytes + (1 << 20)
            let hasFiles = now.files.map { $0 > (then.files ?? 0) && then.files ?? 1 < 16 } ?? false
            return !hasBytes && !hasFiles
        }
        fullDisks.withLock { $0[gate] = $0[gate]?.filter { stillFull.keys.contains($0.key) } }
        return stillFull.isEmpty
    }

    /// What the API's answer to a request that it did not take says about the world.
    func close(by trouble: Trouble, during work: Work) {
        switch trouble.kind {
        case .unreachable:
            close(
                .api, reason: trouble.message, stops: [.submit, .poll, .lookUp], during: work,
                retryAfter: trouble.retryAfter)
        case .key: close(.key, reason: trouble.message, during: work, retryAfter: trouble.retryAfter)
        case .credit: close(.credit, reason: trouble.message, during: work, retryAfter: trouble.retryAfter)
        // A poll that comes too often or meets a bad day is simply asked again later.
        case .rate where work == .submit: close(.rate, reason: trouble.message, retryAfter: trouble.retryAfter)
        case .api where work == .submit: close(.api, reason: trouble.message, retryAfter: trouble.retryAfter)
        case .rate, .api, .files, .changed: break
        }
    }
}

extension TimeInterval {
    /// `40 s`, `5 min`, `3 h`, `2 days`.
    package var inWords: String {
        switch self {
        case ..<120: "\(Int(Swift.max(0, self))) s"
        case ..<7200: "\(Int(self / 60)) min"
        case ..<172_800: "\(Int(self / 3600)) h"
        default: "\(Int(self / 86_400)) days"
        }
    }
}
