import Foundation

/// An event met a state in which it cannot happen. Always a bug or a lost race, never a person's fault.
package struct IllegalTransition: Error, Hashable, CustomStringConvertible {
    package let job: JobID
    package let state: JobState.Name
    package let event: JobEvent.Name

    package var description: String { "job \(job): “\(event.rawValue)” cannot happen while \(state.rawValue)" }
}

extension Job {
    /// The job after `event`; the only way a job changes. Pure: the store makes it durable.
    package func applying(_ event: JobEvent, at now: Date) throws(IllegalTransition) -> Job {
        var next = self
        next.version += 1
        next.updated = now
        next.due = now
        next.reason = nil

        switch (state, event) {
        case (.queued, .held(let hold)):
            next.state = .held(hold)
            next.due = hold.until ?? .distantFuture
            next.reason = hold.words
        case (.held, .released):
            next.state = .queued
        case (.queued, .cancelled), (.held, .cancelled):
            next.state = .cancelled
        // Once its name is chosen it may be there.
        case (.reusing(let reuse), .cancelled) where reuse.downloaded == nil:
            next.state = .cancelled

        case (.queued, .reuseFound(let original)):
            next.state = .reusing(Reuse(original: original))
        case (.reusing, .reuseAbandoned):
            next.state = .queued
        case (.reusing, .deliveryPostponed(let reason, let until)):
            next.reason = reason
            next.due = until
        case (.reusing(var reuse), .downloaded(let file)):
            reuse.downloaded = file
            next.state = .reusing(reuse)
        case (.reusing(let reuse), .delivered(let file)):
            next.state = .delivered(.reuse(reuse), file)

        case (.queued, .submissionStarted(let id, let expected)):
            next.state = .submitting(Submission(clientRequestID: id, started: now, expected: expected))
            next.attempts += 1
        case (.submitting, .submissionDeferred(let reason, let until)):
            next.state = .queued
            next.attempts -= 1
            next.reason = reason
            next.due = until
        case (.submitting(let submission), .submissionRefused(let failure)):
            next.state = .failed(failure, .unpaid(submission, nil))
            next.reason = failure.message
        case (.submitting(let submission), .submissionUnconfirmed(let reason, let nextLookup)),
            (.unconfirmed(let submission), .stillUnconfirmed(let reason, let nextLookup)):
            next.state = .unconfirmed(submission)
            next.reason = reason
            next.due = nextLookup
        case (.submitting(let submission), .accepted(let id, let status, let charge, let nextPoll)),
            (.unconfirmed(let submission), .accepted(let id, let status, let charge, let nextPoll)):
            next.state = .generating(
                Generation(id: id, submission: submission, accepted: now, status: status, charge: charge))
            next.due = nextPoll
        case (.unconfirmed, .foundUnbilled), (.unconfirmed, .resubmitted):
            next.state = .queued
        case (.unconfirmed(let submission), .submissionFailed(let failure)):
            next.state = .failed(failure, .unpaid(submission, nil))
            next.reason = failure.message

        case (.generating(var generation), .polled(let status, let reason, let nextPoll)):
            if let status { generation.status = status }
            next.state = .generating(generation)
            next.reason = reason
            next.due = nextPoll
        case (.generating(var generation), .completed(let url, let charge)):
            generation.status = "completed"
            generation.completed = generation.completed ?? now
            generation.charge = generation.charge.updated(by: charge)
            next.state = .generated(generation, GeneratedVideo(url: url))
        case (.generating(let generation), .generationFailed(let failure)):
            // What has completed once has been charged, whatever the API says of it later.
            let isCharged = generation.completed != nil
            next.state = .failed(
                failure, isCharged ? .paid(generation, nil) : .unpaid(generation.submission, generation))
            next.reason = failure.message

        case (.generated(let generation, _), .linkExpired(let reason, let nextPoll)):
            next.state = .generating(generation)
            next.reason = reason
            next.due = nextPoll
        case (.generated(let generation, var video), .downloaded(let file)):
            video.downloaded = file
            next.state = .generated(generation, video)
        case (.generated, .deliveryPostponed(let reason, let until)):
            next.reason = reason
            next.due = until
        case (.generated(let generation, _), .delivered(let file)):
            next.state = .delivered(.generation(generation), file)
        case (.generated(let generation, let video), .deliveryFailed(let failure)):
            next.state = .failed(failure, .paid(generation, video))
            next.reason = failure.message

        case (.failed(_, .unpaid), .retried):
            next.state = .queued
        case (.failed(_, .paid(let generation, let video?)), .retried):
            next.state = .generated(generation, video)
        case (.failed(_, .paid(let generation, nil)), .retried):
            next.state = .generating(generation)

        default:
            throw IllegalTransition(job: id, state: state.name, event: event.name)
        }
        return next
    }
}
