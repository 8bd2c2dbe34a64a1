import Foundation
import Jobs
import Synchronization
import Testing

@testable import Pipeline

@Suite("A clock that is set, and limits that are learned", .timeLimit(.minutes(1)))
struct ClockTests {
    private static let day = 86_400.0

    private final class SetClock: Sendable {
        private let offset = Mutex(TimeInterval(0))
        var now: TimeInterval { offset.withLock { $0 } }
        func set(by seconds: TimeInterval) { offset.withLock { $0 += seconds } }
    }

    private func fixture(_ skew: SetClock) throws -> PipelineFixture {
        try PipelineFixture(skew: { skew.now })
    }

    @Test(arguments: [day, -day, 3650 * day, -3650 * day])
    func `What waited seconds waits seconds, however far the clock is set`(jump: TimeInterval) async throws {
        let skew = SetClock()
        let fixture = try fixture(skew)
        let context = fixture.context
        var memory = Gatekeeper(context: context).beginning
        let before = try await fixture.generating(fixture.claimedJob("before"))
        try await fixture.after(
            .polled(status: nil, reason: nil, nextPoll: context.time.now() + 15), on: before)
        skew.set(by: jump)
        // Between the jump and the look at the clock.
        let after = try await fixture.generating(fixture.claimedJob("after"))
        _ = try await fixture.store.record(
            .polled(status: nil, reason: nil, nextPoll: context.time.now() + 15), on: after, at: context.time.now())
        await Gatekeeper(context: context).look(&memory)
        for job in [before, after] {
            #expect(try await fixture.now(job).due <= context.time.now() + 15)
        }
    }

    @Test func `A jump is remembered until the ledger takes it`() async throws {
        let skew = SetClock()
        let fixture = try fixture(skew)
        let troubled = TroubledStore(fixture.store)
        let context = fixture.restarted(over: troubled)
        var memory = Gatekeeper(context: context).beginning
        let job = try await fixture.generating(fixture.claimedJob())
        try await fixture.after(.polled(status: nil, reason: nil, nextPoll: context.time.now() + 15), on: job)
        troubled.set(.readOnly)
        skew.set(by: -Self.day)
        await Gatekeeper(context: context).look(&memory)
        troubled.set(nil)
        await Gatekeeper(context: context).look(&memory)
        #expect(try await fixture.now(job).due == context.time.now() + 15)
        await Gatekeeper(context: context).look(&memory)
        #expect(try await fixture.now(job).due == context.time.now() + 15, "once")
    }

    @Test func `A hold until a tomorrow that is years away is looked at again`() async throws {
        let skew = SetClock()
        let fixture = try fixture(skew)
        let context = fixture.context
        skew.set(by: 3650 * Self.day)
        var memory = Gatekeeper(context: context).beginning
        let job = try await fixture.after(
            .held(Hold(reason: .budget, until: context.time.now() + Self.day)), on: fixture.claimedJob())
        skew.set(by: -3650 * Self.day)
        await Gatekeeper(context: context).look(&memory)
        #expect(try await fixture.state(job) == .queued)
    }

    @Test func `A clock that runs, or is steered, was not set`() {
        var watch = ClockWatch(wall: Date(timeIntervalSince1970: 0), uptime: .zero)
        watch.look(wall: Date(timeIntervalSince1970: 14), uptime: .seconds(10))
        #expect(watch.back == .zero)
        #expect(Self.forward(&watch) == nil)
        watch.look(wall: Date(timeIntervalSince1970: 100), uptime: .seconds(20))
        #expect(Self.forward(&watch) == .seconds(76))
        #expect(Self.forward(&watch) == nil)
        watch.look(wall: Date(timeIntervalSince1970: 50), uptime: .seconds(30))
        watch.look(wall: Date(timeIntervalSince1970: 10), uptime: .seconds(40))
        #expect(watch.back == .seconds(110))
    }

    private static func forward(_ watch: inout ClockWatch) -> Duration? { watch.takeForward() }

    @Test func `After a refusal no more go out than were under way; after a while one more is tried`() {
        var congestion = Congestion()
        #expect(congestion.limit == nil)
        congestion.refused(accepted: 5, at: .zero)
        #expect(congestion.limit == 5)
        congestion.accepted(5, at: .seconds(29))
        #expect(congestion.limit == 5)
        congestion.accepted(4, at: .seconds(30))
        #expect(congestion.limit == 5, "it is not used up")
        congestion.accepted(5, at: .seconds(30))
        #expect(congestion.limit == 6)
        congestion.accepted(6, at: .seconds(31))
        #expect(congestion.limit == 6)
        congestion.refused(accepted: 0, at: .seconds(40))
        #expect(congestion.limit == 1, "never none")
    }
}
