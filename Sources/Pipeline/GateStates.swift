import Foundation
import Jobs

/// Which gates are closed, why, and when each is tried again. A value: time comes in as a parameter.
struct GateStates: Sendable {
    /// Whether a step may be taken now.
    enum Admission: Hashable, Sendable {
        case open
        /// One step, which will show whether the trouble is over.
        case probe
        /// Not before then, by uptime; a bell tells if it opens sooner.
        case closed(until: Duration)
    }

    private struct Closure {
        let since: Date
        /// The same by uptime.
        let closed: Duration
        var reason: String
        var stops: Set<Work>
        /// Whether a mere question met the trouble, so that the next one that is answered shows that it is over.
        var isAQuestions: Bool
        var wait: Duration
        var nextProbe: Duration
        var isProbing = false
        var isTold: Bool
    }

    /// Wait before the first probe; each that fails doubles it.
    private let firstWait: Duration
    private static let longestWait = Duration.seconds(300)

    private var closures: [Gate: Closure] = [:]
    /// When each was last open again, and how long its probes had to wait then: trouble that comes back at once has not
    /// been over.
    private var reopened: [Gate: (at: Duration, wait: Duration)] = [:]

    init(firstWait: Duration) { self.firstWait = firstWait }

    /// Those closed, in the order in which they closed.
    var closed: [ClosedGate] {
        closures.map { ClosedGate(gate: $0.key, since: $0.value.since, reason: $0.value.reason) }
            .sorted { ($0.since, $0.gate.rawValue) < ($1.since, $1.gate.rawValue) }
    }

    func isClosed(_ gate: Gate) -> Bool { closures[gate] != nil }

    // MARK: Asking

    func admission(_ work: Work, at now: Duration) -> Admission {
        let inTheWay = closures.filter { $0.value.stops.contains(work) }
        guard !inTheWay.isEmpty else { return .open }
        let until = inTheWay.values.map(\.nextProbe).max() ?? now
        if inTheWay.contains(where: { $0.key.isChecked || $0.value.isProbing }) {
            return .closed(until: max(until, now + .seconds(1)))
        }
        return until <= now ? .probe : .closed(until: until)
    }

    /// The checked gates whose time to be looked at has come.
    func dueChecks(at now: Duration) -> [Gate] {
        closures.filter { $0.key.isChecked && $0.value.nextProbe <= now }.map(\.key)
    }

    /// When the next check is due; nil when none is closed that can be checked.
    var nextCheck: Duration? { closures.filter(\.key.isChecked).values.map(\.nextProbe).min() }

    // MARK: What happens

    /// Closes a gate, or notes that it is still closed. True when this is news for people.
    ///
    /// - Parameters:
    ///   - stops: work that it stops besides all that needs it.
    ///   - work: what met the trouble.
    ///   - retryAfter: how long the other side asks to be left alone.
    mutating func close(
        _ gate: Gate, reason: String, stops: Set<Work> = [], during work: Work? = nil, retryAfter: Duration? = nil,
        at now: Duration, on date: Date
    ) -> Bool {
        let isAQuestions = work == .poll || work == .lookUp
        let stopped = stops.union(Work.allCases.filter { $0.needs.contains(gate) })
        if var closure = closures[gate] {
            closure.reason = reason
            closure.stops.formUnion(stopped)
            closure.isAQuestions = closure.isAQuestions && isAQuestions
            if let retryAfter { closure.nextProbe = max(closure.nextProbe, now + retryAfter) }
            closures[gate] = closure
            return false
        }
        let last = reopened[gate].flatMap { now - $0.at < $0.wait * 2 ? $0.wait : nil }
        let wait = last.map { min($0 * 2, Self.longestWait) } ?? firstWait
        closures[gate] = Closure(
            since: date, closed: now, reason: reason, stops: stopped, isAQuestions: isAQuestions, wait: wait,
            nextProbe: now + (retryAfter ?? wait),
            // What comes back at once is told if it lasts.
            isTold: gate.needsPerson && last == nil)
        return last == nil
    }

    /// As an earlier process left it; the first step tries at once. What met the trouble is no longer known: key and address may
    /// have been put right since, and any answer shows it.
    mutating func restore(_ gate: ClosedGate, at now: Duration) {
        closures[gate.gate] = Closure(
            since: gate.since, closed: now, reason: gate.reason,
            stops: Set(Work.allCases.filter { $0.needs.contains(gate.gate) }),
            isAQuestions: gate.gate != .credit && gate.gate != .rate, wait: firstWait,
            nextProbe: now, isTold: true)
    }

    /// A step that was let through has begun.
    mutating func beginProbe(_ work: Work) {
        for gate in closures.keys where closures[gate]?.stops.contains(work) == true {
            closures[gate]?.isProbing = true
        }
    }

    /// It has ended. What is still closed then is tried again later than the last time.
    mutating func endProbe(_ work: Work, at now: Duration) {
        for gate in closures.keys
        where closures[gate]?.isProbing == true && closures[gate]?.stops.contains(work) == true {
            closures[gate]?.isProbing = false
            postpone(gate, at: now)
        }
    }

    /// A look at it showed that it is as it was.
    mutating func postpone(_ gate: Gate, at now: Duration) {
        guard var closure = closures[gate] else { return }
        closure.wait = min(closure.wait * 2, Self.longestWait)
        closure.nextProbe = max(closure.nextProbe, now + closure.wait)
        closures[gate] = closure
    }

    /// What was closed, and whether people were told of it.
    struct Opened: Hashable, Sendable {
        let gate: ClosedGate
        let wasTold: Bool
    }

    /// Opens a gate; what was closed, if it was.
    mutating func open(_ gate: Gate, at now: Duration) -> Opened? {
        guard let closure = closures.removeValue(forKey: gate) else { return nil }
        reopened[gate] = (now, closure.wait)
        return Opened(
            gate: ClosedGate(gate: gate, since: closure.since, reason: closure.reason), wasTold: closure.isTold)
    }

    /// A step has shown that what it needs is well. Gives back what that opened.
    ///
    /// - Parameter begun: when the step began: one that was under way when a gate closed shows nothing about what closed it, for
    ///   the last of the credit may have been its own.
    mutating func succeeded(_ work: Work, begun: Duration, at now: Duration) -> [Opened] {
        switch work {
        case .submit:
            let shown = [Gate.key, .credit, .api, .rate].filter { closures[$0].map { $0.closed <= begun } ?? false }
            return shown.compactMap { open($0, at: now) }
        case .poll, .lookUp:
            let shown = [Gate.key, .credit, .api].filter { gate in
                closures[gate].map { $0.isAQuestions && $0.closed <= begun } ?? false
            }
            if !shown.isEmpty { return shown.compactMap { open($0, at: now) } }
            // That the API answers questions does not say that it takes requests: the next one will try.
            guard var closure = closures[.api], closure.stops.contains(work) else { return [] }
            closure.stops.subtract([.poll, .lookUp])
            closure.isProbing = false
            closure.nextProbe = min(closure.nextProbe, now)
            closures[.api] = closure
            return []
        case .intake, .deliver, .settle, .release: return []
        }
    }

    /// Gates that have been closed for so long that somebody should be told though they may open by themselves.
    mutating func lasting(longerThan limit: TimeInterval, on date: Date) -> [ClosedGate] {
        let lasting = closures.filter { !$0.value.isTold && date.timeIntervalSince($0.value.since) >= limit }.keys
        for gate in lasting { closures[gate]?.isTold = true }
        return closed.filter { lasting.contains($0.gate) }
    }
}
