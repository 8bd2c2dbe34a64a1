import Folders
import Foundation
import Jobs
import SystemPackage

/// What `hotreel drop` says in the end, to people and to scripts.
struct DropReport {
    private let plan: DropPlan
    private let folder: FileName
    private let outcomes: DropOutcomes?
    /// Where the drop lies while nobody has taken it.
    private let inbox: FilePath?
    private let timeout: String

    /// - Parameter outcomes: nil where nobody waited for them.
    init(
        _ plan: DropPlan, folder: FileName, _ outcomes: DropOutcomes? = nil, inbox: FilePath? = nil,
        timeout: String = ""
    ) {
        (self.plan, self.folder, self.outcomes, self.inbox, self.timeout) = (plan, folder, outcomes, inbox, timeout)
    }

    /// What to end with; nil when all went well. A report tells more than a time that is over.
    var status: ExitStatus? {
        guard let outcomes else { return nil }
        if outcomes.found.contains(where: { $0.values.contains { $0.kind == .failed } }) { return .dataError }
        return outcomes.areOver ? nil : .temporaryFailure
    }

    private func place(_ name: String) -> String { folder.appending(FileName(name)).shown }

    // MARK: For people

    var lines: [String] {
        plan.items.enumerated().flatMap { index, item -> [String] in
            guard let outcomes else { return ["✓ dropped \(place(item.name))"] }
            var lines = outcomes.found[index].sorted { $0.key < $1.key }.flatMap {
                $0.value.lines(of: place(item.name))
            }
            if !outcomes.isOver(index) { lines.append(patience(item, outcomes)) }
            return lines
        }
    }

    private func patience(_ item: DropPlan.Item, _ outcomes: DropOutcomes) -> String {
        if let trouble = outcomes.trouble {
            return "… \(place(item.name)): the outbox cannot be looked through: \(trouble)"
        }
        let advice =
            waits(item)
            ? "nobody has taken it from the inbox. Is the service running?"
            : "it is taken and goes on by itself; see \(outcomes.outbox.root)/status.json."
        return "… \(place(item.name)): not done within \(timeout), and \(advice)"
    }

    /// Whether all of its files still lie in the inbox.
    private func waits(_ item: DropPlan.Item) -> Bool {
        guard let inbox else { return false }
        return item.own.allSatisfy { FileSystem.exists(inbox.appending(folder).appending($0.name)) }
    }

    // MARK: For scripts

    /// `[{name, folder, files, state, videos, errors}]`; `state` is `dropped`, `delivered`, `failed` or `waiting`.
    var json: JSONValue {
        .array(
            plan.items.enumerated().map { index, item in
                let found = (outcomes?.found[index] ?? [:]).sorted { $0.key < $1.key }.map(\.value)
                let hasFailed = found.contains { $0.kind == .failed }
                let state =
                    outcomes == nil
                    ? "dropped" : hasFailed ? "failed" : outcomes?.isOver(index) == true ? "delivered" : "waiting"
                return [
                    "name": .string(item.name), "folder": .string(folder.text),
                    "files": .array(item.own.map { .string($0.name.text) }), "state": .string(state),
                    "videos": .array(found.filter { $0.kind == .delivered }.map(\.json)),
                    "errors": .array(found.filter { $0.kind == .failed }.map(\.json)),
                ]
            })
    }
}

extension DropOutcomes.Outcome {
    private var video: FilePath {
        file.removingLastComponent().appending(FileName(document["video"]?["file"]?.stringValue ?? ""))
    }

    fileprivate func lines(of drop: String) -> [String] {
        switch kind {
        case .delivered: return ["✓ \(video) (\(cost))"]
        case .failed:
            let problems = (document["problems"]?.arrayValue ?? []).compactMap(Problem.init(json:))
            let words = problems.isEmpty ? [document["message"]?.stringValue ?? ""] : problems.map(\.sentence)
            return ["✗ \(drop)"] + words.map { "    \($0)" } + ["    The report: \(report)"]
        }
    }

    private var cost: String {
        if document["preview"] == true { return "a preview, nothing was charged" }
        if document["reused"] != nil { return "made before, nothing was charged" }
        return document["credits"]?.doubleValue?.credits ?? "the API did not say what it cost"
    }

    /// The same for people, beside the one for scripts.
    private var report: String { file.string.replacing(".error.json", with: ".error.txt") }

    fileprivate var json: JSONValue {
        switch kind {
        case .delivered:
            [
                "video": .string(video.string), "receipt": .string(file.string), "job": document["job"] ?? .null,
                "credits": document["credits"] ?? .null,
            ]
        case .failed:
            [
                "report": .string(file.string), "job": document["job"] ?? .null, "stage": document["stage"] ?? .null,
                "message": document["message"] ?? .null, "problems": document["problems"] ?? .null,
            ]
        }
    }
}

extension Problem {
    /// As a report holds it; nil where it does not.
    fileprivate init?(json: JSONValue) {
        guard let file = json["file"]?.stringValue, let rule = json["rule"]?.stringValue,
            let remedy = json["remedy"]?.stringValue
        else { return nil }
        self.init(
            file: file, key: json["key"]?.stringValue, value: json["value"]?.stringValue, rule: rule, remedy: remedy)
    }
}
