import Subprocess
import SystemPackage

/// ffmpeg and ffprobe, run on an open file that they find as their standard input: no file name ever reaches their
/// command line, whatever its bytes.
enum MediaProgram: String {
    case ffmpeg, ffprobe

    /// What a finished run said.
    struct Report<Output: Sendable>: Sendable {
        let succeeded: Bool
        let output: Output
        let complaints: String

        var firstComplaint: String {
            complaints.split(separator: "\n").first.map(String.init) ?? "no reason given"
        }
    }

    /// Runs the program to its end, or kills it when `limit` has passed or the task is cancelled.
    func run<Output: OutputProtocol>(
        _ arguments: [String], reading file: RegularFile, output: Output, within limit: Duration
    ) async throws(MediaProgramFailure) -> Report<Output.OutputType> {
        do {
            let input = try file.duplicateWithOwnPosition()
            return try await withThrowingTaskGroup(of: Report<Output.OutputType>?.self) { group in
                group.addTask {
                    let result = try await Subprocess.run(
                        .name(rawValue), arguments: Arguments(["-hide_banner", "-v", "error"] + arguments),
                        input: .fileDescriptor(input, closeAfterSpawningProcess: true), output: output,
                        error: .string(limit: 1 << 20))
                    return Report(
                        succeeded: result.terminationStatus.isSuccess, output: result.standardOutput,
                        complaints: result.standardError)
                }
                group.addTask {
                    try await Task.sleep(for: limit)
                    return nil
                }
                defer { group.cancelAll() }
                guard let first = try await group.next(), let report = first else { throw MediaProgramFailure.timedOut }
                return report
            }
        } catch let failure as MediaProgramFailure {
            throw failure
        } catch let error as SubprocessError {
            if error.code == .outputLimitExceeded { throw .tooMuchOutput }
            throw Task.isCancelled ? .cancelled : .notStarted("\(rawValue): \(error)")
        } catch {
            throw Task.isCancelled ? .cancelled : .notStarted("\(rawValue): \(error)")
        }
    }
}

/// Why a program gave no answer; never the file's fault for certain.
enum MediaProgramFailure: Error, Equatable {
    case notStarted(String)
    case timedOut
    case tooMuchOutput
    case cancelled

    var message: String {
        switch self {
        case .notStarted(let words): "it could not be started (\(words))"
        case .timedOut: "it did not finish in time"
        case .tooMuchOutput: "it reported more than can be read"
        case .cancelled: "it was stopped"
        }
    }
}
