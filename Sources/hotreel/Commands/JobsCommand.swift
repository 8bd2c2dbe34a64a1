import ArgumentParser
import Jobs
import SQLiteStore

struct JobsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "jobs", abstract: "List jobs, newest first.")

    @OptionGroup var common: CommonOptions

    @Option(help: "Only jobs in this state; may be given more than once.")
    var status: [JobState.Name] = []

    @Option(help: ArgumentHelp("Only drops of this folder below the inbox.", valueName: "path"))
    var folder: String?

    @Option(help: "At most so many.")
    var limit: Int?

    @Flag(help: "For scripts: an array of objects.")
    var json = false

    func run() async throws {
        try await explainingErrors {
            let store = try SQLiteJobStore(path: try common.ledger(), readOnly: true)
            let jobs = try await store.jobs(
                JobQuery(states: Set(status), folder: folder.map { FileName($0) }, limit: limit))
            json ? output(.array(jobs.map(\.listed))) : run(jobs)
        }
    }

    private func run(_ jobs: [Job]) {
        guard !jobs.isEmpty else { return output("No jobs.") }
        let widest = min(jobs.map(\.place.count).max() ?? 0, 40)
        for job in jobs {
            let place = job.place.count > 40 ? "…" + job.place.suffix(39) : job.place
            let line = "\(job.id)  \(job.state.name.rawValue.padded(11))  \(place.padded(widest))"
            output(job.reason.map { "\(line)  \($0)" } ?? line)
        }
    }
}

extension JobState.Name: ExpressibleByArgument {}

extension String {
    func padded(_ width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
