import Foundation
@testable import Media
import SystemPackage
import TestKit
import Testing

@Suite(.serialized) struct PreviewContentTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test(
        "A preview is H.264, lasts as long as asked and keeps the picture's aspect ratio", .timeLimit(.minutes(1)),
        arguments: [(5, 1600, 900), (10, 400, 1000), (5, 1001, 667)])
    func form(seconds: Int, width: Int, height: Int) async throws {
        let picture = try await picture("\(width)x\(height)")
        let video = folder["out.mp4"]
        try await PreviewRenderer().render(PreviewPlan(picture: picture, seconds: seconds, move: .roll(10)), to: video)
        let probed = try await ProbedVideo(video)
        #expect(probed.codec == "h264")
        #expect(probed.pixelFormat == "yuv420p")
        #expect(abs(probed.duration - Double(seconds)) < 0.1)
        #expect(probed.width.isMultiple(of: 2) && probed.height.isMultiple(of: 2))
        let ratio = Double(probed.width) / Double(probed.height)
        #expect(abs(ratio / (Double(width) / Double(height)) - 1) < 0.01)
        #expect(probed.comment == PreviewRenderer.comment)
        let start = try Data(contentsOf: URL(filePath: video.string)).prefix(4096)
        #expect(start.range(of: Data("moov".utf8)) != nil, "the index comes first, so players start at once")
    }

    @Test("A picture that EXIF turns on its side makes an upright preview", .timeLimit(.minutes(1)))
    func rotation() async throws {
        let jpeg = try await TestPicture.bytes("800x600", format: "mjpeg")
        // Orientation 6, as the only entry of a big-endian TIFF header.
        let exif = Data("Exif\0\0MM\0*\0\0\0\u{8}\0\u{1}\u{1}\u{12}\0\u{3}\0\0\0\u{1}\0\u{6}\0\0\0\0\0\0".utf8)
        let rotated = jpeg.prefix(2) + Data([0xFF, 0xE1, 0, UInt8(exif.count + 2)]) + exif + jpeg.dropFirst(2)
        let picture = try folder.write(rotated, to: "rotated.jpg")
        try await PreviewRenderer().render(PreviewPlan(picture: picture), to: folder["out.mp4"])
        let probed = try await ProbedVideo(folder["out.mp4"])
        #expect(abs(Double(probed.width) / Double(probed.height) - 0.75) < 0.01)
    }

    @Test("The last frame is the tail image, the first the picture", .timeLimit(.minutes(1)))
    func tail() async throws {
        let plan = PreviewPlan(
            picture: try await picture("640x360", source: "color=c=0x404040", name: "first.png"),
            tail: try await picture("640x360", source: "testsrc2", name: "tail.png"))
        try await PreviewRenderer().render(plan, to: folder["out.mp4"])
        let frames = try await grey(folder["out.mp4"], frames: [0, 119])
        let tail = try await grey(folder["tail.png"], frames: [0])[0]
        let difference = zip(frames[1], tail).reduce(0) { $0 + abs(Int($1.0) - Int($1.1)) }
        #expect(Double(difference) / Double(tail.count) < 3, "mean difference in grey levels")
        #expect(
            frames[0].allSatisfy { abs(Int($0) - Int(frames[0][0])) < 6 }, "the plain picture, without the tail in it")
    }

    @Test("A brushed region follows its trajectory, whose y grows upward", .timeLimit(.minutes(1)))
    func dynamicMask() async throws {
        let square = "drawbox=x=200:y=500:w=100:h=100:c=white:t=fill"
        let plan = PreviewPlan(
            picture: try await picture("1280x720", source: "color=c=0x303030", name: "p.png", filter: square),
            dynamicMasks: [
                .init(
                    mask: try await picture("1280x720", source: "color=c=black", name: "m.png", filter: square),
                    trajectory: [.init(x: 250, y: 170), .init(x: 600, y: 370), .init(x: 1000, y: 570)])
            ])
        try await PreviewRenderer().render(plan, to: folder["out.mp4"])
        #expect(abs(try await ProbedVideo(folder["out.mp4"]).duration - 5) < 0.1)
        let spots = try await grey(folder["out.mp4"], frames: [0, 60, 119]).map(Self.brightSpot)
        for (spot, expected) in zip(spots, [(62.5, 137.5), (150, 87.5), (250, 37.5)]) {
            #expect(abs(spot.x - expected.0) < 6 && abs(spot.y - expected.1) < 6, "\(spot) for \(expected)")
        }
    }

    @Test("A region under the static mask keeps still while the rest comes nearer", .timeLimit(.minutes(1)))
    func staticMask() async throws {
        let squares =
            "drawbox=x=100:y=100:w=100:h=100:c=white:t=fill,drawbox=x=1050:y=100:w=100:h=100:c=white:t=fill"
        let plan = PreviewPlan(
            picture: try await picture("1280x720", source: "color=c=0x303030", name: "p.png", filter: squares),
            staticMask: try await picture(
                "1280x720", source: "color=c=black", name: "m.png", filter: "drawbox=x=0:y=0:w=400:h=720:c=white:t=fill"
            ))
        try await PreviewRenderer().render(plan, to: folder["out.mp4"])
        let frames = try await grey(folder["out.mp4"], frames: [0, 119])
        let left = frames.map { Self.brightSpot($0, columns: 0..<100) }
        let right = frames.map { Self.brightSpot($0, columns: 100..<320) }
        #expect(abs(left[1].x - left[0].x) < 1 && abs(left[1].y - left[0].y) < 1)
        #expect(right[1].x > right[0].x + 3)
    }

    @Test("Six masks of 77 points, a static one and a tail together still make a video", .timeLimit(.minutes(1)))
    func everything() async throws {
        let mask = try await picture(
            "640x480", source: "color=c=black", name: "m.png", filter: "drawbox=w=200:h=200:c=white:t=fill")
        let way = (0..<77).map { PreviewPlan.Point(x: Double($0) * 5, y: 240 + 100 * sin(Double($0) / 5)) }
        let picture = try await picture("640x480")
        let plan = PreviewPlan(
            picture: picture, tail: picture, seconds: 10, staticMask: mask,
            dynamicMasks: Array(repeating: .init(mask: mask, trajectory: way), count: 6))
        try await PreviewRenderer().render(plan, to: folder["out.mp4"])
        #expect(abs(try await ProbedVideo(folder["out.mp4"]).duration - 10) < 0.1)
    }

    @Test("Without a font a striped ribbon marks the preview", .timeLimit(.minutes(1)))
    func ribbon() async throws {
        let plan = PreviewPlan(picture: try await picture("640x360", source: "color=c=0x404040"))
        try await PreviewRenderer().render(plan, badge: .ribbon, to: folder["out.mp4"])
        let stripes = try await TestPicture.ffmpeg([
            "-i", folder["out.mp4"].string, "-frames:v", "1", "-vf", "format=gray,crop=60:1:8:ih-14", "-f", "rawvideo",
            "-",
        ])
        #expect(stripes.count == 60)
        #expect(stripes.filter { $0 > 180 }.count > 20 && stripes.filter { $0 < 40 }.count > 20)
    }

    @Test("What is no picture is said to be unreadable", .timeLimit(.minutes(1)))
    func unreadable() async throws {
        let text = try folder.write("no picture", to: "text.png")
        await #expect {
            try await PreviewRenderer().render(PreviewPlan(picture: text), to: folder["out.mp4"])
        } throws: { error in
            if case PreviewError.unreadablePicture = error { true } else { false }
        }
    }

    // MARK: Pieces

    private func picture(
        _ size: String, source: String = "testsrc2", name: String = "picture.png", filter: String = "null"
    ) async throws -> FilePath {
        let input = source.contains("=") ? "\(source):s=\(size)" : "\(source)=s=\(size)"
        try await TestPicture.ffmpeg([
            "-f", "lavfi", "-i", input, "-frames:v", "1", "-vf", filter, folder[name].string,
        ])
        return folder[name]
    }

    /// Frames as 320 × 180 grey levels, the badge's corner blackened.
    private func grey(_ path: FilePath, frames: [Int]) async throws -> [[UInt8]] {
        let wanted = frames.map { "eq(n,\($0))" }.joined(separator: "+")
        let bytes = try await TestPicture.ffmpeg([
            "-i", path.string, "-vf", "select='\(wanted)',scale=320:180,format=gray,crop=320:158:0:0", "-fps_mode",
            "passthrough", "-f", "rawvideo", "-",
        ])
        try #require(bytes.count == frames.count * 320 * 158)
        return frames.indices.map { Array(bytes[($0 * 320 * 158)..<(($0 + 1) * 320 * 158)]) }
    }

    private static func brightSpot(_ frame: [UInt8]) -> (x: Double, y: Double) { brightSpot(frame, columns: 0..<320) }

    private static func brightSpot(_ frame: [UInt8], columns: Range<Int>) -> (x: Double, y: Double) {
        let spots = frame.enumerated().filter { $0.element > 220 && columns.contains($0.offset % 320) }.map(\.offset)
        let count = Double(max(1, spots.count))
        return (
            spots.reduce(0) { $0 + Double($1 % 320) } / count, spots.reduce(0) { $0 + Double($1 / 320) } / count
        )
    }
}
