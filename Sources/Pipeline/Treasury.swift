import Folders
import Foundation
import Jobs
import ServiceLifecycle

/// Decides on each queued job before it is sent: whether another job has its video, and whether there is budget for it.
///
/// Decision and record are one: while a job's intent goes into the ledger, no other job that could take the same video or the
/// same money is decided on.
struct Treasury: Sendable {
    let context: Context
    private let turnstile = Turnstile<String>()

    init(context: Context) { self.context = context }

    /// Records what is to become of a queued job. The job with its intent on disk if it is to be sent now; nil if not.
    func begin(_ job: Job) async throws(JobStoreError) -> Job? {
        try await passing(job.fingerprint) { () async throws(JobStoreError) -> Job? in
            if let original = try await original(for: job) {
                try await context.record(.reuseFound(original.id), on: job)
                context.reached(.reuseFound)
                return nil
            }
            return try await passing(context.configuration.budgets.isUnlimited ? nil : "budget") {
                () async throws(JobStoreError) -> Job? in
                let price = try await price(of: job)
                if let hold = try await hold(job, price: price) {
                    try await context.record(.held(hold), on: job)
                    context.reached(.held)
                    return nil
                }
                let intent = JobEvent.submissionStarted(job.nextClientRequestID, expected: price)
                let submitting = try await context.record(intent, on: job)
                context.reached(.intentRecorded)
                // There may be room for one more of those that wait.
                if !context.configuration.budgets.isUnlimited { context.bells.budget.ring() }
                return submitting
            }
        }
    }

    private func passing<Value: Sendable>(
        _ key: String?, _ work: () async throws(JobStoreError) -> Value
    ) async throws(JobStoreError) -> Value {
        guard let key else { return try await work() }
        return try await turnstile.pass(key, work)
    }

    // MARK: Reuse

    /// A job that has, or will have, the video this one asks for. One that was tried in vain is not tried again.
    private func original(for job: Job) async throws(JobStoreError) -> Job? {
        guard job.fingerprint != nil else { return nil }
        var twins = try await context.store.twins(of: job)
        if context.configuration.duplicates == .generate { twins = twins.filter { isResend(job, of: $0) } }
        guard !twins.isEmpty else { return nil }
        let tried = try await context.store.history(of: job.id)
            .filter { $0.event == JobEvent.Name.reuseFound.rawValue }.compactMap(\.detail)
        return twins.first { !tried.contains($0.id.rawValue) }
    }

    /// Whether a job is of a resend that came after the delivery; see `Resends`. Where nobody can tell whether the video is still
    /// there, it is: sending it again would cost.
    private func isResend(_ job: Job, of twin: Job) -> Bool {
        guard twin.state.name == .delivered, Resends.isSame(job.drop, twin.drop),
            twin.created.adding(context.configuration.resendWindow) > job.created
        else { return false }
        do throws(FileError) { return try context.hasVideo(of: twin) } catch { return true }
    }

    // MARK: Budget

    private func price(of job: Job) async throws(JobStoreError) -> Double {
        guard let request = job.request else { return 0 }
        return Prices(known: try await context.store.prices(), firstGuess: context.configuration.creditsPerSecond)
            .price(of: request.priceKey)
    }

    private func hold(_ job: Job, price: Double) async throws(JobStoreError) -> Hold? {
        let budgets = context.configuration.budgets
        guard !budgets.isUnlimited else { return nil }
        let now = context.time.now()
        let (day, month) = (context.calendar.period(.day, of: now), context.calendar.period(.month, of: now))
        let spent = Budgets.Spent(
            today: try await spending(since: day.start), month: try await spending(since: month.start),
            nextDay: day.end, nextMonth: month.end)
        return budgets.hold(price: price, folder: job.drop.folder, inbox: presentName(of: job.drop.inbox), spent: spent)
    }

    /// By the names that the inboxes have now.
    private func spending(since date: Date) async throws(JobStoreError) -> [FolderSpend] {
        try await context.store.spending(since: date).map { spend in
            FolderSpend(
                inbox: presentName(of: spend.inbox), folder: spend.folder, charged: spend.charged,
                videos: spend.videos, expected: spend.expected, underWay: spend.underWay)
        }
    }

    private func presentName(of inbox: InboxName) -> InboxName { context.folders.named(inbox)?.name ?? inbox }
}

extension Calendar {
    /// The day or month a moment lies in, by the server's own calendar.
    package func period(_ component: Calendar.Component, of date: Date) -> DateInterval {
        dateInterval(of: component, for: date) ?? DateInterval(start: date, duration: 86_400)
    }
}

/// Lets jobs go on that waited for the budget's next day. The Treasury looks at each again.
struct Releaser: Sendable {
    let context: Context

    var loop: DueLoop {
        DueLoop(state: .held, work: .release, width: 4, lease: .seconds(60), finishesSteps: false, context: context) {
            job throws(JobStoreError) in
            guard case .held(let hold) = job.state, hold.reason == .budget else { return }
            try await context.record(.released, on: job)
        }
    }

    /// At start: the budget may have been raised.
    func releaseAll() async throws(JobStoreError) {
        for job in try await waiting() { try await release(job) }
    }

    /// Whenever some budget has become free: the next in line goes back to the Treasury, which holds it again if that is not
    /// enough. One at a time, so that hundreds do not come and go for the sake of one.
    func watch() async {
        let bell = context.bells.budget
        guard !context.configuration.budgets.isUnlimited else { return }
        await withGracefulShutdownHandler {
            while !Task.isShuttingDownGracefully && !Task.isCancelled {
                let rings = bell.rings
                do throws(JobStoreError) {
                    let clearance = await context.clearance(.submit)
                    if clearance.admission == .open,
                        let next = try await waiting().first(where: { !clearance.without.contains($0.drop.inbox) })
                    {
                        try await release(next)
                    }
                } catch {
                    context.note(error)
                }
                await bell.wait(after: rings)
            }
        } onGracefulShutdown: {
            bell.ring()
        }
    }

    private func release(_ job: Job) async throws(JobStoreError) {
        do throws(JobStoreError) {
            try await context.record(.released, on: job)
        } catch {
            // A person was quicker.
            guard case .lostRace = error else { throw error }
        }
    }

    /// Held for want of budget, in the order in which they go on: highest priority first, then oldest.
    private func waiting() async throws(JobStoreError) -> [Job] {
        try await context.store.jobs(JobQuery(states: [.held])).filter { job in
            guard case .held(let hold) = job.state else { return false }
            return hold.reason == .budget
        }.sorted { ($1.priority, $0.id.rawValue) < ($0.priority, $1.id.rawValue) }
    }
}
