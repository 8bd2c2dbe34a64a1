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

    /// What a closing is to people.
    enum Closing: Hashable, Sendable {
        case news
        /// It had opened only a moment before: that trouble has not been over.
        case again
        /// It was closed already.
        case known
    }

    /// A gate that has opened, as people are told of it.
    struct Opening: Hashable, Sendable {
        let gate: ClosedGate
        /// Whether the log, and whether the admin, has heard that it was closed.
        let (wasLogged, wasTold): (Bool, Bool)
    }

    /// How often trouble was met so far. What was begun before the last of it proves nothing about it.
    struct Moment: Hashable, Sendable { fileprivate let troubles: Int }

    private struct Closure {
        let since: Date
        var reason: String
        var stops: Set<Work>
        /// Whether only questions have met the trouble, so that the next one that is answered shows that it is over.
        var isAQuestions: Bool
        var wait: Duration
        var nextProbe: Duration
        /// When it was last met, as a `Moment`.
        var met: Int
        /// What `met` was when the probe under way began; nil while none is.
        var probed: Int?
        var isLogged: Bool
        var isTold: Bool
    }

    /// Wait before the first probe; each that fails doubles it.
    private let firstWait: Duration
    private static let longestWait = Duration.seconds(300)

    private var closures: [Gate: Closure] = [:]
    /// When each was last open again, and how long its probes had to wait then.
    private var reopened: [Gate: (at: Duration, wait: Duration)] = [:]
    private var troubles = 0

    init(firstWait: Duration) { self.firstWait = firstWait }

    /// Those closed, in the order in which they closed.
    var closed: [ClosedGate] {
        closures.map { ClosedGate(gate: $0.key, since: $0.value.since, reason: $0.value.reason) }
            .sorted { ($0.since, $0.gate.rawValue) < ($1.since, $1.gate.rawValue) }
    }

    func isClosed(_ gate: Gate) -> Bool { closures[gate] != nil }

    /// To be taken before a step that may show that all is well.
    var moment: Moment { Moment(troubles: troubles) }

    // MARK: Asking

    /// Whether a step for a job of that inbox may be taken; for nil, what stands before the jobs of all.
    func admission(_ work: Work, in inbox: InboxName? = .unnamed, at now: Duration) -> Admission {
        let inTheWay = closures.filter {
            $0.value.stops.contains(work) && ($0.key.inbox == nil || $0.key.inbox == inbox)
        }
        guard !inTheWay.isEmpty else { return .open }
        let until = inTheWay.values.map(\.nextProbe).max() ?? now
        if inTheWay.contains(where: { $0.key.isChecked || $0.value.probed != nil }) {
            return .closed(until: max(until, now + .seconds(1)))
        }
        return until <= now ? .probe : .closed(until: until)
    }

    /// The inboxes whose own gates stop this work.
    func stopped(_ work: Work) -> Set<InboxName> {
        Set(closures.filter { $0.value.stops.contains(work) }.keys.compactMap(\.inbox))
    }

    /// The checked gates whose time to be looked at has come.
    func dueChecks(at now: Duration) -> [Gate] {
        closures.filter { $0.key.isChecked && $0.value.nextProbe <= now }.map(\.key)
    }

    /// When the next check is due; nil when none is closed that can be checked.
    var nextCheck: Duration? { closures.filter(\.key.isChecked).values.map(\.nextProbe).min() }

    // MARK: What happens

    /// Closes a gate, or notes that it is still closed.
    ///
    /// - Parameters:
    ///   - stops: work that it stops besides all that needs it.
    ///   - work: what met the trouble.
    ///   - retryAfter: how long the other side asks to be left alone.
    mutating func close(
        _ gate: Gate, reason: String, stops: Set<Work> = [], during work: Work? = nil, retryAfter: Duration? = nil,
        at now: Duration, on date: Date
    ) -> Closing {
        troubles += 1
        let isAQuestions = work == .poll || work == .lookUp
        let stopped = stops.union(Work.needing(gate))
        if var closure = closures[gate] {
            closure.reason = reason
            closure.stops.formUnion(stopped)
            closure.met = troubles
            closure.isAQuestions = closure.isAQuestions && isAQuestions
            if let retryAfter { closure.nextProbe = max(closure.nextProbe, now + retryAfter) }
            closures[gate] = closure
            return .known
        }
        let last = reopened[gate].flatMap { now - $0.at < $0.wait * 2 ? $0.wait : nil }
        let wait = last.map { min($0 * 2, Self.longestWait) } ?? firstWait
        let isNews = last == nil
        closures[gate] = Closure(
            since: date, reason: reason, stops: stopped, isAQuestions: isAQuestions, wait: wait,
            nextProbe: now + (retryAfter ?? wait),
            met: troubles, isLogged: isNews, isTold: isNews && gate.needsPerson)
        return isNews ? .news : .again
    }

    /// As an earlier process left it, which has told of it if it was to; the first step tries at once. What met the trouble is no
    /// longer known: key and address may have been put right since, and any answer shows it.
    mutating func restore(_ gate: ClosedGate, isTold: Bool, at now: Duration) {
        closures[gate.gate] = Closure(
            since: gate.since, reason: gate.reason, stops: Work.needing(gate.gate),
            isAQuestions: gate.gate != .credit && gate.gate != .rate, wait: firstWait, nextProbe: now,
            met: troubles, isLogged: true, isTold: isTold)
    }

    /// Reserves the probe for a step. False where there is nothing to probe any more, or somebody else does.
    mutating func beginProbe(_ work: Work, in inbox: InboxName? = .unnamed, at now: Duration) -> Bool {
        guard admission(work, in: inbox, at: now) == .probe else { return false }
        for (gate, closure) in closures where closure.stops.contains(work) && !gate.isChecked {
            closures[gate]?.probed = closure.met
        }
        return true
    }

    /// The step has ended. A gate whose trouble it met is tried again later than the last time; one of which it learned
    /// nothing, because it got no further than the ledger, is left as it was.
    mutating func endProbe(_ work: Work, at now: Duration) {
        for (gate, closure) in closures where closure.stops.contains(work) {
            guard let probed = closure.probed else { continue }
            closures[gate]?.probed = nil
            if closure.met > probed { postpone(gate, at: now) }
        }
    }

    /// A look at it showed that it is as it was.
    mutating func postpone(_ gate: Gate, at now: Duration) {
        guard var closure = closures[gate] else { return }
        closure.wait = min(closure.wait * 2, Self.longestWait)
        closure.nextProbe = max(closure.nextProbe, now + closure.wait)
        closures[gate] = closure
    }

    /// Opens a gate; nil if it was not closed.
    mutating func open(_ gate: Gate, at now: Duration) -> Opening? {
        guard let closure = closures.removeValue(forKey: gate) else { return nil }
        reopened[gate] = (now, closure.wait)
        return Opening(
            gate: ClosedGate(gate: gate, since: closure.since, reason: closure.reason), wasLogged: closure.isLogged,
            wasTold: closure.isTold)
    }

    /// A step that was begun at `moment` has shown that what it needs is well. Gives back what that opened.
    mutating func succeeded(_ work: Work, begun moment: Moment, at now: Duration) -> [Opening] {
        switch work {
        case .submit:
            return [Gate.key, .credit, .api, .rate].compactMap { gate in
                closures[gate].map(\.met) ?? .max <= moment.troubles ? open(gate, at: now) : nil
            }
        case .poll, .lookUp:
            let shown = [Gate.key, .credit, .api].filter { gate in
                closures[gate].map { $0.isAQuestions && $0.met <= moment.troubles } ?? false
            }
            if !shown.isEmpty { return shown.compactMap { open($0, at: now) } }
            // That the API answers questions does not say that it takes requests: the next one will try.
            guard var closure = closures[.api], closure.stops.contains(work), closure.met <= moment.troubles else {
                return []
            }
            closure.stops.subtract([.poll, .lookUp])
            closure.probed = nil
            closure.nextProbe = min(closure.nextProbe, now)
            closures[.api] = closure
            return []
        case .intake, .deliver, .settle, .release: return []
        }
    }

    /// Gates that have been closed for so long that somebody should be told though they may open by themselves.
    mutating func lasting(longerThan limit: TimeInterval, on date: Date) -> [ClosedGate] {
        let lasting = closures.filter { !$0.value.isTold && date.timeIntervalSince($0.value.since) >= limit }.keys
        for gate in lasting {
            closures[gate]?.isTold = true
            closures[gate]?.isLogged = true
        }
        return closed.filter { lasting.contains($0.gate) }
    }
}
