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
        api: String = "local", settings: [String: String] = [:], key: String? = nil, user: UInt32? = nil,
        sourceLocation: SourceLocation = #_sourceLocation, _ body: (HotreelProcess) async throws -> Void
    ) async throws -> String {
        let ending = try await running(api: api, settings: settings, key: key, user: user, body)
        #expect(ending.status == 0, "\(ending.log)", sourceLocation: sourceLocation)
        #expect(ending.stopping < .seconds(15), sourceLocation: sourceLocation)
        try await expectVideosAsAsked(sourceLocation: sourceLocation)
        return ending.log
    }

    /// Expects whatever has been delivered to be H.264 of the duration that was sent; of very many the first twenty.
    private func expectVideosAsAsked(sourceLocation: SourceLocation) async throws {
        for file in root.files(in: "outbox/videos").filter({ $0.hasSuffix(".mp4") }).prefix(20) {
            let name = String(file.dropLast(4))
            let video = try await VideoMeasures(root["outbox/videos/\(file)"])
            let asked = try receipt(name)["request"]?["duration"]?.doubleValue ?? 5
            #expect(
                video.codec == "h264" && abs(video.duration - asked) < 0.1, "\(name)", sourceLocation: sourceLocation)
        }
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

extension HotreelFolder {
    /// Expects that a drop was refused in words that hold all of `words`, in both reports, and that its files lie beside
    /// them unchanged. `file` and `key` are those of one of the problems.
    func expectReport(
        _ name: String, file: String, key: String? = nil, words: [String], sources: [String: [UInt8]],
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let text = String(decoding: try bytes("outbox/errors/\(name).error.txt"), as: UTF8.self)
        for word in words + [file, key ?? "", "What to do: "] where !word.isEmpty {
            #expect(text.contains(word), "\(name)", sourceLocation: sourceLocation)
        }
        let report = try json("outbox/errors/\(name).error.json")
        #expect(
            report.objectValue.map { Set($0.keys) } == [
                "job", "name", "folder", "dropped", "sources", "stage", "message", "problems",
            ],
            sourceLocation: sourceLocation)
        #expect(report["stage"] == "intake", sourceLocation: sourceLocation)
        let problems = report["problems"]?.arrayValue ?? []
        for problem in problems {
            #expect(
                problem.objectValue.map { Set($0.keys) } == ["file", "key", "value", "rule", "remedy"],
                sourceLocation: sourceLocation)
        }
        #expect(
            problems.contains { $0["file"] == .string(file) && $0["key"] == key.map(JSONValue.string) ?? .null },
            "\(name): \(problems)", sourceLocation: sourceLocation)
        for (source, content) in sources {
            #expect(
                try bytes("outbox/errors/\(source)") == content, "\(name): \(source)", sourceLocation: sourceLocation)
            #expect(!root.exists("inbox/\(source)"), "\(name): \(source)", sourceLocation: sourceLocation)
        }
    }
}

/// A sidecar with a prompt and more.
func sidecar(_ more: [String: JSONValue] = [:]) -> JSONValue {
    .object(["prompt": "a calm sea", "duration": 5].merging(more) { $1 })
}
