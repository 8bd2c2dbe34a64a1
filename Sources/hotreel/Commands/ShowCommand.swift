import ArgumentParser
import Foundation
import Jobs
import SQLiteStore

struct ShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "One job: what was asked, where it stands, and how it got there.",
        discussion: "Of several jobs of one name, the newest.")

    @OptionGroup var common: CommonOptions

    @Argument(help: "The job's id, an end of it, or folder/name.")
    var job: String

    @Flag(help: "For scripts: one object.")
    var json = false

    func run() async throws {
        try await explainingErrors {
            let store = try SQLiteJobStore(path: try common.ledger(), readOnly: true)
            let found = try await JobFinder(store: store).newestJob(job)
            let history = try await store.history(of: found.id)
            json ? output(Self.document(found, history)) : Self.run(found, history)
        }
    }

    private static func document(_ job: Job, _ history: [HistoryEntry]) -> JSONValue {
        var object = job.listed.objectValue ?? [:]
        object["attempts"] = .integer(job.attempts)
        object["priority"] = .integer(job.priority)
        object["due"] = job.state.name.isEnded ? .null : .time(job.due)
        object["request"] = job.request?.shown ?? .null
        object["sources"] = .array(
            job.drop.sources.map {
                [
                    "file": .string($0.file.text), "role": .string($0.role.rawValue), "sha256": .string($0.sha256),
                    "bytes": .integer(Int($0.identity.size)),
                ]
            })
        object["history"] = .array(
            history.map {
                [
                    "at": .time($0.at), "event": .string($0.event), "state": .string($0.state.rawValue),
                    "detail": $0.detail.map(JSONValue.string) ?? .null,
                ]
            })
        return .object(object)
    }

    private static func run(_ job: Job, _ history: [HistoryEntry]) {
        output("\(job.place): \(job.state.name.rawValue)")
        if let reason = job.reason { output("  \(reason)") }
        output("  job         \(job.id)")
        if let generation = job.state.generation { output("  generation  \(generation.id)") }
        if let credits = job.state.generation?.charge.credits {
            output("  credits     \(JSONValue.amount(credits).text)")
        }
        for source in job.drop.sources { output("  \(source.role.rawValue.padded(11)) \(source.file.shown)") }
        if let request = job.request {
            output("  asked")
            for (key, value) in (request.shown.objectValue ?? [:]).sorted(by: { $0.key < $1.key }) {
                output("    \(key): \(value["file"]?.stringValue ?? value.stringValue ?? value.text)")
            }
        }
        output("  history")
        for entry in history {
            output("    \(entry.at.local)  \(entry.event.padded(24))\(entry.detail ?? "")")
        }
        if !job.state.name.isEnded { output("  next step   \(job.due.local)") }
    }
}
