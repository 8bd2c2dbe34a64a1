import Foundation
import Media
import SystemPackage
import TestKit
import Testing

/// Two white squares on a dark ground, and where they stand in a frame of the preview.
private struct Blocks {
    /// Between the two; pixels of a 320 × 180 frame, y downward.
    let x: Double
    let y: Double
    /// From the left one to the right one.
    let distance: Double
    /// Degrees; positive is clockwise.
    let angle: Double

    init(frame: some Collection<UInt8>) throws {
        let spots = frame.enumerated().filter { $0.element > 190 }.map {
            (x: Double($0.offset % 320), y: Double($0.offset / 320))
        }
        try #require(spots.count > 50)
        let middle = spots.reduce(0) { $0 + $1.x } / Double(spots.count)
        func centre(_ side: [(x: Double, y: Double)]) -> (x: Double, y: Double) {
            (side.reduce(0) { $0 + $1.x } / Double(side.count), side.reduce(0) { $0 + $1.y } / Double(side.count))
        }
        let left = centre(spots.filter { $0.x < middle })
        let right = centre(spots.filter { $0.x >= middle })
        x = (left.x + right.x) / 2
        y = (left.y + right.y) / 2
        distance = hypot(right.x - left.x, right.y - left.y)
        angle = atan2(right.y - left.y, right.x - left.x) * 180 / .pi
    }

    /// First, middle and last frame of a preview of this move.
    static func filmed(_ move: CameraMove) async throws -> [Blocks] {
        let folder = try TemporaryFolder()
        let picture = folder["blocks.png"]
        try await TestPicture.ffmpeg([
            "-f", "lavfi", "-i", "color=c=0x303030:s=1280x720", "-frames:v", "1", "-vf",
            "drawbox=x=450:y=310:w=80:h=80:c=white:t=fill,drawbox=x=750:y=310:w=80:h=80:c=white:t=fill", picture.string,
        ])
        let video = folder["move.mp4"]
        try await PreviewRenderer().render(PreviewPlan(picture: picture, move: move), to: video)
        // The badge is white, too, so its corner is blackened.
        let frames = try await TestPicture.ffmpeg([
            "-i", video.string, "-vf",
            "select='eq(n,0)+eq(n,60)+eq(n,119)',scale=320:180,drawbox=y=ih*0.88:h=ih:c=black:t=fill,format=gray",
            "-fps_mode", "passthrough", "-f", "rawvideo", "-",
        ])
        try #require(frames.count == 3 * 320 * 180)
        return try (0..<3).map { try Blocks(frame: Array(frames[($0 * 320 * 180)..<(($0 + 1) * 320 * 180)])) }
    }
}

/// How the content must change: signs of its way right, its way down, its growth, its clockwise turn.
private struct Change: Sendable, CustomTestStringConvertible {
    let move: CameraMove
    var right = 0
    var down = 0
    var growth = 0
    var turn = 0

    var testDescription: String { "\(move)" }

    // The camera moves, so the content goes the other way.
    static let all: [Change] = [
        Change(move: .horizontal(8), right: -1), Change(move: .horizontal(-8), right: 1),
        Change(move: .vertical(8), down: 1), Change(move: .vertical(-8), down: -1),
        Change(move: .pan(8), down: 1), Change(move: .pan(-8), down: -1),
        Change(move: .tilt(8), right: -1), Change(move: .tilt(-8), right: 1),
        Change(move: .roll(8), turn: -1), Change(move: .roll(-8), turn: 1),
        Change(move: .zoom(8), growth: -1), Change(move: .zoom(-8), growth: 1),
        Change(move: .downBack, down: -1, growth: -1), Change(move: .forwardUp, down: 1, growth: 1),
        Change(move: .rightTurnForward, right: -1, growth: 1), Change(move: .leftTurnForward, right: 1, growth: 1),
        Change(move: .gentlePush, growth: 1),
    ]
}

@Suite(.serialized) struct PreviewMoveTests {
    @Test("The content goes the way the camera's move sends it", .timeLimit(.minutes(2)), arguments: Change.all)
    private func moves(_ change: Change) async throws {
        let frames = try await Blocks.filmed(change.move)
        let (first, middle, last) = (frames[0], frames[1], frames[2])
        #expect(abs(first.x - 160) < 1 && abs(first.y - 87.5) < 1 && abs(first.angle) < 0.5, "starts as the picture")
        #expect(abs(first.distance - 75) < 1)

        check(change.right, [first.x, middle.x, last.x], step: 4, still: 4)
        // Nearer squares stand further from the middle line of the picture, which they lie a little above.
        check(change.down, [first.y, middle.y, last.y], step: 4, still: 4)
        check(change.growth, [first.distance, middle.distance, last.distance], step: 1.5, still: 6)
        check(change.turn, [first.angle, middle.angle, last.angle], step: 4, still: 2)
    }

    /// A wanted change grows from the first to the middle to the last frame; an unwanted one stays small.
    private func check(
        _ sign: Int, _ values: [Double], step: Double, still: Double, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let changes = zip(values, values.dropFirst()).map { $1 - $0 }
        if sign == 0 {
            #expect(abs(values[2] - values[0]) < still, sourceLocation: sourceLocation)
        } else {
            #expect(changes.allSatisfy { $0 * Double(sign) > step }, "\(values)", sourceLocation: sourceLocation)
        }
    }

    @Test("A stronger move goes further", .timeLimit(.minutes(1)))
    func strength() async throws {
        let weak = try await Blocks.filmed(.horizontal(2))
        let strong = try await Blocks.filmed(.horizontal(10))
        #expect(strong[2].x < weak[2].x - 20)
    }
}
