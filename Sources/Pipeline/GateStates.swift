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
        var reason: String
        var stops: Set<Work>
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
    ///   - retryAfter: how long the other side asks to be left alone.
    mutating func close(
        _ gate: Gate, reason: String, stops: Set<Work> = [], retryAfter: Duration? = nil, at now: Duration,
        on date: Date
    ) -> Bool {
        let stopped = stops.union(Work.allCases.filter { $0.needs.contains(gate) })
        if var closure = closures[gate] {
            closure.reason = reason
            closure.stops.formUnion(stopped)
            if let retryAfter { closure.nextProbe = max(closure.nextProbe, now + retryAfter) }
            closures[gate] = closure
            return false
        }
        let last = reopened[gate].flatMap { now - $0.at < $0.wait * 2 ? $0.wait : nil }
        let wait = last.map { min($0 * 2, Self.longestWait) } ?? firstWait
        closures[gate] = Closure(
            since: date, reason: reason, stops: stopped, wait: wait, nextProbe: now + (retryAfter ?? wait),
            isTold: gate.needsPerson)
        return last == nil
    }

    /// As an earlier process left it; the first step tries at once.
    mutating func restore(_ gate: ClosedGate, at now: Duration) {
        closures[gate.gate] = Closure(
            since: gate.since, reason: gate.reason, stops: Set(Work.allCases.filter { $0.needs.contains(gate.gate) }),
            wait: firstWait, nextProbe: now, isTold: true)
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

    /// Opens a gate; what was closed, if it was.
    mutating func open(_ gate: Gate, at now: Duration) -> ClosedGate? {
        guard let closure = closures.removeValue(forKey: gate) else { return nil }
        reopened[gate] = (now, closure.wait)
        return ClosedGate(gate: gate, since: closure.since, reason: closure.reason)
    }

    /// A step has shown that what it needs is well. Gives back what that opened.
    mutating func succeeded(_ work: Work, at now: Duration) -> [ClosedGate] {
        switch work {
        case .submit: return [.key, .credit, .api, .rate].compactMap { open($0, at: now) }
        case .poll, .lookUp:
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
