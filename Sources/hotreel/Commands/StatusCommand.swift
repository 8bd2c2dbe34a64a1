import ArgumentParser
import Foundation
import Jobs
import Pipeline
import SQLiteStore
import SystemPackage

struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "How many jobs stand where, and what was spent.")

    @OptionGroup var common: CommonOptions

    @Flag(help: "For scripts: one object.")
    var json = false

    func run() async throws {
        try await explainingErrors {
            let ledger = try common.ledger()
            let store = try SQLiteJobStore(path: ledger, readOnly: true)
            let isPreview = FarEnd.isStandIn(state: FilePath(ledger).removingLastComponent())
            let calendar = Calendar.current
            let now = Date()
            let month = calendar.dateInterval(of: .month, for: now)?.start ?? now
            let spends = [
                ("today", try await store.spend(since: calendar.startOfDay(for: now))),
                ("month", try await store.spend(since: month)),
            ]
            let counts = try await store.counts()
            let waiting = try await store.jobs(JobQuery(states: [.held, .unconfirmed], limit: 20))
            json
                ? output(Self.document(counts, spends, isPreview: isPreview))
                : Self.run(counts, spends, waiting, isPreview: isPreview)
        }
    }

    private static func document(
        _ counts: [JobState.Name: Int], _ spends: [(String, Spend)], isPreview: Bool
    ) -> JSONValue {
        [
            "preview": .bool(isPreview),
            "jobs": .object(
                Dictionary(
                    uniqueKeysWithValues: JobState.Name.allCases.map { ($0.rawValue, .integer(counts[$0] ?? 0)) })),
            "spend": .object(
                Dictionary(
                    uniqueKeysWithValues: spends.map {
                        ($0, ["credits": .amount($1.credits), "generations": .integer($1.generations)])
                    })),
        ]
    }

    private static func run(
        _ counts: [JobState.Name: Int], _ spends: [(String, Spend)], _ waiting: [Job], isPreview: Bool
    ) {
        for state in JobState.Name.allCases { output("\(state.rawValue.padded(12))\(counts[state] ?? 0)") }
        for (name, spend) in spends {
            let credits = isPreview ? "nothing" : "\(JSONValue.amount(spend.credits).text) credits"
            output(
                "\("spent \(name)".padded(12))\(credits) for \(spend.generations) \(isPreview ? "previews" : "videos")")
        }
        for job in waiting { output("\(job.place): \(job.reason ?? job.state.name.rawValue)") }
    }
}
