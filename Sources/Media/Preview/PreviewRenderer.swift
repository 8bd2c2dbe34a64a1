import Foundation
import Jobs
import Subprocess
import SystemPackage

enum PreviewInput: Sendable {
    case picture(FilePath)
    case mask(FilePath)

    var path: FilePath {
        switch self {
        case .picture(let path), .mask(let path): path
        }
    }
}

/// Makes a small, real video from the very picture an artist dropped, so that a camera move can be judged before it
/// is paid for. It is marked as a preview in the picture and in the file's metadata.
///
/// One render takes one core for about a second per five seconds of video; how many run at once is the caller's choice.
package struct PreviewRenderer: Sendable {
    /// The file's `comment` tag.
    package static let comment = "Hotreel preview"

    package init() {}

    /// Renders `plan` to an H.264 `.mp4` that lasts exactly `plan.seconds`; a file of that name is replaced.
    package func render(_ plan: PreviewPlan, to output: FilePath) async throws(PreviewError) {
        do throws(PreviewError) {
            try await render(plan, badge: .text, to: output)
        } catch .renderFailed(let reason) where reason.contains("drawtext") || reason.contains("font") {
            // No font, or an ffmpeg without text: a striped ribbon marks the preview instead.
            try await render(plan, badge: .ribbon, to: output)
        }
    }

    func render(_ plan: PreviewPlan, badge: PreviewFilterGraph.Badge, to output: FilePath) async throws(PreviewError) {
        let picture = try await sizeOfPicture(at: plan.picture)
        let graph = PreviewFilterGraph(plan: plan, picture: picture, badge: badge)
        var arguments: [FFmpegTool.Argument] = ["-y", "-filter_complex_threads", "1"]
        for input in PreviewFilterGraph.inputs(of: plan) {
            arguments += ["-threads", "1", "-protocol_whitelist", "file", "-i", .file(input.path)]
        }
        arguments += [
            "-filter_complex", .text(graph.text), "-map", "[video]", "-frames:v", .text(String(plan.frameCount)),
            "-c:v", "libx264", "-preset", "ultrafast", "-crf", "20", "-threads", "1", "-pix_fmt", "yuv420p",
            "-map_metadata", "-1", "-metadata", .text("comment=" + Self.comment), "-movflags", "+faststart",
            "-f", "mp4", .file(output),
        ]
        _ = try await FFmpegTool.ffmpeg.run(arguments)
    }

    /// The picture's size as a viewer sees it, its EXIF rotation applied.
    private func sizeOfPicture(at path: FilePath) async throws(PreviewError) -> FrameSize {
        let answer: String
        do throws(PreviewError) {
            answer = try await FFmpegTool.ffprobe.run([
                "-protocol_whitelist", "file", "-select_streams", "v:0", "-read_intervals", "%+#1", "-of", "json",
                "-show_entries", "frame=width,height:frame_side_data=rotation", .file(path),
            ])
        } catch .renderFailed(let reason) {
            throw .unreadablePicture(reason)
        }
        let frame = (try? JSONDecoder().decode(JSONValue.self, from: Data(answer.utf8)))?["frames"]?.arrayValue?.first
        guard let width = frame?["width"]?.integerValue, let height = frame?["height"]?.integerValue,
            width > 0, height > 0
        else { throw .unreadablePicture("it holds no picture") }
        let turns = frame?["side_data_list"]?.arrayValue?.compactMap { $0["rotation"]?.integerValue } ?? []
        let lies = turns.contains { abs($0) % 180 == 90 }
        return lies ? FrameSize(width: height, height: width) : FrameSize(width: width, height: height)
    }
}
