import Catalog
import Foundation
import Jobs
import SystemPackage
import TestKit

@testable import Folders

/// A real folder with a real watcher, and table and pairer on a clock that the scenario moves.
final class ScenarioInbox {
    private let watched: WatchedFolder
    private let programs: ScenarioPrograms
    private let pairer: Pairer
    private var table = InboxTable()
    private var now = Duration.zero
    private var looks: [GroupKey: Duration] = [:]
    /// What the watcher told since a line last asked.
    private var told = FolderChanges()
    /// What was done with drops and not yet asked for, such as `taken a.json + a.png`.
    private var outcomes: [String] = []

    init(catalog: Catalog, _ scenario: WatcherScenario) async throws {
        pairer = Pairer(
            catalog: catalog,
            rules: PairingRules(settle: .seconds(2), grace: .seconds(5), orphanAfter: .seconds(60)))
        watched = try await WatchedFolder { folder in
            let programs = ScenarioPrograms(folder)
            for line in scenario.beginning { try programs.perform(line.words) }
        }
        programs = ScenarioPrograms(watched.folder)
        list("")
        decide()
    }

    func stop() async { await watched.stop() }

    var untold: String? { outcomes.isEmpty ? nil : "this happened, and the file does not say so: \(outcomes)" }

    /// Plays a line; what is wrong with it, or nil.
    func play(_ line: WatcherScenario.Line) async throws -> String? {
        let arguments = Array(line.words.dropFirst())
        switch line.words[0] {
        case "wait":
            if let untold { return untold }
            try await listen(noting: true)
            try await move(to: now + .milliseconds(Int((Double(arguments.first ?? "") ?? 0) * 1000)))
        case "told":
            try await listen(noting: true)
            defer { told = FolderChanges() }
            let untold = arguments.filter { !isTold($0) }
            if !untold.isEmpty { return "the watcher did not tell of \(untold), but of \(told)" }
        case "silent":
            try await listen(noting: true)
            defer { told = FolderChanges() }
            if !told.isEmpty { return "the watcher told of \(told)" }
        case "taken", "returned":
            let outcome = "\(line.words[0]) \(arguments.filter { $0 != "+" }.sorted().joined(separator: " + "))"
            guard let index = outcomes.firstIndex(of: outcome) else { return "not \(outcome), but \(outcomes)" }
            outcomes.remove(at: index)
        case "waiting":
            try await listen(noting: true)
            let name = arguments.first.map { $0.hasSuffix(":") ? String($0.dropLast()) : $0 } ?? ""
            let reasons = reasons(of: InboxPath(from: "", following: FileName(name)))
            let reason = arguments.dropFirst().joined(separator: " ")
            if !reasons.contains(where: { $0.contains(reason) }) { return "\(name) does not wait so, but: \(reasons)" }
        case "passed":
            try await listen(noting: true)
            let path = InboxPath(from: "", following: FileName(arguments.first ?? ""))
            guard FileSystem.exists(watched.path(arguments.first ?? "")) else { return "\(path.relative) is not there" }
            if table.file(path) != nil { return "\(path.relative) is not passed over" }
        default: try programs.perform(line.words)
        }
        return nil
    }

    private func isTold(_ name: String) -> Bool {
        let isFolder = name.hasSuffix("/")
        let path = InboxPath(from: "", following: FileName(isFolder ? String(name.dropLast()) : name))
        return told.everything || (!isFolder && told.files.contains(path))
            || told.folders.contains { path.relative.isWithin($0) }
    }

    private func reasons(of path: InboxPath) -> [String] {
        guard table.file(path) != nil else { return ["it is not known"] }
        return pairer.decide(group(of: path), in: table, at: now).compactMap { verdict in
            if case .wait(let files, _, let reason) = verdict, files.contains(path) { reason } else { nil }
        }
    }

    private func group(of path: InboxPath) -> GroupKey {
        GroupKey(folder: path.folder, stem: NameRules.stem(of: path.name).folded)
    }

    // MARK: Seeing and deciding, as the intake does

    private func listen(noting: Bool) async throws {
        let news = try await watched.toldByNow()
        try await watched.turnPage()
        if noting {
            told.everything = told.everything || news.everything
            told.folders.formUnion(news.folders)
            told.files.formUnion(news.files)
        }
        if news.everything { list("") } else { news.folders.forEach(list) }
        for path in news.files where !WatchedFolder.isMark(path.name) { see(path) }
        decide()
    }

    private func move(to end: Duration) async throws {
        while let next = looks.values.min(), next <= end {
            now = max(now, next)
            decide()
            // What the claims themselves cause is heard, too, and is not the programs' doing.
            try await listen(noting: false)
        }
        now = end
        decide()
    }

    private func see(_ path: InboxPath) {
        guard let status = try? FileSystem.status(of: location(path)) else {
            return table.see(path, nil, at: now, news: true)
        }
        table.see(path, status, at: now, news: true)
    }

    private func location(_ path: InboxPath) -> FilePath { watched.path("").appending(path.relative) }

    private func list(_ folder: FileName) {
        let listing = InboxListing(of: watched.path(""), below: folder)
        for known in table.folderNames where known.isWithin(folder) && listing.folders[known] == nil {
            table.remove(folder: known)
        }
        for (name, entries) in listing.folders {
            table.see(folder: name, listing: entries.filter { !WatchedFolder.isMark($0.name) }, at: now)
        }
    }

    private func decide() {
        while true {
            var groups = table.takeDirty()
            for (group, time) in looks where time <= now { groups.insert(group) }
            if groups.isEmpty { return }
            for group in groups { decide(group) }
        }
    }

    private func decide(_ group: GroupKey) {
        looks[group] = nil
        while let act = pairer.decide(group, in: table, at: now).first(where: { verdict in
            if case .wait = verdict { false } else { true }
        }) {
            switch act {
            case .examine(let path): examine(path)
            case .take(let candidate): claim("taken", candidate.members)
            case .refuse(let refusal): claim("returned", refusal.members)
            case .wait: break
            }
        }
        for case .wait(_, let until?, _) in pairer.decide(group, in: table, at: now) {
            looks[group] = min(looks[group] ?? until, until)
        }
    }

    private func examine(_ path: InboxPath) {
        guard let identity = table.file(path)?.status.identity else { return }
        guard let status = try? FileSystem.status(of: location(path)), status.identity == identity else {
            return see(path)
        }
        func unfinished(_ rule: String) {
            table.examined(
                path, identity: identity, .unfinished(Problem(file: path.name.shown, rule: rule, remedy: "")))
        }
        guard status.kind == .regular else {
            let problem = Problem(file: path.name.shown, rule: "this is a \(status.kind.rawValue)", remedy: "")
            return table.examined(path, identity: identity, .faulty(problem))
        }
        if status.identity.size == 0 { return unfinished("the file is empty") }
        guard let isHeld = try? FileSystem.hasWriter(location(path)), !isHeld,
            let bytes = try? FileSystem.read(location(path), limit: 1 << 20)
        else { return table.restart(path, at: now + .milliseconds(200)) }
        if NameRules.isSidecar(path.name) || NameRules.isDefaults(path.name) {
            guard let values = try? JSONText.parse(bytes, file: path.name.shown) else { return unfinished("cut off") }
            let (settings, _) = pairer.catalog.settings(from: [SettingsLayer(file: path.name.shown, values: values)])
            let naming = settings.references.map { InboxPath(from: path.folder, following: FileName($0.path)) }
            table.examined(path, identity: identity, .sidecar(values, sha256: ""), naming: naming)
        } else if bytes == ScenarioPrograms.picture {
            let facts = ImageFacts(format: .png, width: 1280, height: 720, bytes: bytes.count)
            table.examined(path, identity: identity, .picture(facts, sha256: ""))
        } else {
            unfinished("cut off")
        }
    }

    private func claim(_ word: String, _ members: [Candidate.Member]) {
        for member in members {
            let status = try? FileSystem.status(of: location(member.path))
            let isHeld = status?.kind == .regular && (try? FileSystem.hasWriter(location(member.path))) == true
            if isHeld || status?.identity != table.file(member.path)?.status.identity {
                see(member.path)
                return table.restart(member.path, at: now + .milliseconds(200))
            }
        }
        let names = members.map { $0.path.relative.text + ($0.claim == .copy ? "*" : "") }
        outcomes.append("\(word) \(names.sorted().joined(separator: " + "))")
        for member in members {
            if member.claim == .move {
                try? FileSystem.remove(location(member.path))
                table.remove(member.path)
            } else {
                table.markUsed(member.path)
            }
        }
    }
}
