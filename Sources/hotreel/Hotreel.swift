import ArgumentParser

@main
struct Hotreel: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hotreel",
        abstract: "A hot folder that turns stills into video.",
        discussion: """
            Drop a picture and a sidecar .json into the inbox; the finished video, or a report of what is wrong, appears in \
            the outbox. Start with: hotreel init DIR
            """,
        version: "0.1.0",
        subcommands: [
            RunCommand.self, InitCommand.self, CheckCommand.self, StatusCommand.self, JobsCommand.self,
            ShowCommand.self, ReleaseCommand.self, CancelCommand.self, RetryCommand.self, ResolveCommand.self,
            AuditCommand.self, DropCommand.self, DoctorCommand.self,
            SimulateCommand.self,
        ])
}
