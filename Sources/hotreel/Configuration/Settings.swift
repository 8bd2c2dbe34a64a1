import Folders
import Foundation
import Jobs
import Logging
import Pipeline
import SystemPackage

/// The whole configuration, read and checked.
struct Settings {
    enum API: Equatable {
        /// The stand-in inside the process.
        case local
        case remote(URL)

        var isOnThisMachine: Bool {
            switch self {
            case .local: true
            case .remote(let url): SettingReader.isLoopback(url.host() ?? "")
            }
        }
    }
    enum LogFormat: String, CaseIterable { case text, json }

    /// One without a name, or several with names.
    var folders: [InboxSettings]
    var state: FilePath
    var api: API
    var apiKeyFile: FilePath?
    var submitTimeout: Duration
    var allowsPrivateHosts: Bool
    var permissions: SharePermissions
    var notifyCommand: FilePath?
    var pipeline: PipelineConfiguration
    var logFormat: LogFormat
    var logLevel: Logger.Level
    var simulatorQueueTime: Duration
    var simulatorRenderTime: Duration
    var simulatorScenario: FilePath?

    static let ledgerName = "ledger.sqlite"
    /// The ledger's file.
    var ledger: FilePath { state.appending(Self.ledgerName) }

    init(_ sources: ConfigurationSources) throws {
        let read = SettingReader(sources: sources)
        folders = try Self.folders(sources)
        state = try read.folder(.state)
        _ = try read.choice(.store, of: ["sqlite"], remedy: "PostgreSQL is not in this version; take the key out.")
        api = try read.api()
        apiKeyFile = read.path(.apiKeyFile)
        submitTimeout = try read.duration(.apiSubmitTimeout, atLeast: .seconds(1))
        allowsPrivateHosts = try read.choice(.deliveryPrivateHosts, of: ["refuse", "allow"]) == "allow"
        // What lies on this machine is not reached by way of anybody else's link.
        if sources[.deliveryPrivateHosts] == nil { allowsPrivateHosts = api.isOnThisMachine }
        permissions = try read.permissions()
        notifyCommand = read.path(.notifyCommand)
        simulatorScenario = read.path(.simulatorScenario)
        logFormat = try read.oneOf(.logFormat)
        logLevel = try read.oneOf(.logLevel)
        simulatorQueueTime = try read.duration(.simulatorQueueTime)
        simulatorRenderTime = try read.duration(.simulatorRenderTime)

        var pipeline = PipelineConfiguration()
        pipeline.pairing = PairingRules(
            settle: try read.duration(.intakeSettle), grace: try read.duration(.intakeGrace),
            orphanAfter: try read.duration(.intakeOrphanAfter))
        pipeline.watch = try read.oneOf(.intakeWatch)
        pipeline.rescan = try read.duration(.intakeRescan, atLeast: .milliseconds(100))
        pipeline.listing = try read.duration(.intakeListing, atLeast: .milliseconds(100))
        pipeline.mountCache = try read.durationOrAuto(.intakeMountCache)
        pipeline.pollInterval = try read.duration(.apiPollInterval, atLeast: .milliseconds(10))
        if api == .local, sources[.apiPollInterval] == nil { pipeline.pollInterval = .seconds(1) }
        pipeline.maxInFlight = try read.number(.apiMaxInFlight, in: 1...100_000)
        pipeline.submitsPerSecond = try read.rate(.apiSubmitsPerSecond)
        pipeline.retryInterval = try read.duration(.apiRetryInterval, atLeast: .milliseconds(10))
        pipeline.lookupPatience = try read.duration(.apiLookupPatience)
        pipeline.lookupPause = min(pipeline.retryInterval, .seconds(10))
        pipeline.resubmitUnconfirmed = try read.choice(.apiResubmitUnconfirmed, of: ["false", "true"]) == "true"
        pipeline.duplicates = try read.oneOf(.intakeDuplicates)
        pipeline.resendWindow = try read.duration(.intakeResendWindow)
        pipeline.budgets = Budgets(
            overall: Budget(
                daily: try read.credits(.budgetDailyCredits), monthly: try read.credits(.budgetMonthlyCredits)),
            folders: try sources.folderBudgets.mapValues { try $0.budget() },
            inboxes: Dictionary(uniqueKeysWithValues: folders.map { ($0.name, $0.budget) }))
        pipeline.creditsPerSecond = try read.rate(.budgetCreditsPerSecond)
        pipeline.deliveryPatience = try read.duration(.deliveryPatience)
        pipeline.maxVideoBytes = try read.number(.deliveryMaxBytes, in: 1...Int.max)
        pipeline.originals = try read.oneOf(.deliveryOriginals)
        pipeline.isPreview = api == .local
        self.pipeline = pipeline
    }

    /// The one inbox and outbox, or the list of them; never both, since nobody could tell which is meant.
    private static func folders(_ sources: ConfigurationSources) throws -> [InboxSettings] {
        guard let (list, place) = sources.inboxes else {
            let read = SettingReader(sources: sources)
            return [InboxSettings(inbox: try read.folder(.inbox), outbox: try read.folder(.outbox))]
        }
        for key in [ConfigurationKey.inbox, .outbox] {
            guard let given = sources[key] else { continue }
            throw ConfigurationError(
                place: given.place, key: key.rawValue, value: given.text,
                rule: "there is also a list of inboxes (\(place)), and only one of the two can be meant",
                remedy:
                    "Take \(key.rawValue) out, or make it an entry of inboxes with a name; for the one inbox alone, take inboxes out."
            )
        }
        return list
    }

    /// Every folder, as people know it.
    var allFolders: [(name: String, path: FilePath)] {
        folders.flatMap { folder in
            let whose = folder.name.isUnnamed ? "" : " of \(folder.name)"
            return [("inbox\(whose)", folder.inbox), ("outbox\(whose)", folder.outbox)]
        } + [("state", state)]
    }

    /// All folders must be apart, or Hotreel would take its own videos for drops.
    func checkFolders() throws {
        let real = allFolders.map { ($0.name, Self.resolved($0.path)) }
        for (name, path) in real {
            for (other, otherPath) in real where other != name && otherPath.starts(with: path) {
                throw ConfigurationError(
                    place: "folders", key: other, value: otherPath.string, rule: "it lies inside the \(name), \(path)",
                    remedy: folders.count == 1
                        ? "Inbox, outbox and state must lie beside one another."
                        : "All inboxes, all outboxes and the state must lie beside one another.")
            }
        }
    }

    /// A group that Hotreel's user may not give its files to would be a promise that nobody keeps.
    func checkGroup() throws {
        guard let group = permissions.group, !SharePermissions.mayGive(to: group) else { return }
        throw ConfigurationError(
            place: "user \(geteuid())", key: ConfigurationKey.deliveryGroup.rawValue, value: "\(group)",
            rule: "Hotreel's user is not in this group, and so may not give files to it",
            remedy: "Add the user to the group (usermod -aG, or SupplementaryGroups= of the unit), and start again.")
    }

    /// The path with symbolic links followed as far as it exists.
    private static func resolved(_ path: FilePath) -> FilePath {
        if let real = path.withPlatformString({ realpath($0, nil) }) {
            defer { free(real) }
            return FilePath(platformString: real)
        }
        guard let name = path.lastComponent, !path.removingLastComponent().isEmpty else { return path }
        return resolved(path.removingLastComponent()).appending(name)
    }
}
