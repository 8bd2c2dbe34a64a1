import Foundation
import Jobs
import TestKit
import Testing

/// The table in `JobLife.md`, as a reader of the documentation sees it.
struct LifeTable {
    struct Row: Hashable {
        let state: String
        let event: JobEvent.Name
    }

    /// What follows each event that can happen.
    private(set) var next: [Row: JobState.Name] = [:]

    init() throws {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appending(path: "../../Sources/Jobs/Jobs.docc/JobLife.md")
        for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") {
            let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            guard line.hasPrefix("| `"), cells.count == 4 else { continue }
            let words = cells.map { $0.replacing("`", with: "") }
            let event = try #require(JobEvent.Name(rawValue: words[1]), "no event is called \(words[1])")
            let row = Row(state: words[0], event: event)
            #expect(next[row] == nil, "\(words[0]) and \(words[1]) stand in the table twice")
            next[row] = try #require(JobState.Name(rawValue: words[2]), "no state is called \(words[2])")
        }
    }
}

/// A sample job, under the words by which the table names its state.
struct Standing: CustomTestStringConvertible, Sendable {
    let job: Job

    var testDescription: String {
        guard case .failed(_, let progress) = job.state else { return job.state.name.rawValue }
        return switch progress {
        case .rejected: "failed (rejected)"
        case .unpaid: "failed (unpaid)"
        case .paid(_, .some): "failed (paid)"
        case .paid(_, nil): "failed (result lost)"
        }
    }

    static let all = Job.samplesOfEveryState().map(Standing.init)
}
