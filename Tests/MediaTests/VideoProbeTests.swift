import Foundation
import Jobs
import SystemPackage
import Testing

@testable import Media

@Suite("What a video is, and whether it is all there")
struct VideoProbeTests {
    let workshop: PictureWorkshop

    init() throws { workshop = try PictureWorkshop() }

    private func video(_ name: String, options: [String] = []) async throws -> FilePath {
        try await workshop.ffmpeg(
            ["-f", "lavfi", "-i", "testsrc2=s=320x240:d=2:r=24", "-c:v", "libx264", "-pix_fmt", "yuv420p"] + options,
            to: name)
    }

    @Test(
        "Facts of an MP4, its index at either end, of a WebM and of a fragmented MP4", .timeLimit(.minutes(1)),
        arguments: [
            ("plain.mp4", []), ("fast.mp4", ["-movflags", "+faststart"]), ("film.mkv", []),
            ("fragments.mp4", ["-movflags", "frag_keyframe+empty_moov"]),
        ])
    func facts(name: String, options: [String]) async throws {
        let facts = try await VideoProbe.facts(of: video(name, options: options))
        #expect(facts.width == 320 && facts.height == 240)
        #expect(abs(facts.duration - 2) < 0.1)
    }

    @Test(
        "A video cut at any length is refused", .timeLimit(.minutes(1)),
        arguments: [
            ("plain.mp4", []), ("fast.mp4", ["-movflags", "+faststart"]),
        ])
    func cut(name: String, options: [String]) async throws {
        let bytes = try workshop.bytes(await video(name, options: options))
        for length in (0..<10).map({ $0 * bytes.count / 10 }) + [bytes.count - 100, bytes.count - 1] {
            let path = try workshop.write(bytes[..<length], to: "cut.mp4")
            await #expect(throws: VideoProblem.self, "\(length) of \(bytes.count)") {
                try await VideoProbe.facts(of: path)
            }
        }
    }

    @Test("A Matroska file cut at half its length is refused", .timeLimit(.minutes(1)))
    func cutMatroska() async throws {
        let bytes = try workshop.bytes(await video("film.mkv"))
        let path = try workshop.write(bytes[..<(bytes.count / 2)], to: "cut.mkv")
        await #expect(throws: VideoProblem.self) { try await VideoProbe.facts(of: path) }
    }

    @Test(
        "What is no video is named", .timeLimit(.minutes(1)),
        arguments: [
            ("", "empty"), ("<!DOCTYPE html><html></html>", "web page"), ("{\"error\": \"expired\"}", "expired"),
            ("#EXTM3U\n/etc/passwd\n", "no player opens"), ("nonsense", "no player opens"),
        ])
    func noVideo(text: String, words: String) async throws {
        let path = try workshop.write(text.utf8, to: "video.mp4")
        let problem = await #expect(throws: VideoProblem.self) { try await VideoProbe.facts(of: path) }
        #expect(problem?.message.contains(words) == true, "\(problem?.message ?? "")")
    }

    @Test("A picture and a sound are no videos", .timeLimit(.minutes(1)))
    func otherMedia() async throws {
        let picture = try await workshop.ffmpeg("picture.png")
        await #expect(throws: VideoProblem.self) { try await VideoProbe.facts(of: picture) }
        let sound = try await workshop.ffmpeg(["-f", "lavfi", "-i", "sine=d=1", "-c:a", "aac"], to: "sound.mp4")
        let problem = await #expect(throws: VideoProblem.self) { try await VideoProbe.facts(of: sound) }
        #expect(problem?.message.contains("picture track") == true)
    }

    @Test("A missing file and a name that looks like an option", .timeLimit(.minutes(1)))
    func names() async throws {
        await #expect(throws: VideoProblem.unreadable(.noSuchFileOrDirectory)) {
            try await VideoProbe.facts(of: workshop.path("none.mp4"))
        }
        let bytes = try workshop.bytes(await video("plain.mp4"))
        #expect(try await VideoProbe.facts(of: workshop.write(bytes, to: "-i http:%2F \n'x'.mp4")).width == 320)
    }

    @Test("A program that does not end in time is ended", .timeLimit(.minutes(1)))
    func timeOut() async throws {
        let file = try RegularFile(await video("plain.mp4"))
        await #expect(throws: MediaProgramFailure.timedOut) {
            try await MediaProgram.ffmpeg.run(
                ["-re", "-f", "lavfi", "-i", "testsrc2", "-f", "null", "-"], reading: file, output: .discarded,
                within: .milliseconds(300))
        }
    }
}
