import Foundation
import Jobs
import Subprocess
import SystemPackage

/// A video as ffprobe and ffmpeg see it.
package struct VideoMeasures: Sendable {
    package let codec: String
    package let width: Int
    package let height: Int
    /// Seconds.
    package let duration: Double
    private let file: FilePath

    package var aspectRatio: Double { Double(width) / Double(height) }

    package init(_ file: FilePath) async throws {
        let result = try await Subprocess.run(
            .name("ffprobe"),
            arguments: ["-v", "error", "-of", "json", "-show_streams", "-show_format", "file:\(file.string)"],
            output: .string(limit: 100_000), error: .string(limit: 100_000))
        guard result.terminationStatus.isSuccess else {
            throw HotreelProcess.Failure(description: "ffprobe \(file): \(result.standardError)")
        }
        let json = try JSONDecoder().decode(JSONValue.self, from: Data(result.standardOutput.utf8))
        let stream = json["streams"]?.arrayValue?.first { $0["codec_type"] == "video" }
        codec = stream?["codec_name"]?.stringValue ?? ""
        width = stream?["width"]?.integerValue ?? 0
        height = stream?["height"]?.integerValue ?? 0
        duration = Double(json["format"]?["duration"]?.stringValue ?? "") ?? 0
        self.file = file
    }

    /// The first, the middle and the last frame as 320 × 158 grey levels: the preview's mark at the foot is cut off.
    package func frames() async throws -> [Frame] {
        let (first, middle, last) = (0, Int(duration * 12), Int((duration * 24).rounded()) - 1)
        let bytes = try await TestPictures.ffmpeg([
            "-i", "file:\(file.string)", "-vf",
            "select='eq(n,\(first))+eq(n,\(middle))+eq(n,\(last))',scale=320:180,format=gray,crop=320:158:0:0",
            "-fps_mode", "passthrough", "-f", "rawvideo", "-",
        ])
        return stride(from: 0, to: bytes.count, by: Frame.size).map { Frame(grey: Array(bytes[$0..<$0 + Frame.size])) }
    }

    /// A still seen the same way, to compare with.
    package static func still(_ picture: [UInt8]) async throws -> Frame {
        let folder = try TemporaryFolder()
        let file = try folder.write(picture, to: "still")
        return Frame(
            grey: try await TestPictures.ffmpeg([
                "-i", file.string, "-vf", "scale=320:180,format=gray,crop=320:158:0:0", "-f", "rawvideo", "-",
            ]))
    }

    /// Grey levels, 320 × 158.
    package struct Frame: Sendable {
        static let size = 320 * 158
        let grey: [UInt8]

        /// Mean difference of the grey levels, 0 … 255.
        package func difference(from other: Frame) -> Double {
            Double(zip(grey, other.grey).reduce(0) { $0 + abs(Int($1.0) - Int($1.1)) }) / Double(grey.count)
        }

        /// The middle of all that is nearly white in these columns.
        package func whiteSpot(columns: Range<Int> = 0..<320) -> (x: Double, y: Double) {
            let spots = grey.indices.filter { grey[$0] > 200 && columns.contains($0 % 320) }
            let count = Double(max(1, spots.count))
            return (
                spots.reduce(0) { $0 + Double($1 % 320) } / count, spots.reduce(0) { $0 + Double($1 / 320) } / count
            )
        }

        /// How far the whites left and right of their common middle are from one another.
        package var spread: Double {
            let middle = Int(whiteSpot().x)
            let (left, right) = (whiteSpot(columns: 0..<middle), whiteSpot(columns: middle..<320))
            return hypot(right.x - left.x, right.y - left.y)
        }
    }
}
