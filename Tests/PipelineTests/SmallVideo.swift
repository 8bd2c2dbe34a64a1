import Foundation
import Subprocess
import SystemPackage
import TestKit

/// A one-second H.264 video, made by ffmpeg once per run.
enum SmallVideo {
    private static let making = Task {
        let folder = try TemporaryFolder()
        let file = folder["small.mp4"]
        let result = try await Subprocess.run(
            .name("ffmpeg"),
            arguments: [
                "-nostdin", "-v", "error", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=8:d=1", "-c:v", "libx264",
                "-preset", "ultrafast", "-pix_fmt", "yuv420p", file.string,
            ], output: .discarded, error: .string(limit: 10_000))
        guard result.terminationStatus.isSuccess else { throw Failure(description: result.standardError) }
        return try HotreelFolder.bytes(of: file)
    }

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    static var bytes: [UInt8] {
        get async throws { try await making.value }
    }

    /// As a download writes it, over what an earlier try left.
    static func write(to file: FilePath) async throws { try write(await bytes, to: file) }

    static func write(_ bytes: some Sequence<UInt8>, to file: FilePath) throws {
        let descriptor = try FileDescriptor.open(
            file, .writeOnly, options: [.create, .truncate, .closeOnExec], permissions: .ownerReadWrite)
        try descriptor.closeAfter { _ = try descriptor.writeAll(bytes) }
    }
}
