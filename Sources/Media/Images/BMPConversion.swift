import Glibc
import Jobs
import Subprocess
import SystemPackage

/// libvips reads BMP through a loader that stays blocked, so ffmpeg turns it into PNG first, losslessly.
enum BMPConversion {
    /// A file without a name, in the folder of `destination`, gone when it is no longer used.
    static func png(
        of file: RegularFile, beside destination: FilePath
    ) async throws(ImageProblem) -> RegularFile {
        let number = destination.withPlatformString { path in
            let number = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
            if number >= 0 { unlink(path) }
            return number
        }
        guard number >= 0 else { throw .notWritable(Errno(rawValue: errno)) }
        let unnamed = FileDescriptor(rawValue: number)
        do {
            let report = try await MediaProgram.ffmpeg.run(
                [
                    "-nostdin", "-protocol_whitelist", "pipe", "-f", "bmp_pipe", "-i", "pipe:0", "-frames:v", "1",
                    "-f", "image2pipe", "-c:v", "png", "pipe:1",
                ],
                reading: file, output: .fileDescriptor(unnamed, closeAfterSpawningProcess: false), within: .seconds(120)
            )
            guard report.succeeded else { throw ImageProblem.undecodable(.bmp, report.firstComplaint) }
            return try RegularFile(adopting: unnamed)
        } catch {
            close(number)
            switch error {
            case let problem as ImageProblem: throw problem
            case let failure as MediaProgramFailure: throw .notConverted(failure)
            case let error as Errno: throw .notWritable(error)
            default: throw .undecodable(.bmp, String(describing: error))
            }
        }
    }
}

extension ImageProblem {
    fileprivate static func notConverted(_ failure: MediaProgramFailure) -> ImageProblem {
        ImageProblem(
            rule: "a BMP picture is converted by ffmpeg first, which failed: \(failure.message)",
            remedy: "Export the picture as PNG and drop that, or ask the administrator to look at ffmpeg.",
            systemError: failure == .timedOut ? .timedOut : .noSuchFileOrDirectory)
    }
}
