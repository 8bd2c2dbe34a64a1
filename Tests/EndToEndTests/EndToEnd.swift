import Jobs
import SystemPackage
import TestKit
import Testing

/// Tests through the real program, from outside. One after the other, because each renders videos.
@Suite(.serialized) enum EndToEnd {}

extension HotreelFolder {
    /// Runs the service for `body` and expects it to end on SIGTERM with 0 in time. Gives back its log.
    @discardableResult
    func serving(
        api: String = "local", settings: [String: String] = [:], key: String? = nil,
        sourceLocation: SourceLocation = #_sourceLocation, _ body: (HotreelProcess) async throws -> Void
    ) async throws -> String {
        let ending = try await running(api: api, settings: settings, key: key, body)
        #expect(ending.status == 0, "\(ending.log)", sourceLocation: sourceLocation)
        #expect(ending.stopping < .seconds(15), sourceLocation: sourceLocation)
        return ending.log
    }

    /// Expects a delivered video to be one: H.264, of this duration, as wide to high as its picture.
    @discardableResult
    func expectVideo(
        _ name: String, seconds: Double = 5, aspectRatio: Double = 640.0 / 480,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> VideoMeasures {
        let video = try await VideoMeasures(root["outbox/videos/\(name).mp4"])
        #expect(video.codec == "h264", sourceLocation: sourceLocation)
        #expect(abs(video.duration - seconds) < 0.1, sourceLocation: sourceLocation)
        #expect(abs(video.aspectRatio / aspectRatio - 1) < 0.02, sourceLocation: sourceLocation)
        return video
    }

    /// Waits for videos with all that belongs to them, sources put away included.
    func waitForVideos(_ names: String..., within limit: Duration = .seconds(40)) async throws {
        try await wait(within: limit, "videos \(names)") {
            guard names.allSatisfy({ root.exists("outbox/videos/\($0).receipt.json") }) else { return false }
            return root.files(in: "inbox/.hotreel").isEmpty
        }
    }
}

/// A sidecar with a prompt and more.
func sidecar(_ more: [String: JSONValue] = [:]) -> JSONValue {
    .object(["prompt": "a calm sea", "duration": 5].merging(more) { $1 })
}
