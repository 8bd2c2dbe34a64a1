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

/// Records one event on each job. A running service sees it within half a minute.
private func steer(_ ids: [String], _ event: JobEvent, _ common: CommonOptions, done: String) async throws {
    try await explainingErrors {
        let ledger = try common.settings().ledger.string
        // Read first: a wrong state folder is an error, not a new ledger.
        _ = try SQLiteJobStore(path: ledger, readOnly: true)
        let store = try SQLiteJobStore(path: ledger)
        for id in ids {
            let job = try await JobFinder(store: store).job(id)
            try await store.record(event, on: job, at: Date())
            output("\(job.place): \(done)")
        }
    }
}
