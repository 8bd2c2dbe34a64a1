import Foundation
import Jobs
import Testing

@testable import Pipeline

@Suite("Gates as a value")
final class GateStatesTests {
    private var states = GateStates(firstWait: .seconds(10))
    private let date = Date(timeIntervalSince1970: 1_800_000_000)

    private func change<Value>(_ work: (inout GateStates) -> Value) -> Value { work(&states) }

    @discardableResult
    private func close(
        _ gate: Gate, stops: Set<Work> = [], retryAfter: Duration? = nil, at now: Duration = .zero
    ) -> GateStates.Closing {
        states.close(
            gate, reason: "\(gate) is in trouble", stops: stops, retryAfter: retryAfter, at: now,
            on: date + now.seconds)
    }

    @Test func `A closed gate stops what needs it, and nothing else`() {
        close(.credit)
        #expect(states.admission(.submit, at: .zero) == .closed(until: .seconds(10)))
        for work in Work.allCases where work != .submit { #expect(states.admission(work, at: .zero) == .open) }
        close(.inbox)
        #expect(states.admission(.deliver, at: .zero) == .open, "what is paid for is fetched")
        #expect(states.admission(.intake, at: .zero) == .closed(until: .seconds(10)))
        #expect(states.closed.map(\.gate) == [.credit, .inbox])
    }

    @Test func `When its time has come, one step at a time is let through`() {
        close(.key)
        #expect(!change { $0.beginProbe(.submit, at: .seconds(9)) })
        #expect(states.admission(.submit, at: .seconds(10)) == .probe)
        #expect(change { $0.beginProbe(.submit, at: .seconds(10)) })
        #expect(!change { $0.beginProbe(.submit, at: .seconds(10)) })
        #expect(states.admission(.submit, at: .seconds(10)) == .closed(until: .seconds(11)))
    }

    @Test func `Each probe in vain doubles the wait, up to five minutes`() {
        close(.key)
        var now = Duration.seconds(10)
        for wait in [20, 40, 80, 160, 300, 300, 300] {
            #expect(change { $0.beginProbe(.submit, at: now) })
            #expect(close(.key, at: now) == .known)
            states.endProbe(.submit, at: now)
            #expect(states.admission(.submit, at: now) == .closed(until: now + .seconds(wait)))
            now += .seconds(wait)
        }
    }

    @Test func `A probe that never reached the API makes nobody wait longer`() {
        close(.key)
        #expect(change { $0.beginProbe(.submit, at: .seconds(10)) })
        states.endProbe(.submit, at: .seconds(10))
        #expect(states.admission(.submit, at: .seconds(10)) == .probe)
    }

    @Test func `It waits as long as the other side asks`() {
        close(.rate, retryAfter: .seconds(42))
        #expect(states.admission(.submit, at: .zero) == .closed(until: .seconds(42)))
        close(.rate, retryAfter: .seconds(90), at: .seconds(1))
        #expect(states.admission(.submit, at: .seconds(42)) == .closed(until: .seconds(91)))
        close(.rate, retryAfter: .seconds(1), at: .seconds(2))
        #expect(states.admission(.submit, at: .seconds(42)) == .closed(until: .seconds(91)), "the longer wish holds")
    }

    @Test func `A success opens what it was begun after`() {
        let before = states.moment
        close(.credit)
        #expect(
            change { $0.succeeded(.submit, begun: before, at: .seconds(1)) }.isEmpty, "it was begun before the trouble")
        #expect(states.isClosed(.credit))
        let after = states.moment
        let opened = states.succeeded(.submit, begun: after, at: .seconds(10))
        #expect(opened.map(\.gate.gate) == [.credit])
        #expect(opened.map(\.wasTold) == [true])
        #expect(states.admission(.submit, at: .seconds(10)) == .open)
    }

    @Test func `A gate that closes again at once is no news, and waits longer`() {
        #expect(close(.key) == .news)
        _ = states.open(.key, at: .seconds(10))
        #expect(close(.key, at: .seconds(12)) == .again)
        #expect(states.admission(.submit, at: .seconds(12)) == .closed(until: .seconds(32)))
        let opening = states.open(.key, at: .seconds(32))
        #expect(opening?.wasTold == false && opening?.wasLogged == false, "nobody has heard that it was closed")
        #expect(close(.key, at: .seconds(500)) == .news)
    }

    @Test func `One that closed again and stays closed is told after all`() {
        close(.credit)
        #expect(change { $0.lasting(longerThan: 300, on: date + 300) }.isEmpty, "told at once")
        _ = states.open(.credit, at: .seconds(10))
        close(.credit, at: .seconds(11))
        #expect(change { $0.lasting(longerThan: 300, on: date + 310) }.isEmpty)
        #expect(change { $0.lasting(longerThan: 300, on: date + 311) }.map(\.gate) == [.credit])
        #expect(change { $0.lasting(longerThan: 300, on: date + 900) }.isEmpty, "once")
    }

    @Test func `What opens by itself is told only when it lasts`() {
        close(.api)
        #expect(change { $0.lasting(longerThan: 300, on: date + 299) }.isEmpty)
        #expect(change { $0.lasting(longerThan: 300, on: date + 300) }.map(\.gate) == [.api])
    }

    @Test func `A look opens what can be looked at; no step is let through before`() {
        close(.outbox)
        #expect(states.dueChecks(at: .seconds(9)).isEmpty)
        #expect(states.dueChecks(at: .seconds(10)) == [.outbox])
        #expect(states.admission(.deliver, at: .seconds(10)) == .closed(until: .seconds(11)))
        states.postpone(.outbox, at: .seconds(10))
        #expect(states.nextCheck == .seconds(30))
        #expect(change { $0.open(.outbox, at: .seconds(30)) }?.gate.gate == .outbox)
        #expect(states.admission(.deliver, at: .seconds(30)) == .open)
    }

    @Test func `While one gate can only be looked at, nothing is tried for another`() {
        close(.credit)
        close(.disk)
        #expect(!change { $0.beginProbe(.submit, at: .seconds(100)) })
        _ = states.open(.disk, at: .seconds(100))
        #expect(change { $0.beginProbe(.submit, at: .seconds(100)) })
    }

    @Test func `A poll that is answered lets polls go on, and one request try`() {
        close(.api, stops: [.submit, .poll, .lookUp])
        #expect(states.admission(.poll, at: .zero) == .closed(until: .seconds(10)))
        #expect(change { $0.beginProbe(.poll, at: .seconds(10)) })
        #expect(states.admission(.lookUp, at: .seconds(10)) == .closed(until: .seconds(11)), "one at a time")
        #expect(change { $0.succeeded(.poll, begun: $0.moment, at: .seconds(10)) }.isEmpty)
        #expect(states.admission(.lookUp, at: .seconds(10)) == .open)
        #expect(states.isClosed(.api), "that it takes requests is not shown")
        #expect(change { $0.beginProbe(.submit, at: .seconds(10)) })
        states.endProbe(.poll, at: .seconds(10))
        #expect(states.admission(.submit, at: .seconds(11)) != .probe, "the request is still under way")
    }

    @Test func `What was closed before a restart is tried at once and not told again`() {
        states.restore(ClosedGate(gate: .credit, since: date, reason: "no credit"), isTold: true, at: .zero)
        #expect(states.admission(.submit, at: .zero) == .probe)
        #expect(close(.credit) == .known)
        #expect(change { $0.lasting(longerThan: 300, on: date + 9999) }.isEmpty)
        #expect(change { $0.open(.credit, at: .zero) }?.wasTold == true)
    }
}
