import ArgumentParser
import Folders
import Foundation
import SystemPackage

struct InitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Make the folders and a commented configuration file.")

    @Argument(help: ArgumentHelp("Where; made if it does not exist.", valueName: "dir"))
    var folder: String

    func run() async throws {
        try await explainingErrors {
            let root = FilePath(FileManager.default.currentDirectoryPath).pushing(FilePath(folder))
                .lexicallyNormalized()
            do {
                for name in ["inbox", "outbox", "state"] { try FileSystem.makeFolder(root.appending(name)) }
                try Outbox(root: root.appending("outbox")).prepare()
                let file = root.appending("hotreel.yaml")
                if FileSystem.exists(file) {
                    output("\(file) is already there and stays as it is.")
                } else {
                    try FileSystem.replace(file, with: Array(Self.template.utf8))
                    output("Wrote \(file).")
                }
            } catch let error as FileError {
                throw ExitStatus.cannotCreate.because("\(error)")
            }
            output(
                """
                People drop into   \(root.appending("inbox"))
                Videos appear in   \(root.appending("outbox").appending("videos"))
                Try it for nothing: hotreel run --config \(root.appending("hotreel.yaml")) --api-url local
                """)
        }
    }

    /// Every key with its meaning; those with a default are commented out.
    static var template: String {
        var lines = [
            "# Hotreel's configuration. Each key can also be set by an environment variable, such as",
            "# HOTREEL_API_POLL_INTERVAL, and some by an option. Paths are relative to this file.",
            "# The API key does not belong here: set AIML_API_KEY, or api.keyFile.",
        ]
        var group = ""
        for key in ConfigurationKey.allCases {
            let parts = key.rawValue.split(separator: ".").map(String.init)
            let (section, name) = parts.count == 2 ? (parts[0], parts[1]) : ("", parts[0])
            if section != group {
                group = section
                lines += ["", "\(section):"]
            } else if section.isEmpty {
                lines.append("")
            }
            let indent = section.isEmpty ? "" : "  "
            lines.append("\(indent)# \(key.help)")
            switch key {
            case .inbox, .outbox, .state: lines.append("\(name): \(name)")
            default: lines.append("\(indent)# \(name): \(key.fallback ?? "…")")
            }
            if key == .budgetCreditsPerSecond { lines += folderBudgets }
            if key == .outbox { lines += inboxes }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static let inboxes = [
        "",
        "# Several inboxes under one service, ledger, key and budget stand here instead of inbox and outbox.",
        "# inboxes:",
        "#   - name: commercials",
        "#     inbox: /srv/commercials/inbox",
        "#     outbox: /srv/commercials/outbox",
        "#     defaults: { negative_prompt: \"text, blur\", duration: 5 }",
        "#     budget: { dailyCredits: 4_000_000 }",
        "#   - name: features",
        "#     inbox: /srv/features/inbox",
        "#     outbox: /srv/features/outbox",
    ]

    private static let folderBudgets = [
        "  # Besides, for single folders that lie directly in the inbox, with all below them:",
        "  # folders:",
        "  #   portraits: { dailyCredits: 2_000_000, monthlyCredits: 40_000_000 }",
    ]
}
