import Foundation
import Jobs
import TestKit
import Testing

/// A seeded source of chance, so that a life that breaks a rule can be lived again.
struct SplitMix64: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// What an onlooker with a notebook knows of one job, told only the events that were accepted.
private struct Onlooker {
    /// A POST is under way or was taken, and nothing has shown yet that it costs nothing.
    var mayBeBilled = false
    var isCharged = false
    var posts = 0
    var deferred = 0
    var usedIDs: Set<ClientRequestID> = []

    mutating func see(_ event: JobEvent, from before: Job, to after: Job) {
        #expect(after.version == before.version + 1)
        #expect((after.id, after.created, after.priority) == (before.id, before.created, before.priority))
        #expect(after.drop == before.drop && after.request == before.request && after.wishedName == before.wishedName)
        #expect(before.state.name != .delivered && before.state.name != .cancelled, "nothing follows a final state")

        switch event {
        case .submissionStarted(let id, _):
            #expect(!mayBeBilled, "a second POST while the first may be billed")
            #expect(!isCharged, "a POST for what is paid for")
            #expect(usedIDs.insert(id).inserted, "a client request id used twice")
            mayBeBilled = true
            posts += 1
        case .submissionDeferred:
            deferred += 1
            mayBeBilled = false
        // The admin took the risk upon himself.
        case .submissionRefused, .foundUnbilled, .submissionFailed, .resubmitted:
            mayBeBilled = false
        case .generationFailed where !isCharged:
            mayBeBilled = false
        case .completed:
            isCharged = true
        case .cancelled:
            #expect(!mayBeBilled && !isCharged, "money was under way")
        default:
            break
        }
        if before.state.name == .unconfirmed, after.state.name == .queued {
            #expect(event == .foundUnbilled || event.name == .resubmitted)
        }
        if after.state.name == .reusing { #expect(after.state.cost == nil && !mayBeBilled) }
        if mayBeBilled || isCharged { #expect(after.state.cost != nil, "money under way that no budget counts") }
        if after.state.name == .queued { #expect(!mayBeBilled && !isCharged) }
        if isCharged { #expect(after.state.generation?.completed != nil, "a charge forgotten") }
        #expect(after.attempts == posts - deferred)
        #expect(after.updated >= before.updated)
    }
}

@Suite("Random lives")
struct RandomLivesTests {
    @Test("never break a rule of the money", arguments: 1...8)
    func keepTheRules(seed: Int) {
        var chance = SplitMix64(seed: UInt64(seed))
        var accepted = 0
        var ends: Set<JobState.Name> = []
        for number in 1...400 {
            var job = Job.sample(.queued, number)
            var onlooker = Onlooker()
            for step in 1...Int.random(in: 1...150, using: &chance) {
                let now = Date.sample + Double(step)
                let name = JobEvent.Name.allCases.randomElement(using: &chance) ?? .polled
                // Else most lives would end before they have begun.
                if name == .cancelled, !Int.random(in: 0..<20, using: &chance).isMultiple(of: 20) { continue }
                let event: JobEvent =
                    name == .submissionStarted
                    ? .submissionStarted(job.nextClientRequestID) : .sample(name, number, at: now)
                guard let next = try? job.applying(event, at: now) else { continue }
                onlooker.see(event, from: job, to: next)
                job = next
                accepted += 1
            }
            ends.insert(job.state.name)
        }
        #expect(accepted > 2_000, "the lives are long enough to mean something")
        #expect(ends.isSuperset(of: [.cancelled, .delivered, .failed, .generating]))
    }
}
