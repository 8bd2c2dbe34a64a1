import ArgumentParser
import Foundation
import Logging
import ServiceLifecycle
import Simulator
import SystemPackage

struct SimulateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate", abstract: "The local stand-in for the API, on its own.",
        discussion: """
            Answers the API's operations on 127.0.0.1 and renders real previews; nothing is billed. Point a Hotreel at it \
            with --api-url http://127.0.0.1:PORT and any AIML_API_KEY. A scenario makes it misbehave as told: \
            { "faults": [ { "operation": "create", "fault": "status", "status": 503, "times": 2 } ] }
            """)

    @Option(help: "Port to listen on; 0 takes any free one.")
    var port = 8787

    @Option(help: ArgumentHelp("How long a generation waits.", valueName: "duration"))
    var queueTime = "1s"

    @Option(help: ArgumentHelp("How long a generation takes at least.", valueName: "duration"))
    var renderTime = "2s"

    @Option(help: ArgumentHelp("Keep the body of each accepted request in this folder.", valueName: "dir"))
    var record: String?

    @Option(help: ArgumentHelp("Accept only this key.", valueName: "key"))
    var key: String?

    @Option(help: ArgumentHelp("Let go wrong what this JSON file says.", valueName: "file"))
    var scenario: String?

    @Option(help: ArgumentHelp("Remember generations in this folder across restarts.", valueName: "dir"))
    var directory: String?

    @Flag(help: "For measuring: answer at once with a stock video, without looking at pictures.")
    var instant = false

    func validate() throws {
        for text in [queueTime, renderTime] where SettingReader.duration(text) == nil {
            throw ValidationError("“\(text)” is not a duration; write 500ms, 2s or 1m.")
        }
    }

    func run() async throws {
        var configuration = SimulatorConfiguration()
        configuration.port = port
        configuration.apiKey = key
        configuration.queueTime = SettingReader.duration(queueTime) ?? configuration.queueTime
        configuration.renderTime = SettingReader.duration(renderTime) ?? configuration.renderTime
        configuration.recordDirectory = record.map { FilePath($0) }
        configuration.isInstant = instant
        configuration.directory = directory.map { FilePath($0) }
        if let scenario { configuration.scenario = try Self.scenario(scenario) }
        let logger = Logger(label: "simulate") { _ in TextLogHandler(logLevel: .notice, console: .shared) }
        let simulator = Simulator(configuration: configuration, logger: logger) { port in
            logger.notice("ready", metadata: ["url": "http://127.0.0.1:\(port)"])
        }
        try await explainingErrors {
            try await ServiceGroup(
                configuration: ServiceGroupConfiguration(
                    services: [.init(service: simulator)], gracefulShutdownSignals: [.sigterm, .sigint],
                    logger: Logger(label: "services") { _ in SwiftLogNoOpLogHandler() })
            ).run()
        }
    }

    static func scenario(_ file: String) throws -> Scenario {
        let bytes: Data
        do {
            bytes = try Data(contentsOf: URL(filePath: file))
        } catch {
            throw ExitStatus.noInput.because("\(file): the scenario cannot be read: \(error.localizedDescription)")
        }
        do {
            return try Scenario(Array(bytes), file: file)
        } catch {
            throw ExitStatus.configuration.because("\(error)")
        }
    }
}
