import ArgumentParser

struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "The service: take drops, make videos, deliver them.",
        discussion: "Ends with SIGTERM or Ctrl-C; what is under way goes on at the next start.")

    @OptionGroup var common: CommonOptions

    @Option(
        name: .customLong("api-url"),
        help: ArgumentHelp("The generation API, or local for the built-in stand-in.", valueName: "url|local"))
    var apiURL: String?

    func run() async throws {
        try await explainingErrors {
            let settings = try common.settings(apiURL.map { [.apiURL: ("--api-url", $0)] } ?? [:])
            try await ServiceProcess(settings: settings).run()
        }
    }
}
