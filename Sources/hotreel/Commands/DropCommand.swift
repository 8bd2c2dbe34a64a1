import ArgumentParser
import Catalog
import Folders
import Foundation
import Jobs
import Pipeline
import SystemPackage

struct DropCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drop", abstract: "Put pictures and sidecars into the inbox as a pipeline should.",
        discussion: """
            Checks them as `check` does; where anything is wrong, nothing is dropped. Then each file appears in the inbox whole, \
            under its own name, and never over another. What a sidecar names (tail frame, masks) is taken along from beside it. \
            --wait waits for the videos or the report of exactly this drop. Only the two shares are needed, neither state \
            folder nor key: give --inbox and --outbox, or a configuration.

            Ends with 0 when all is dropped, or with --wait delivered; 65 when something is wrong with a drop or a report came; 66 when a \
            file is missing; 73 when its name is taken in the inbox; 75 when the time is over.
            """)

    @OptionGroup var common: CommonOptions

    @Argument(help: "Pictures and sidecars.")
    var files: [String]

    @Option(help: ArgumentHelp("The inbox's folder to drop into; made if it does not exist.", valueName: "sub"))
    var folder = ""

    @Option(help: ArgumentHelp("Which of several inboxes to drop into.", valueName: "name"))
    var into: String?

    @Flag(help: "Wait for the outcome.")
    var wait = false

    @Option(help: ArgumentHelp("How long to wait at most.", valueName: "duration"))
    var timeout = "1h"

    @Flag(help: "For scripts: an array of objects.")
    var json = false

    func validate() throws {
        guard SettingReader.duration(timeout) != nil else {
            throw ValidationError("“\(timeout)” is not a duration; write 500ms, 2s, 30m or 1h.")
        }
        for part in folder.split(separator: "/") where part == ".." || NameRules.isLitterFolder(FileName(String(part)))
        {
            throw ValidationError("--folder \(folder): Hotreel passes over folders named \(part).")
        }
        if folder.hasPrefix("/") {
            throw ValidationError("--folder is a path below the inbox, such as portraits/day1.")
        }
    }

    func run() async throws {
        try await explainingErrors {
            let target = try Target(common.sources(), into: into)
            let inbox = target.inbox
            let place = FileName(folder.split(separator: "/").filter { $0 != "." }.joined(separator: "/"))
            let working = FilePath(FileManager.default.currentDirectoryPath)
            let sources = files.map { working.pushing(FilePath($0)).lexicallyNormalized() }
            let before = wait ? DropOutcomes(of: try outbox(target), folder: place) : nil
            let plan = try drop(sources, into: target, place)
            guard let before else { return report(DropReport(plan, folder: place)) }
            var outcomes = before.following(plan.items)
            let limit = SettingReader.duration(timeout) ?? .zero
            DropWaiter(limit: limit).wait(for: &outcomes)
            let result = DropReport(plan, folder: place, outcomes, inbox: inbox, timeout: timeout)
            report(result)
            if let status = result.status { throw ExitCode(status.rawValue) }
        }
    }

    /// Nothing is dropped whose outcome could not be seen.
    private func outbox(_ target: Target) throws -> Outbox {
        let root = try target.outbox.get()
        guard try FileSystem.status(of: root.appending("."))?.kind == .folder else {
            throw FileError("find the outbox", root, .noSuchFileOrDirectory)
        }
        return Outbox(root: root)
    }

    private func report(_ report: DropReport) {
        json ? output(report.json) : report.lines.forEach { output($0) }
    }

    private func drop(_ sources: [FilePath], into target: Target, _ place: FileName) throws -> DropPlan {
        let inbox = target.inbox
        let staged: StagedFiles
        do {
            staged = try StagedFiles(inbox: inbox, folder: place)
        } catch {
            throw (error.code == .noSuchFileOrDirectory ? ExitStatus.noInput : .cannotCreate).because("\(error)")
        }
        do {
            let plan = try DropPlan(
                sources, into: staged, folder: place, inbox: inbox, defaults: target.defaults,
                catalog: try Catalog.bundled())
            if let taken = try staged.publish(plan.files) { throw DropPlan.Obstacle.taken(taken) }
            // What is left of it is passed over by every Hotreel, and the drop is done: no reason to call it failed.
            do { try staged.remove() } catch { warn("\(error)") }
            return plan
        } catch {
            do { try staged.remove() } catch { warn("\(error)") }
            guard let obstacle = error as? DropPlan.Obstacle else { throw error }
            throw explained(obstacle, inbox.appending(place))
        }
    }

    /// As `check --json` has it, in the folder that it was meant for.
    private func refused(_ check: DropCheck) -> JSONValue {
        var object = check.json.objectValue ?? [:]
        object["folder"] = .string(folder)
        return .object(object)
    }

    private func warn(_ words: String) {
        FileHandle.standardError.write(Data("hotreel: warning: \(words)\n".utf8))
    }

    private func explained(_ obstacle: DropPlan.Obstacle, _ place: FilePath) -> ExitCode {
        switch obstacle {
        case .refused(let checks):
            json ? output(.array(checks.map(refused))) : checks.forEach { output($0.text) }
            return ExitStatus.dataError.because(
                "nothing was dropped. Put it right first; it would cost nothing, and come back.")
        case .taken(let name):
            return ExitStatus.cannotCreate.because(
                "nothing was dropped: \(name.shown) waits in \(place) already. Wait until Hotreel has taken it, or choose another name."
            )
        case .notAFile(let what):
            return ExitStatus.usage.because("nothing was dropped: one of these is \(what). Name pictures and sidecars.")
        case .twice(let name):
            return ExitStatus.usage.because(
                "nothing was dropped: two different files would be \(name.shown) in the inbox. Drop them one after the other."
            )
        }
    }
}

/// The hot folder that is dropped into.
private struct Target {
    let inbox: FilePath
    /// Only whoever waits needs to know it.
    let outbox: Result<FilePath, any Error>
    let defaults: SettingsLayer?

    /// - Parameter name: which of several inboxes; needed where there is more than one.
    init(_ sources: ConfigurationSources, into name: String?) throws {
        let list = sources.inboxes?.list ?? []
        guard !list.isEmpty else {
            if let name {
                throw ExitStatus.usage.because("--into \(name): there is one inbox only, and it has no name.")
            }
            let reader = SettingReader(sources: sources)
            inbox = try reader.folder(.inbox)
            outbox = Result { try reader.folder(.outbox) }
            defaults = nil
            return
        }
        let named = name.map { name in list.first { $0.name.rawValue == name } } ?? (list.count == 1 ? list.first : nil)
        guard let folder = named else {
            throw ExitStatus.usage.because(
                (name.map { "there is no inbox \($0)" } ?? "there are several inboxes")
                    + "; give one of them by --into: \(list.map(\.name.rawValue).joined(separator: ", ")).")
        }
        inbox = folder.inbox
        outbox = .success(folder.outbox)
        defaults = folder.defaults
    }
}
