import CVips
import Foundation
import Subprocess
import SystemPackage
import Testing

@testable import Media

/// A folder in which a test makes its pictures, with ffmpeg and libvips; gone with the test.
final class PictureWorkshop: Sendable {
    let folder: FilePath

    init() throws {
        let url = FileManager.default.temporaryDirectory.appending(path: "media-tests-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        folder = FilePath(url.path)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder.string) }

    func path(_ name: String) -> FilePath { folder.appending(name) }

    /// A busy picture by ffmpeg, in the format of the name's suffix.
    @discardableResult
    func ffmpeg(
        _ name: String, size: String = "400x300", source: String = "testsrc2", noise: Int = 20, options: [String] = []
    ) async throws -> FilePath {
        // Scaled last, since the source itself only makes even sizes.
        let filter =
            "scale=\(size.replacing("x", with: ":")),format=rgb24"
            + (noise > 0 ? ",noise=alls=\(noise):all_seed=7" : "")
        return try await ffmpeg(
            ["-f", "lavfi", "-i", "\(source)=s=\(size)", "-vf", filter, "-frames:v", "1"] + options, to: name)
    }

    @discardableResult
    func ffmpeg(_ arguments: [String], to name: String) async throws -> FilePath {
        let result = try await Subprocess.run(
            .name("ffmpeg"), arguments: Arguments(["-v", "error", "-nostdin", "-y"] + arguments + [path(name).string]),
            output: .discarded, error: .string(limit: 1 << 16))
        try #require(result.terminationStatus.isSuccess, "ffmpeg: \(result.standardError)")
        return path(name)
    }

    /// One libvips operation by its name, with its required arguments in order as the command `vips` takes them.
    @discardableResult
    func vips(_ operation: String, _ arguments: [String], options: [String: String] = [:]) throws -> FilePath {
        try #require(VipsLibrary.startFailure == nil)
        let call = try #require(vips_operation_new(operation), "no operation \(operation)")
        defer { g_object_unref(call) }
        for (name, value) in options {
            let object = UnsafeMutableRawPointer(call).assumingMemoryBound(to: VipsObject.self)
            try #require(vips_object_set_argument_from_string(object, name, value) == 0, "\(operation): \(name)")
        }
        var words = arguments.map { strdup($0) }
        defer { words.forEach { free($0) } }
        let result = words.withUnsafeMutableBufferPointer { vips_call_argv(call, Int32($0.count), $0.baseAddress) }
        try #require(result == 0, "\(operation): \(String(cString: vips_error_buffer()))")
        return FilePath(arguments.last ?? "")
    }

    @discardableResult
    func write(_ bytes: some Sequence<UInt8>, to name: String) throws -> FilePath {
        try Data(bytes).write(to: URL(filePath: path(name).string))
        return path(name)
    }

    func bytes(_ path: FilePath) throws -> [UInt8] { try [UInt8](Data(contentsOf: URL(filePath: path.string))) }

    /// One pixel as red, green, blue (and alpha, where there is one), through ffmpeg's eyes.
    func pixel(_ path: FilePath, x: Int, y: Int) async throws -> [UInt8] {
        let raw = try await ffmpeg(
            [
                "-noautorotate", "-i", path.string, "-vf", "crop=1:1:\(x):\(y):exact=1", "-f", "rawvideo", "-pix_fmt",
                "rgba",
            ],
            to: "pixel-\(UUID().uuidString).raw")
        return try bytes(raw)
    }
}
