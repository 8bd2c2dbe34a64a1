import Folders
import Foundation
import Jobs
import Synchronization
import TestKit
import Testing
import VideoAPI

@testable import Pipeline

@Suite("Trouble with the world", .timeLimit(.minutes(1)))
struct GatesTests {
    @Test func `Many drops and an empty account: a few are refused, then one at a time, and one notice`() async throws {
        let fixture = try PipelineFixture { $0.maxInFlight = 1000 }
        for number in 1...60 { _ = try await fixture.claimed("shot\(number)") }
        let credit = Mutex(7)
        let times = Mutex<[Duration]>([])
        let (context, clock) = (fixture.context, fixture.clock)
        fixture.api.onSubmit { submission in
            let isPaid = credit.withLock { credit in
                credit -= 1
                return credit >= 0
            }
            if isPaid { return .accepted(.sample(submission.clientRequestID)) }
            times.withLock { $0.append(clock.now.offset) }
            return .notTaken(Trouble(kind: .credit, message: "no credit"))
        }
        let running = Task { await Submitter(context: context).loop.run() }
        /// Lets time pass while the loop sleeps.
        func pass(until isOver: () async throws -> Bool) async throws {
            while try await !isOver() {
                if clock.sleepers > 0 { clock.advance(by: .seconds(1)) }
                await Task.yield()
            }
        }
        // Time does not move before those in the air are down: steps take real time, which the clock would outrun.
        var calm = 0
        while calm < 500 {
            let isOut = try await fixture.store.counts()[.submitting] != nil
            let isCalm = context.gates.isClosed(.credit) && !isOut
            calm = isCalm ? calm + 1 : 0
            await Task.yield()
        }
        // The notice is given after the gate is closed, by a thread that others may overtake.
        try await pass { times.withLock { ($0.last ?? .zero) >= .seconds(300) } && !fixture.notices.kinds.isEmpty }
        let refused = times.withLock { $0 }
        let probes = refused.drop { $0 < .seconds(10) }
        #expect(refused.count - probes.count <= 8, "those in the air")
        for (one, next) in zip(probes, probes.dropFirst()) {
            #expect(next - one >= min(.seconds(300), (one - .zero) / 2), "one at a time, at growing intervals")
        }
        #expect(fixture.notices.kinds == [.gateClosed(.credit)])
        credit.withLock { $0 = 1000 }
        try await pass { try await fixture.store.counts()[.generating] == 60 && fixture.notices.kinds.count > 1 }
        #expect(fixture.notices.kinds == [.gateClosed(.credit), .gateOpened(.credit)])
        #expect(try await fixture.store.counts()[.failed] == nil)
        running.cancel()
        await running.value
    }

    @Test func `A probe that finds another job's video leaves the gate to the next job at once`() async throws {
        let fixture = try PipelineFixture { $0.duplicates = .reuse }
        let original = try await fixture.claimedJob("original", fingerprint: "x")
        _ = try await fixture.generating(original)
        for number in 1...5 { _ = try await fixture.claimed("copy\(number)", fingerprint: "x") }
        _ = try await fixture.claimed("other")
        fixture.context.gates.close(.credit, reason: "no credit")
        fixture.clock.advance(by: .seconds(10))
        let running = Task { [context = fixture.context] in await Submitter(context: context).loop.run() }
        while fixture.api.submissions.isEmpty { await Task.yield() }
        running.cancel()
        await running.value
        #expect(fixture.api.submissions.count == 1)
        #expect(try await fixture.store.counts()[.reusing] == 5)
    }

    @Test func `Who meets trouble that is known wakes nobody`() throws {
        let fixture = try PipelineFixture()
        let gates = fixture.context.gates
        gates.close(.outbox, reason: "gone")
        let rings = (gates.bell.rings, fixture.context.bells[.generated].rings)
        for _ in 1...3 { gates.close(.outbox, reason: "gone") }
        #expect(gates.bell.rings == rings.0)
        #expect(fixture.context.bells[.generated].rings == rings.1)
    }

    @Test func `A loop rests while the outbox is not in its place, and goes on when it is back`() async throws {
        let fixture = try PipelineFixture(hasPlaces: true)
        let job = try await fixture.generated(fixture.claimedJob())
        let outbox = fixture.folder["outbox"].string
        try FileManager.default.moveItem(atPath: outbox, toPath: outbox + ".away")
        let context = fixture.context
        let running = Task { await Deliverer(context: context).loop.run() }
        while !context.gates.isClosed(.outbox) { await Task.yield() }
        // A look at a folder sleeps beside the loop until it is over.
        repeat { await Task.yield() } while fixture.clock.sleepers != 1
        let rings = context.bells[.generated].rings
        for _ in 1...200 { await Task.yield() }
        #expect(context.bells[.generated].rings == rings, "nothing rings")
        #expect(fixture.clock.sleepers == 1)
        try FileManager.default.moveItem(atPath: outbox + ".away", toPath: outbox)
        fixture.clock.advance(by: .seconds(10))
        var memory = Gatekeeper(context: context).beginning
        await Gatekeeper(context: context).look(&memory)
        while try await fixture.state(job) != .delivered { await Task.yield() }
        running.cancel()
        await running.value
        #expect(fixture.notices.kinds == [.gateClosed(.outbox), .gateOpened(.outbox)])
    }

    @Test func `An answer that the ledger would not take reaches it later`() async throws {
        let troubled = Mutex<TroubledStore?>(nil)
        let fixture = try PipelineFixture(wrapping: { store in
            let wrapped = TroubledStore(store)
            troubled.withLock { $0 = wrapped }
            return wrapped
        })
        let store = try #require(troubled.withLock { $0 })
        let jobs = [try await fixture.claimedJob("a"), try await fixture.claimedJob("b")]
        fixture.api.onSubmit { submission in
            store.set(.readOnly)
            return .accepted(.sample(submission.clientRequestID))
        }
        let context = fixture.context
        let loop = Submitter(context: context).loop
        let steps = Task {
            await withTaskGroup(of: Void.self) { group in
                for job in jobs { group.addTask { try? await loop.step(job) } }
            }
        }
        await fixture.clock.waitForSleepers()
        let held = try await fixture.store.counts()[.submitting] ?? 0
        #expect(held >= 1)
        while fixture.clock.sleepers < held { await Task.yield() }
        let refusals = store.refusals
        for _ in 1...200 { await Task.yield() }
        #expect(store.refusals == refusals, "they wait for the ledger, and do not wake each other")
        store.set(nil)
        fixture.clock.advance(by: .seconds(10))
        var memory = Gatekeeper(context: context).beginning
        await Gatekeeper(context: context).look(&memory)
        await steps.value
        #expect(try await fixture.store.counts()[.generating] == held)
        #expect(try await fixture.store.counts()[.submitting] == nil)
    }

    @Test func `Closed gates are in the ledger, and the next process tells nobody again`() async throws {
        let fixture = try PipelineFixture()
        fixture.context.gates.close(.credit, reason: "no credit")
        fixture.context.gates.close(.outbox, reason: "gone")
        fixture.context.gates.close(.disk, reason: "full")
        var memory = Gatekeeper(context: fixture.context).beginning
        await Gatekeeper(context: fixture.context).look(&memory)
        #expect(Set(try await fixture.store.closedGates().map(\.gate)) == [.credit, .outbox, .disk])
        let next = fixture.restarted()
        try await StartUp(context: next).resume()
        #expect(Set(next.gates.closed.map(\.gate)) == [.credit, .outbox])
        #expect(next.gates.admission(.submit) != .open)
        next.gates.close(.credit, reason: "still none")
        #expect(fixture.notices.kinds.count == 3, "what the first process told")
        memory = Gatekeeper(context: next).beginning
        await Gatekeeper(context: next).look(&memory)
        #expect(next.gates.closed.map(\.gate) == [.credit], "the outbox is there")
        #expect(fixture.notices.kinds.last == .gateOpened(.outbox))
    }
}
