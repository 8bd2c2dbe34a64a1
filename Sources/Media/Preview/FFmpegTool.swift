import Subprocess
import SystemPackage

/// ffmpeg and ffprobe as programs, quiet and without a terminal.
enum FFmpegTool: String {
    case ffmpeg, ffprobe

    /// A word of the command line; file names keep their bytes and are never taken for options or URLs.
    enum Argument: ExpressibleByStringLiteral {
        case text(String)
        case file(FilePath)

        init(stringLiteral value: String) { self = .text(value) }

        /// The word as a C string, with its closing zero.
        var bytes: [UInt8] {
            switch self {
            case .text(let text):
                Array(text.utf8) + [0]
            case .file(let path):
                Array("file:".utf8)
                    + path.withPlatformString { name in (0...path.length).map { UInt8(bitPattern: name[$0]) } }
            }
        }
    }

    /// Runs the program to its end and returns what it printed.
    func run(
        _ arguments: [Argument], environment: Environment = .inherit
    ) async throws(PreviewError) -> String {
        let quiet: [Argument] = self == .ffmpeg ? ["-nostdin", "-hide_banner", "-v", "error"] : ["-v", "error"]
        let words = (quiet + arguments).map(\.bytes)
        let report: (succeeded: Bool, output: String, error: String)
        do {
            let result = try await Subprocess.run(
                .name(rawValue), arguments: Arguments(words), environment: environment,
                output: .string(limit: 1 << 20), error: .string(limit: 1 << 20))
            report = (result.terminationStatus.isSuccess, result.standardOutput, result.standardError)
        } catch {
            throw .toolMissing(rawValue)
        }
        guard report.succeeded else {
            throw .renderFailed(String(report.error.suffix(2000)))
        }
        return report.output
    }
}
