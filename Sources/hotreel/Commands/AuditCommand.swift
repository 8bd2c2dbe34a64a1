import ArgumentParser
import Folders
import Foundation
import Jobs
import Logging
import Pipeline
import SQLiteStore
import VideoAPI

struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "Is every file, every job and every paid video accounted for?",
        discussion: """
            Holds the ledger, the folders and the API's log of requests against one another, and names whatever does not fit. \
            Changes nothing, and works beside a running service. Ends with 65 when there are exceptions, with 69 when the API's log \
            could not be read.
            """)

    @OptionGroup var common: CommonOptions

    @Option(
        name: .customLong("api-url"),
        help: ArgumentHelp("The generation API whose log is read; as for run.", valueName: "url|local"))
    var apiURL: String?

    @Option(
        help: ArgumentHelp(
            "Read the API's log from then on: 2026-05-01, or 30d for so long ago. By default a week, or since the oldest request whose answer is missing.",
            valueName: "time"))
    var since: String?

    @Flag(help: "Do not ask the API for its log.")
    var offline = false

    @Flag(help: "Believe files by their length; hash none.")
    var quick = false

    @Flag(help: "List also what people may do as they like, such as taking videos away.")
    var verbose = false

    @Flag(help: "For scripts: one object.")
    var json = false

    func validate() throws {
        if let since, Self.time(since, at: Date()) == nil {
            throw ValidationError(
                "“\(since)” is neither a date nor a duration; write 2026-05-01, 2026-05-01T12:00:00Z or 30d.")
        }
    }

    func run() async throws {
        try await explainingErrors {
            let settings = try common.settings(apiURL.map { [.apiURL: ("--api-url", $0)] } ?? [:])
            let store = try SQLiteJobStore(path: settings.ledger.string, readOnly: true)
            let client = try Self.client(settings, offline: offline)
            let result: Result<AuditReport, any Error>
            do { result = .success(try await report(settings, store, client)) } catch { result = .failure(error) }
            if case .asked(let client) = client { try await client.shutdown() }
            show(try result.get())
            try end(result.get())
        }
    }

    private func report(_ settings: Settings, _ store: SQLiteJobStore, _ client: FarLog) async throws -> AuditReport {
        var options = Auditor.Options()
        options.isQuick = quick
        options.listsDetails = verbose
        options.since = since.flatMap { Self.time($0, at: Date()) }
        let auditor = Auditor(
            store: store, claims: Claims(inbox: settings.inbox),
            outbox: Outbox(root: settings.outbox, permissions: settings.permissions),
            places: try KnownPlaces(state: settings.state).known(inbox: settings.inbox, outbox: settings.outbox),
            log: client.log, originals: settings.pipeline.originals, options: options)
        do {
            return try await auditor.report()
        } catch let absent as Auditor.PlaceAbsent {
            throw ExitStatus.unavailable.because("nothing can be said: \(absent)")
        }
    }

    private func show(_ report: AuditReport) {
        json ? output(report.json) : report.lines.forEach { output($0) }
    }

    private func end(_ report: AuditReport) throws {
        if !report.exceptions.isEmpty { throw ExitCode(ExitStatus.dataError.rawValue) }
        if case .unreadable(let why) = report.log {
            throw ExitStatus.unavailable.because(
                "the API's log could not be read: \(why) Try again, or leave it out with --offline.")
        }
    }

    // MARK: The API's log

    /// Who is asked for the log, or why nobody is.
    private enum FarLog {
        case asked(HTTPGenerationClient)
        case unasked(String)

        var log: Auditor.Log {
            switch self {
            case .asked(let client): .ask(client)
            case .unasked(let why): .skip(why)
            }
        }
    }

    private static func client(_ settings: Settings, offline: Bool) throws -> FarLog {
        if offline { return .unasked("--offline was given.") }
        guard case .remote(let url) = settings.api, !FarEnd.isStandIn(state: settings.state) else {
            return .unasked("the stand-in lives inside the service and bills nothing.")
        }
        // Another API knows nothing of these jobs, and its silence would prove nothing.
        let configured = FarEnd(api: settings.api, state: settings.state).name
        if let known = FarEnd.known(state: settings.state), known != configured {
            return .unasked(
                "this ledger works with \(known), and \(configured) is configured. Give --api-url \(known).")
        }
        let key: APIKey
        do {
            key = try APIKeySource.key(environment: ProcessInfo.processInfo.environment, file: settings.apiKeyFile)
        } catch let error as ConfigurationError {
            return .unasked("there is no key to ask with. \(error.remedy)")
        }
        return .asked(
            HTTPGenerationClient(
                configuration: HTTPGenerationClientConfiguration(
                    baseURL: url, apiKey: key, submitTimeout: settings.submitTimeout),
                logger: Logger(label: "audit") { _ in SwiftLogNoOpLogHandler() }))
    }

    /// A date, or a duration before `now`.
    private static func time(_ text: String, at now: Date) -> Date? {
        if let duration = SettingReader.duration(text) { return now.addingTimeInterval(-duration.seconds) }
        return (try? Date(text, strategy: .iso8601)) ?? (try? Date(text, strategy: .iso8601.year().month().day()))
    }
}
