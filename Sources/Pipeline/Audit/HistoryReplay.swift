import Foundation
import Jobs

/// A job's life lived once more from its history alone, by the rule by which it was lived.
enum HistoryReplay {
    /// Why a history cannot have come about; for people.
    struct Fault: Error, Hashable {
        let words: String
    }

    /// Where the history leads. What it does not tell (links, charges, what a video holds) is left blank.
    static func end(of history: [HistoryEntry], of job: Job) throws(Fault) -> Job {
        guard let first = history.first else { throw Fault(words: "it has no history") }
        var replayed = try beginning(first, of: job)
        for (number, entry) in zip(2..., history.dropFirst()) {
            let step = "step \(number) of its history, “\(entry.event)”,"
            guard let name = JobEvent.Name(rawValue: entry.event) else { throw Fault(words: "\(step) is unknown") }
            guard let event = JobEvent(name, detail: entry.detail) else {
                throw Fault(words: "\(step) does not say which id it is about")
            }
            do throws(IllegalTransition) {
                replayed = try replayed.applying(event, at: entry.at)
            } catch {
                throw Fault(words: "\(step) cannot happen while \(error.state.rawValue)")
            }
            guard replayed.state.name == entry.state else {
                throw Fault(
                    words:
                        "\(step) is noted as leading to \(entry.state.rawValue), and leads to \(replayed.state.name.rawValue)"
                )
            }
        }
        return replayed
    }

    private static func beginning(_ entry: HistoryEntry, of job: Job) throws(Fault) -> Job {
        let state: JobState? =
            switch (entry.event, entry.state) {
            case ("claimed", .queued) where job.request != nil: .queued
            case ("claimed", .held) where job.request != nil: .held(Hold(reason: .person))
            case ("rejected", .failed) where job.request == nil:
                .failed(Failure(stage: .intake, message: ""), .rejected)
            default: nil
            }
        guard let state else {
            throw Fault(words: "its history begins with “\(entry.event)”, \(entry.state.rawValue)")
        }
        return Job(
            id: job.id, drop: job.drop, request: job.request, wishedName: job.wishedName, priority: job.priority,
            fingerprint: job.fingerprint, created: job.created, state: state, version: 1, attempts: 0, due: entry.at,
            reason: nil, updated: entry.at)
    }
}

extension JobEvent {
    /// The event a history entry tells of, as far as it does; nil where an id is missing.
    fileprivate init?(_ name: Name, detail: String?) {
        let words = detail ?? ""
        let failure = Failure(stage: .unknown, message: words)
        let video = DeliveredVideo(
            name: words, sha256: "", bytes: 0, facts: VideoFacts(duration: 0, width: 0, height: 0))
        let never = Date.distantFuture
        switch name {
        case .held: self = .held(Hold(reason: .person))
        case .released: self = .released
        case .reuseFound where !words.isEmpty: self = .reuseFound(JobID(rawValue: words))
        case .reuseAbandoned: self = .reuseAbandoned(reason: words)
        case .submissionStarted:
            guard let id = ClientRequestID(rawValue: words) else { return nil }
            self = .submissionStarted(id)
        case .submissionDeferred: self = .submissionDeferred(reason: words, until: never)
        case .submissionRefused: self = .submissionRefused(failure)
        case .submissionUnconfirmed: self = .submissionUnconfirmed(reason: words, nextLookup: never)
        case .accepted where !words.isEmpty:
            self = .accepted(GenerationID(rawValue: words), status: "", charge: Charge(), nextPoll: never)
        case .stillUnconfirmed: self = .stillUnconfirmed(reason: words, nextLookup: never)
        case .foundUnbilled: self = .foundUnbilled
        case .submissionFailed: self = .submissionFailed(failure)
        case .resubmitted: self = .resubmitted(reason: words)
        case .polled: self = .polled(status: nil, reason: nil, nextPoll: never)
        case .completed: self = .completed(URL(filePath: "/"), charge: Charge())
        case .generationFailed: self = .generationFailed(failure)
        case .linkExpired: self = .linkExpired(reason: words, nextPoll: never)
        case .downloaded: self = .downloaded(video)
        case .deliveryPostponed: self = .deliveryPostponed(reason: words, until: never)
        case .delivered: self = .delivered(video)
        case .deliveryFailed: self = .deliveryFailed(failure)
        case .cancelled: self = .cancelled
        case .retried: self = .retried
        case .reuseFound, .accepted: return nil
        }
    }
}
