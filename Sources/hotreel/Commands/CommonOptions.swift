import ArgumentParser
import Foundation
import SystemPackage

/// The options every command takes.
struct CommonOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Configuration file.", valueName: "file"))
    var config: String?

    @Option(help: ArgumentHelp("Folder that people drop into.", valueName: "dir"))
    var inbox: String?

    @Option(help: ArgumentHelp("Folder for videos and error reports.", valueName: "dir"))
    var outbox: String?

    @Option(help: ArgumentHelp("Folder for the ledger.", valueName: "dir"))
    var state: String?

    /// Where a configuration file is looked for when none is named.
    private static let usualPlaces = ["hotreel.yaml", "/etc/hotreel/hotreel.yaml"]

    /// The configuration of this call; `more` are settings given by a command's own options.
    func sources(_ more: [ConfigurationKey: (option: String, value: String)] = [:]) throws -> ConfigurationSources {
        var options = more
        if let inbox { options[.inbox] = ("--inbox", inbox) }
        if let outbox { options[.outbox] = ("--outbox", outbox) }
        if let state { options[.state] = ("--state", state) }
        let file = config ?? Self.usualPlaces.first { FileManager.default.fileExists(atPath: $0) }
        return try ConfigurationSources(
            file: file.map { FilePath($0) }, environment: ProcessInfo.processInfo.environment, options: options,
            workingFolder: FilePath(FileManager.default.currentDirectoryPath))
    }

    /// The ledger's file. Whoever only reads it need not know the other folders.
    func ledger() throws -> String {
        try SettingReader(sources: sources()).folder(.state).appending(Settings.ledgerName).string
    }

    func settings(_ more: [ConfigurationKey: (option: String, value: String)] = [:]) throws -> Settings {
        try Settings(sources(more))
    }
}
