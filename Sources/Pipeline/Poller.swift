import Foundation
import Jobs
import VideoAPI

/// Asks after generations until the API says that they are done. A poll's own trouble never fails a job.
struct Poller: Sendable {
    let context: Context

    var loop: DueLoop {
        DueLoop(
            state: .generating, width: 16, lease: .seconds(120), finishesSteps: false, context: context, step: poll)
    }

    @Sendable
    private func poll(_ job: Job) async throws(JobStoreError) {
        guard case .generating(let generation) = job.state else { return }
        let update: GenerationUpdate
        do {
            update = try await context.client.poll(generation.id)
        } catch {
            // Cut off by our own end, which is no news about the API.
            if Task.isCancelled { return }
            let nextPoll = nextPoll(after: error.trouble.retryAfter)
            try await context.record(
                .polled(status: nil, reason: "cannot ask the API: \(error.trouble.message)", nextPoll: nextPoll),
                on: job)
            return
        }
        switch update.phase {
        case .running:
            try await context.record(
                .polled(status: update.status, reason: update.remark, nextPoll: nextPoll(after: nil)), on: job)
        case .completed(let url):
            try await context.record(.completed(url, charge: update.charge), on: job)
        case .failed(let message):
            let failure = Self.failure(job, message, wasCompleted: generation.completed != nil)
            let failed = try await context.record(.generationFailed(failure), on: job)
            await Endings(context: context).settle(failed)
        }
    }

    private static func failure(_ job: Job, _ message: APIMessage, wasCompleted: Bool) -> Failure {
        if wasCompleted {
            return Failure(
                stage: .delivery, message: "The video was finished, and then the API said: \(message.text)",
                problems: [
                    Problem(
                        file: job.name + ".mp4", rule: "the API said: \(message.text)",
                        remedy: "It may be paid for, so do not drop the files again. Show this to your admin.")
                ])
        }
        return Failure(
            stage: .generation, message: "The API could not make this video: \(message.text)",
            problems: [
                Problem(
                    file: job.drop.stem, rule: "the API said: \(message.text)",
                    remedy:
                        "A failed generation is not charged. Change the picture or the prompt, or just drop the files again."
                )
            ])
    }

    /// One interval on, ten per cent more or less so that jobs accepted together do not stay together.
    private func nextPoll(after wish: Duration?) -> Date {
        let interval = context.configuration.pollInterval
        return context.time.now().adding(max(wish ?? .zero, interval * Double.random(in: 0.9...1.1)))
    }
}
