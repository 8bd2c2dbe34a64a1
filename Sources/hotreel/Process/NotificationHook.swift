import Foundation
import Jobs
import Logging
import Pipeline
import ServiceLifecycle
import Subprocess
import SystemPackage

/// Runs `notify.command` for each notice, one after the other, with the notice as a JSON object on its standard input.
struct NotificationHook: Service {
    let command: FilePath
    let notices: AsyncStream<Notice>
    let logger: Logger

    private static let patience = Duration.seconds(30)

    func run() async throws {
        for await notice in notices.cancelOnGracefulShutdown() { await tell(notice) }
    }

    private func tell(_ notice: Notice) async {
        let (command, document) = (command, notice.document.document)
        do {
            let status = try await withThrowingTaskGroup(of: TerminationStatus?.self) { group in
                group.addTask {
                    try await Subprocess.run(
                        .path(command), arguments: [notice.event], input: .array(document), output: .discarded,
                        error: .discarded
                    ).terminationStatus
                }
                group.addTask {
                    try await Task.sleep(for: Self.patience)
                    return nil
                }
                defer { group.cancelAll() }
                return try await group.next() ?? nil
            }
            guard let status else {
                return logger.error("notify.command \(command) did not end within \(Self.patience)")
            }
            if !status.isSuccess { logger.error("notify.command \(command) ended with \(status)") }
        } catch {
            logger.error("notify.command \(command) cannot be run: \(error)")
        }
    }
}
