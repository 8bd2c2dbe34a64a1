import ArgumentParser
import Foundation
import Jobs
import SQLiteStore

struct ReleaseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "release", abstract: "Let held jobs go on; this is when they are paid for.")

    @OptionGroup var common: CommonOptions
    @Argument(help: "Job ids.") var jobs: [String]

    func run() async throws { try await steer(jobs, .released, common, done: "released") }
}

struct CancelCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel", abstract: "Give up jobs that have not been sent; their files are given back.")

    @OptionGroup var common: CommonOptions
    @Argument(help: "Job ids.") var jobs: [String]

    func run() async throws { try await steer(jobs, .cancelled, common, done: "cancelled") }
}

struct RetryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retry", abstract: "Fetch again what is paid for and could not be brought home; never pays.",
        discussion: "What was not paid for is tried again by dragging its files from errors/ back into the inbox.")

    @OptionGroup var common: CommonOptions
    @Argument(help: "Job ids.") var jobs: [String]

    func run() async throws {
        try await steer(jobs, .retried, common, done: "will be fetched again") { job in
            if case .failed(_, .paid) = job.state { return nil }
            return job.state.name == .failed
                ? "nothing was paid for it; drag its files from errors/ back into the inbox"
                : "it has not failed, it is \(job.state.name.rawValue)"
        }
    }
}

struct ResolveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resolve", abstract: "Say what became of a request whose answer was lost.",
        discussion: """
            Look at the API's own pages for a request of that time. If a generation is there, give its id, and it is \
            fetched. Only if there surely is none, say --not-billed: the request is then sent again, and paid for.
            """)

    @OptionGroup var common: CommonOptions
    @Argument(help: "The job's id.") var job: String
    @Option(help: ArgumentHelp("The generation that the request led to.", valueName: "id")) var generation: String?
    @Flag(help: "The request never reached the API.") var notBilled = false

    func validate() throws {
        guard (generation == nil) == notBilled else {
            throw ValidationError("Give either --generation ID or --not-billed.")
        }
        if generation?.isEmpty == true { throw ValidationError("A generation id is not empty.") }
    }

    func run() async throws {
        let event =
            generation.map {
                JobEvent.accepted(
                    GenerationID(rawValue: $0), status: "named by a person", charge: Charge(), nextPoll: Date())
            } ?? .foundUnbilled
        try await steer([job], event, common, done: notBilled ? "will be sent again" : "will be fetched") { job in
            job.state.name == .unconfirmed ? nil : "nothing is uncertain about it, it is \(job.state.name.rawValue)"
        }
    }
}

/// Records one event on each job. A running service sees it within ten seconds.
///
/// - Parameter objection: why the event does not fit a job, in words for a person.
private func steer(
    _ ids: [String], _ event: JobEvent, _ common: CommonOptions, done: String,
    unless objection: (Job) -> String? = { _ in nil }
) async throws {
    try await explainingErrors {
        let ledger = try common.ledger()
        // Read first: a wrong state folder is an error, not a new ledger.
        _ = try SQLiteJobStore(path: ledger, readOnly: true)
        let store = try SQLiteJobStore(path: ledger)
        for id in ids {
            let job = try await JobFinder(store: store).job(id)
            if let objection = objection(job) {
                throw ExitStatus.temporaryFailure.because("\(job.place): \(objection).")
            }
            try await store.record(event, on: job, at: Date())
            output("\(job.place): \(done)")
        }
    }
}
