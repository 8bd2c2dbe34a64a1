import ArgumentParser
import Folders
import Foundation
import Jobs
import SQLiteStore

struct JobsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "jobs", abstract: "List jobs, newest first.")

    @OptionGroup var common: CommonOptions

    @Option(help: "Only jobs in this state; may be given more than once.")
    var status: [JobState.Name] = []

    @Option(
        help: ArgumentHelp(
            "Only drops of this folder below the inbox, and of those below it. Of several inboxes: NAME: or NAME:path.",
            valueName: "path"))
    var folder: String?

    @Option(help: "At most so many.")
    var limit: Int?

    @Flag(help: "For scripts: an array of objects.")
    var json = false

    func validate() throws {
        if let limit, limit < 1 { throw ValidationError("--limit must be at least 1.") }
    }

    func run() async throws {
        try await explainingErrors {
            let store = try SQLiteJobStore(path: try common.ledger(), readOnly: true)
            var jobs = try await store.jobs(JobQuery(states: Set(status), limit: folder == nil ? limit : nil))
            if let folder {
                jobs = Array(jobs.filter { Self.isIn($0.drop, folder) }.prefix(limit ?? .max))
            }
            json ? output(.array(jobs.map(\.listed))) : run(jobs)
        }
    }

    /// Whether a drop lies in a folder as people write it: `portraits`, `commercials:portraits`, `commercials:`.
    private static func isIn(_ drop: Drop, _ folder: String) -> Bool {
        func path(_ text: Substring) -> FileName {
            FileName(text.split(separator: "/").filter { $0 != "." }.joined(separator: "/"))
        }
        if !drop.inbox.isUnnamed, folder.hasPrefix(drop.inbox.prefix) {
            return drop.folder.isWithin(path(folder.dropFirst(drop.inbox.prefix.count)))
        }
        return drop.folder.isWithin(path(folder[...]))
    }

    private func run(_ jobs: [Job]) {
        guard !jobs.isEmpty else { return output("No jobs.") }
        let widest = min(jobs.map(\.place.count).max() ?? 0, 40)
        for job in jobs {
            let place = job.place.count > 40 ? "…" + job.place.suffix(39) : job.place
            let line = "\(job.id)  \(job.state.name.rawValue.padded(11))  "
            output((line + (job.reason.map { "\(place.padded(widest))  \($0)" } ?? place)).cut(to: Self.width))
        }
    }
}

extension JobsCommand {
    /// Columns of the terminal; nil where the listing goes elsewhere, and nothing is cut.
    private static var width: Int? {
        var size = winsize()
        guard isatty(1) == 1, ioctl(1, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 20 else { return nil }
        return Int(size.ws_col)
    }
}

extension JobState.Name: ExpressibleByArgument {}

extension String {
    func cut(to width: Int?) -> String {
        guard let width, count > width else { return self }
        return prefix(width - 1) + "…"
    }

    func padded(_ width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
