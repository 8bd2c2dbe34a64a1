import Foundation
import Jobs
import VideoAPI

/// Asks after generations until the API says that they are done. A poll's own trouble never fails a job.
struct Poller: Sendable {
    let context: Context

    /// A generation takes minutes. After this long people are told that it takes longer.
    private static let usualTime: TimeInterval = 1800
    /// After this long the admin hears of it.
    private static let patience: TimeInterval = 7200

    var loop: DueLoop {
        DueLoop(
            state: .generating, work: .poll, width: 16, lease: .seconds(120), finishesSteps: false, context: context,
            step: poll)
    }

    @Sendable
    private func poll(_ job: Job) async throws(JobStoreError) {
        guard case .generating(let generation) = job.state else { return }
        let moment = context.gates.moment
        let update: GenerationUpdate
        do {
            update = try await context.client.poll(generation.id)
        } catch {
            // Cut off by our own end, which is no news about the API.
            if Task.isCancelled { return }
            context.gates.close(by: error.trouble, during: .poll)
            let nextPoll = nextPoll(generation, isTroubled: true, after: error.trouble.retryAfter)
            try await record(
                .polled(status: nil, reason: "cannot ask the API: \(error.trouble.message)", nextPoll: nextPoll),
                on: job, generation)
            return
        }
        context.reached(.polled)
        context.gates.succeeded(.poll, begun: moment)
        switch update.phase {
        case .running:
            try await record(
                .polled(
                    status: update.status, reason: update.remark ?? slowness(generation),
                    nextPoll: nextPoll(generation, isTroubled: false, after: nil)), on: job, generation)
        case .completed(let url):
            try await context.record(.completed(url, charge: update.charge), on: job)
            context.reached(.completed)
        case .failed(let message):
            let failure = Self.failure(job, message, wasCompleted: generation.completed != nil)
            let failed = try await context.record(.generationFailed(failure), on: job)
            context.reached(.failed)
            if generation.completed != nil {
                context.notify(
                    Notice(
                        .notRetrieved,
                        message: "\(job.name) may be paid for, and the API no longer has it: \(message.text). "
                            + "hotreel retry \(job.id) asks again.",
                        at: failed.updated, job: job.id))
            }
            await Endings(context: context).settle(failed)
        }
    }

    private func record(_ event: JobEvent, on job: Job, _ generation: Generation) async throws(JobStoreError) {
        let next = try await context.record(event, on: job)
        let (before, after) = (age(generation, at: job.updated), age(generation, at: next.updated))
        guard before < Self.patience, after >= Self.patience else { return }
        context.notify(
            Notice(
                .overdue,
                message: "\(job.name) has been with the API for \(after.inWords): \(next.reason ?? generation.status). "
                    + "Hotreel keeps asking; look at generation \(generation.id) on the API's own pages.",
                at: next.updated, job: job.id))
    }

    private func age(_ generation: Generation, at date: Date) -> TimeInterval {
        date.timeIntervalSince(generation.completed ?? generation.accepted)
    }

    private func slowness(_ generation: Generation) -> String? {
        let age = age(generation, at: context.time.now())
        return age > Self.usualTime ? "the API has been at it for \(age.inWords); Hotreel keeps asking" : nil
    }

    private static func failure(_ job: Job, _ message: APIMessage, wasCompleted: Bool) -> Failure {
        if wasCompleted {
            return Failure(
                stage: .delivery, message: "The video was finished, and then the API said: \(message.text)",
                problems: [
                    Problem(
                        file: job.name + ".mp4", rule: "the API said: \(message.text)",
                        remedy:
                            "It may be paid for, so do not drop the files again. Show this to your admin, who can ask again: hotreel retry \(job.id)"
                    )
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

    /// One interval on, ten per cent more or less so that jobs accepted together do not stay together; longer while the API is
    /// in trouble, and for what has been running for hours.
    private func nextPoll(_ generation: Generation, isTroubled: Bool, after wish: Duration?) -> Date {
        let interval = context.configuration.pollInterval * (isTroubled ? 2 : 1)
        let age = Duration.seconds(max(0, age(generation, at: context.time.now())))
        let patient = max(interval, min(age / 60, .seconds(300)))
        return context.time.now().adding(max(wish ?? .zero, patient * Double.random(in: 0.9...1.1)))
    }
}
