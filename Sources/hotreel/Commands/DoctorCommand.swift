import ArgumentParser
import Folders
import Foundation
import Jobs
import Pipeline
import SystemPackage

struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Are this machine and this share fit?",
        discussion: """
            Tries out what Hotreel needs, beside a running service or before the first, and leaves nothing behind. Run it as the \
            service's user. Ends with 0 when nothing failed, warnings or not, else with 69.
            """)

    @OptionGroup var common: CommonOptions

    @Option(
        name: .customLong("api-url"),
        help: ArgumentHelp("The generation API, or local for the built-in stand-in.", valueName: "url|local"))
    var apiURL: String?

    @Flag(help: "For scripts: one object.")
    var json = false

    func run() async throws {
        try await explainingErrors {
            let settings = try common.settings(apiURL.map { [.apiURL: ("--api-url", $0)] } ?? [:])
            let findings = await Self.examine(settings)
            let failures = findings.count { $0.level == .failure }
            if json {
                output(["fit": .bool(failures == 0), "findings": .array(findings.map(\.json))])
            } else {
                show(findings)
            }
            if failures > 0 { throw ExitCode(ExitStatus.unavailable.rawValue) }
        }
    }

    private static func examine(_ settings: Settings) async -> [Finding] {
        var findings: [Finding] = []
        findings += mistakes("folders", settings.checkFolders)
        findings += mistakes("delivery_group", settings.checkGroup)
        let state = StateChecks(state: settings.state, ledger: settings.ledger)
        let space = SpaceChecks(folders: [("state", settings.state)])
        let places = PlaceChecks(settings: settings)
        findings += await unlessItHangs("places", places.run)
        for folder in settings.folders {
            let shares = ShareChecks(
                inbox: folder.inbox, outbox: folder.outbox, settle: settings.pipeline.pairing.settle,
                permissions: settings.permissions)
            let watch = WatchChecks(
                inbox: folder.inbox, mode: settings.pipeline.watch, times: settings.pipeline.watchTimes)
            findings += await unlessItHangs("share", shares.run).map { $0.about(folder.name) }
            findings += await unlessItHangs("inbox_watch", watch.run).map { $0.about(folder.name) }
            let space = SpaceChecks(folders: [("inbox", folder.inbox), ("outbox", folder.outbox)])
            findings += await unlessItHangs("space", space.run).map { $0.about(folder.name) }
        }
        findings += await unlessItHangs("space", space.run)
        findings += await unlessItHangs("state", state.run)
        findings += await state.readable()
        findings += await ToolChecks.run()
        findings += await APIChecks(settings: settings).run()
        return findings
    }

    private static func mistakes(_ check: String, _ work: () throws -> Void) -> [Finding] {
        do {
            try work()
            return []
        } catch let error as ConfigurationError {
            let value = error.value.map { " is “\($0)”" } ?? ""
            return [.failure(check, "\(error.key)\(value): \(error.rule).", remedy: error.remedy)]
        } catch {
            return [.failure(check, "\(error)", remedy: "Correct the configuration.")]
        }
    }

    /// A share whose server is gone may keep a look at it waiting for ever.
    private static func unlessItHangs(_ check: String, _ work: @escaping @Sendable () -> [Finding]) async -> [Finding] {
        await Patience.within(.seconds(15), work) ?? [
            .failure(
                check, "A folder does not answer within 15 s.",
                remedy: "Look at the share's server and network, and mount it again.")
        ]
    }

    private func show(_ findings: [Finding]) {
        let isTerminal = isatty(1) == 1
        let layout = FindingLayout(
            width: 80, hasColours: isTerminal && ProcessInfo.processInfo.environment["NO_COLOR"] == nil)
        for finding in findings { layout.lines(finding).forEach { output($0) } }
        let (failures, warnings) = (
            findings.count { $0.level == .failure }, findings.count { $0.level == .warning }
        )
        func counted(_ count: Int, _ word: String) -> String { "\(count) \(word)\(count == 1 ? "" : "s")" }
        output("")
        output(
            failures + warnings == 0
                ? "Everything is fit." : "\(counted(failures, "failure")), \(counted(warnings, "warning")).")
    }
}
