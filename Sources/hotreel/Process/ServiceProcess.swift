import Catalog
import Folders
import Foundation
import Jobs
import Logging
import Pipeline
import SQLiteStore
import ServiceLifecycle
import Simulator
import SystemPackage
import VideoAPI

/// `hotreel run`: the one place that wires the rooms together.
struct ServiceProcess {
    let settings: Settings

    func run() async throws {
        try settings.checkFolders()
        try settings.checkGroup()
        let logger = makeLogger()
        let crash = try CrashPoint(environment: ProcessInfo.processInfo.environment)
        try prepare([("state", settings.state)], logger)
        let lock: InstanceLock
        do {
            lock = try InstanceLock(state: settings.state)
        } catch let taken as InstanceLock.Taken {
            throw ExitStatus.temporaryFailure.because("\(taken)")
        }
        // Whatever umask the service was started with must not keep people from what is made for them.
        umask(settings.permissions.umask)
        let folders = try prepareFolders(logger)
        // A lease broken by a writer is told by SIGIO, whose default action would end the process.
        signal(SIGIO, SIG_IGN)
        let store = try SQLiteJobStore(path: settings.ledger.string)
        try await FarEnd(api: settings.api, state: settings.state).claim(store)
        let (ports, gotPort) = AsyncStream.makeStream(of: Int.self)
        var services: [ServiceGroupConfiguration.ServiceConfiguration] = []
        var key: APIKey?
        switch settings.api {
        case .local: services.append(.init(service: try standIn(logger, gotPort)))
        case .remote:
            key = try APIKeySource.key(environment: ProcessInfo.processInfo.environment, file: settings.apiKeyFile)
        }
        let (notices, teller) = AsyncStream.makeStream(of: Notice.self, bufferingPolicy: .bufferingNewest(100))
        if let command = settings.notifyCommand {
            services.append(.init(service: NotificationHook(command: command, notices: notices, logger: logger)))
        }
        let worker = Worker(
            settings: settings, store: store, key: key, ports: ports, folders: folders,
            notify: { notice in teller.yield(notice) }, reached: { step in crash?.reached(step) }, logger: logger)
        services.append(.init(service: worker, successTerminationBehavior: .gracefullyShutdownGroup))
        services.append(.init(service: Progress(store: store, console: .shared)))
        services.append(.init(service: LastResort(logger: logger)))
        var configuration = ServiceGroupConfiguration(
            services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: silent)
        configuration.maximumGracefulShutdownDuration = .seconds(10)
        let group = ServiceGroup(configuration: configuration)
        defer { Console.shared.show(progress: "") }
        do {
            try await group.run()
        } catch let error as ServiceGroupError where error.errorCode == .serviceFinishedUnexpectedly {
            // Steps that did not end in time were left at a safe state; that is a shutdown like any other.
        }
        SystemdNotification.send("STOPPING=1")
        logger.info("stopped")
        withExtendedLifetime(lock) {}
    }

    /// The service group's own lines are about its machinery, not about anybody's videos.
    private var silent: Logger { Logger(label: "services") { _ in SwiftLogNoOpLogHandler() } }

    private func makeLogger() -> Logger {
        let (format, level) = (settings.logFormat, settings.logLevel)
        return Logger(label: "hotreel") { _ in
            switch format {
            case .text: TextLogHandler(logLevel: level, console: .shared)
            case .json: JSONLogHandler(logLevel: level, console: .shared)
            }
        }
    }

    /// Makes inboxes and outboxes the first time. Later, a missing one is a share that is not mounted: it is waited for.
    private func prepareFolders(_ logger: Logger) throws -> [HotFolder] {
        var known = try KnownPlaces(state: settings.state)
        let folders = settings.folders.flatMap { folder in
            [(Gate.inbox(of: folder.name), folder.inbox), (Gate.outbox(of: folder.name), folder.outbox)]
        }
        let new = folders.filter { !known.knows($0.0, at: $0.1) }
        try prepare(new.map { (KnownPlaces.role($0.0), $0.1) }, logger)
        do throws(any Error) {
            for (gate, path) in new { try known.note(gate, at: path) }
            return settings.hotFolders(known)
        } catch let error as FileError {
            throw ConfigurationError(
                place: error.path.string, key: "folder", value: nil, rule: "its place cannot be noted: \(error)",
                remedy: "Check the share and the state folder, and start again.")
        }
    }

    private func prepare(_ folders: [(key: String, path: FilePath)], _ logger: Logger) throws {
        for (key, path) in folders {
            do throws(FileError) {
                if FileSystem.exists(path) {
                    guard try FileSystem.status(of: path.appending("."))?.kind == .folder else {
                        throw FileError("use", path, .notDirectory)
                    }
                    continue
                }
                try FileSystem.makeFolder(path)
                // Said aloud, because behind a mistyped path or a share that is not mounted nobody would ever drop.
                logger.warning("the \(key) \(path) did not exist and was made")
            } catch {
                throw ConfigurationError(
                    place: path.string, key: key, value: nil, rule: "the folder cannot be used: \(error.code)",
                    remedy: "Make it a folder, and let Hotreel's user write there.")
            }
        }
    }

    private func standIn(_ logger: Logger, _ ports: AsyncStream<Int>.Continuation) throws -> Simulator {
        var configuration = SimulatorConfiguration()
        configuration.queueTime = settings.simulatorQueueTime
        configuration.renderTime = settings.simulatorRenderTime
        configuration.directory = settings.state.appending("stand-in")
        if let file = settings.simulatorScenario { configuration.scenario = try SimulateCommand.scenario(file.string) }
        var quiet = logger
        quiet.logLevel = max(.warning, logger.logLevel)
        return Simulator(configuration: configuration, logger: quiet) { port in
            ports.yield(port)
            ports.finish()
        }
    }
}

/// The pipeline, once it is known where the API is.
private struct Worker: Service {
    let settings: Settings
    let store: SQLiteJobStore
    let key: APIKey?
    let ports: AsyncStream<Int>
    let folders: [HotFolder]
    let notify: @Sendable (Notice) -> Void
    let reached: @Sendable (Step) -> Void
    let logger: Logger

    func run() async throws {
        guard let (url, key) = await far() else { return }
        var configuration = HTTPGenerationClientConfiguration(
            baseURL: url, apiKey: key, submitTimeout: settings.submitTimeout)
        configuration.allowsPrivateHosts = settings.allowsPrivateHosts
        let client = HTTPGenerationClient(configuration: configuration, logger: logger)
        let context = Context(
            store: store, client: client, catalog: try Catalog.bundled(), folders: folders,
            configuration: settings.pipeline, notify: notify, reached: reached, logger: logger)
        let pipeline = Pipeline(context: context) {
            SystemdNotification.send("READY=1")
            logger.notice(
                "ready",
                metadata: [
                    "inbox": "\(settings.folders.map(\.inbox.string).joined(separator: ", "))",
                    "outbox": "\(settings.folders.map(\.outbox.string).joined(separator: ", "))",
                    "api": settings.api == .local ? "local stand-in, nothing is billed" : "\(url)",
                ])
        }
        let result: Result<Void, any Error>
        do { result = .success(try await pipeline.run()) } catch { result = .failure(error) }
        try await client.shutdown()
        try result.get()
    }

    /// The far end and the key for it; nil when a shutdown came before the stand-in was up.
    private func far() async -> (URL, APIKey)? {
        switch settings.api {
        case .remote(let url): return key.map { (url, $0) }
        case .local:
            for await port in ports.cancelOnGracefulShutdown() {
                guard let url = URL(string: "http://127.0.0.1:\(port)"), let key = APIKey("local") else { return nil }
                return (url, key)
            }
            return nil
        }
    }
}

/// Ends the process when a shutdown does not come to its end, because a call to a share that does not answer cannot be taken back. That
/// loses nothing: what was being done goes on at the next start, as after any crash.
private struct LastResort: Service {
    /// Longer than steps have to end by themselves, and than those left then have to be abandoned.
    static let patience: TimeInterval = 12.5
    let logger: Logger

    func run() async throws {
        try await gracefulShutdown()
        let thread = Thread { [logger] in
            // On purpose a thread of its own: those on which tasks run may all be blocked.
            Thread.sleep(forTimeInterval: Self.patience)
            logger.warning("stopped without waiting for a share that does not answer")
            _exit(0)
        }
        thread.start()
    }
}

/// The progress line of a terminal.
private struct Progress: Service {
    let store: SQLiteJobStore
    let console: Console

    func run() async throws {
        guard console.isTerminal else { return try await gracefulShutdown() }
        try? await cancelWhenGracefulShutdown {
            while true {
                try await Task.sleep(for: .seconds(1))
                guard let counts = try? await store.counts(), !counts.isEmpty else { continue }
                console.show(
                    progress: JobState.Name.allCases.compactMap { state in
                        counts[state].map { "\($0) \(state.rawValue)" }
                    }.joined(separator: " · "))
            }
        }
    }
}
