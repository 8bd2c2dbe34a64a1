import Foundation
import Jobs
import TestKit
import Testing

@Suite("The life of a job")
struct JobLifeTests {
    let now = Date.sample + 100

    @Test("is the documented one, for every state and every event", arguments: Standing.all, JobEvent.Name.allCases)
    func isTheDocumentedOne(_ standing: Standing, _ event: JobEvent.Name) throws {
        let job = standing.job
        let expected = try LifeTable().next[.init(state: standing.testDescription, event: event)]
        do {
            let next = try job.applying(.sample(event, at: now), at: now)
            #expect(next.state.name == expected)
            #expect(next.version == job.version + 1)
            #expect(next.updated == now)
        } catch {
            #expect(expected == nil, "\(error)")
            #expect((error.job, error.state, error.event) == (job.id, job.state.name, event))
        }
    }

    @Test("is documented without states that there are not")
    func documentsOnlyWhatIs() throws {
        let states = Set(try LifeTable().next.keys.map(\.state))
        #expect(states.isSubset(of: Standing.all.map(\.testDescription)))
        #expect(Set(Standing.all.map(\.job.state.name)) == Set(JobState.Name.allCases))
    }

    @Test("counts the POSTs that may have been taken, not the deferred ones")
    func attempts() throws {
        let submitting = try Job.sample().applying(.sample(.submissionStarted), at: now)
        #expect(submitting.attempts == 1)
        #expect(try submitting.applying(.sample(.submissionDeferred), at: now).attempts == 0)
        #expect(try submitting.applying(.sample(.submissionRefused), at: now).attempts == 1)
        let queuedAgain = try Job.sample(.unconfirmed).applying(.foundUnbilled, at: now)
        #expect(queuedAgain.attempts == 1)
        #expect(try queuedAgain.applying(.sample(.submissionStarted), at: now).attempts == 2)
    }

    @Test(
        "says why a job waits and until when",
        arguments: [
            (.submitting, .submissionDeferred, "too many at once"), (.submitting, .submissionUnconfirmed, "no answer"),
            (.unconfirmed, .stillUnconfirmed, "not in the log yet"),
            (.generated, .linkExpired, "the link had expired"), (.generated, .deliveryPostponed, "the outbox is gone"),
            (.reusing, .deliveryPostponed, "the outbox is gone"), (.queued, .held, "today's budget is used up"),
        ] as [(JobState.Name, JobEvent.Name, String)])
    func reasons(state: JobState.Name, event: JobEvent.Name, reason: String) throws {
        let waiting = try Job.sample(state).applying(.sample(event, at: now), at: now)
        #expect(waiting.reason == reason)
        #expect(waiting.due == now + 60)
    }

    @Test("forgets the reason, and is due at once, when things go well again")
    func reasonsAreCleared() throws {
        let deferred = try Job.sample(.submitting).applying(.sample(.submissionDeferred), at: now)
        let submitting = try deferred.applying(.sample(.submissionStarted), at: now + 90)
        #expect(submitting.reason == nil)
        #expect(submitting.due == now + 90)
        let troubled = try Job.sample(.generating).applying(
            .polled(status: nil, reason: "the API is down", nextPoll: now + 15), at: now)
        #expect(troubled.reason == "the API is down")
        #expect(troubled.state == Job.sample(.generating).state, "a poll that failed changes nothing else")
        #expect(try troubled.applying(.sample(.polled), at: now).reason == nil)
    }

    @Test("remembers each failure in words")
    func failures() throws {
        for (state, event) in [
            (.submitting, .submissionRefused), (.generating, .generationFailed), (.generated, .deliveryFailed),
        ] as [(JobState.Name, JobEvent.Name)] {
            #expect(try Job.sample(state).applying(.sample(event), at: now).reason == "it could not be done")
        }
        #expect(Job.sampleRejection().reason == "it could not be done")
    }

    @Test("fetches on a retry what was paid for, and submits only what was not")
    func retries() throws {
        let paid = try Job.samplePaidFailure().applying(.retried, at: now)
        #expect(paid.state == Job.sample(.generated).state)
        let lost = try Job.sampleLostResult().applying(.retried, at: now)
        #expect(lost.state.name == .generating)
        #expect(lost.state.generation?.id == .sample(1))
        #expect(lost.state.generation?.charge.credits == 630_000)
        #expect(try Job.sample(.failed).applying(.retried, at: now).state == .queued)
    }

    @Test("keeps what is known of the money through every state after acceptance")
    func keepsTheMoney() throws {
        let generating = try Job.sample(.submitting).applying(
            .accepted(.sample(1), status: "queued", charge: Charge(credits: 1), nextPoll: now), at: now)
        let generated = try generating.applying(
            .completed(URL(filePath: "/v"), charge: Charge(credits: nil, usd: 0.3)), at: now + 1)
        #expect(generated.state.generation?.charge == Charge(credits: 1, usd: 0.3))
        let again = try generated.applying(.sample(.linkExpired), at: now + 2)
            .applying(.completed(URL(filePath: "/w"), charge: Charge(credits: 2)), at: now + 3)
        #expect(again.state.generation?.charge == Charge(credits: 2, usd: 0.3))
        #expect(again.state.generation?.completed == now + 1, "it was charged when it first completed")
        #expect(again.state.submission == Job.sample(.submitting).state.submission)
    }

    @Test("names a job by its wish until the video has its name")
    func names() throws {
        let generated = Job.sample(.generated)
        #expect(generated.name == "shot1")
        #expect(try generated.applying(.sample(.downloaded), at: now).name == "shot1 (2)")
        #expect(Job.sample(.delivered).name == "shot1 (2)")
    }

    @Test("starts each POST under an id of its own")
    func clientRequestIDs() throws {
        var job = Job.sample()
        var ids: Set<ClientRequestID> = []
        for _ in 1...5 {
            #expect(ids.insert(job.nextClientRequestID).inserted)
            job = try job.applying(.submissionStarted(job.nextClientRequestID), at: now)
                .applying(.sample(.submissionDeferred), at: now)
        }
    }
}
