import ArgumentParser
import Folders
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
            var status = try await Status.read(store, at: Date(), calendar: .current, isPreview: isPreview)
            for folder in (try? common.settings().folders) ?? [] {
                // A share that is away may not answer for long.
                guard !status.gates.contains(where: { $0.gate == .outbox(of: folder.name) }),
                    let told = Status.unclaimedAsTold(in: Outbox(root: folder.outbox), of: folder.name)
                else { continue }
                let known = status.unclaimed ?? (0, [])
                status.unclaimed = (known.count + told.count, known.waits + told.waits)
            }
            json ? output(status.json) : Self.run(status)
        }
    }

    private static func run(_ status: Status) {
        for state in JobState.Name.allCases { output("\(state.rawValue.padded(12))\(status.counts[state] ?? 0)") }
        for (inbox, counts) in status.inboxes.sorted(by: { $0.key < $1.key }) {
            let told = JobState.Name.allCases.compactMap { state in counts[state].map { "\($0) \(state.rawValue)" } }
            output("inbox \(inbox.isUnnamed ? "(without a name)" : inbox.rawValue): \(told.joined(separator: ", "))")
        }
        show(status.today, as: "today", isPreview: status.isPreview)
        show(status.month, as: "this month", isPreview: status.isPreview)
        for gate in status.gates {
            output("waiting for \(gate.gate.lacking) since \(gate.since.local): \(gate.reason)")
        }
        for job in status.waiting { output("\(job.place): \(job.reason ?? job.state.name.rawValue)") }
        guard let unclaimed = status.unclaimed else { return }
        for wait in unclaimed.waits { output("inbox, \(wait.file.shown), since \(wait.since.local): \(wait.reason)") }
        let more = unclaimed.count - unclaimed.waits.count
        if more > 0 { output("inbox: \(more) more files wait") }
    }

    /// One line of the whole, and one for each folder where there are several.
    private static func show(_ spends: [FolderSpend], as name: String, isPreview: Bool) {
        line(spends.total, as: "spent \(name)", isPreview: isPreview)
        guard spends.count > 1 else { return }
        for spend in spends {
            line(
                spend, as: "  \(spend.inbox.prefix)\(spend.folder.isEmpty ? "(inbox)" : spend.folder.shown)",
                isPreview: isPreview)
        }
    }

    private static func line(_ spend: FolderSpend, as name: String, isPreview: Bool) {
        let charged = isPreview ? "nothing" : spend.charged.credits
        var text = "\(name.padded(18))\(charged) for \(spend.videos) \(isPreview ? "previews" : "videos")"
        if spend.underWay > 0 {
            text += ", \(spend.underWay) under way" + (isPreview ? "" : " for about \(spend.expected.credits)")
        }
        output(text)
    }
}
