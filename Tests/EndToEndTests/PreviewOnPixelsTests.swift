import Jobs
import TestKit
import Testing

extension EndToEnd {
    /// What the sidecar asks for is what the preview shows.
    @Suite(.serialized) struct PreviewOnPixelsTests {
        let folder: HotreelFolder

        init() throws { folder = try HotreelFolder() }

        /// Two white squares on a dark ground.
        private static let squares =
            "drawbox=x=450:y=310:w=80:h=80:c=white:t=fill,drawbox=x=750:y=310:w=80:h=80:c=white:t=fill"

        private func picture(_ filter: String, ground: String = "0x303030") async throws -> [UInt8] {
            try await TestPictures.make(.png, size: "1280x720", source: "color=c=\(ground)", filter: filter)
        }

        private func frames(of name: String) async throws -> [VideoMeasures.Frame] {
            let frames = try await folder.expectVideo(name, aspectRatio: 16.0 / 9).frames()
            try #require(frames.count == 3)
            return frames
        }

        @Test("The tail picture is the last frame, and goes to the originals with the rest", .timeLimit(.minutes(1)))
        func tail() async throws {
            let first = try await picture("null", ground: "0x204060")
            let tail = try await picture(Self.squares)
            try await folder.serving { _ in
                try folder.drop(first, "shot.png")
                try folder.drop(sidecar(["tail_image_url": "ends/last.png"]), "shot.json")
                try folder.drop(tail, "ends/last.png")
                try await folder.waitForVideos("shot")
            }
            let frames = try await frames(of: "shot")
            let (wantedFirst, wantedLast) = try await (VideoMeasures.still(first), VideoMeasures.still(tail))
            #expect(frames[0].difference(from: wantedFirst) < 6 && frames[2].difference(from: wantedLast) < 6)
            #expect(wantedFirst.difference(from: wantedLast) > 12)
            #expect(folder.root.files(in: "outbox/originals") == ["ends/last.png", "shot.json", "shot.png"])
            let names = try folder.receipt("shot")["sources"]?.arrayValue?.compactMap { $0["file"]?.stringValue }
            #expect(names?.sorted() == ["ends/last.png", "shot.json", "shot.png"])
        }

        @Test("A tail that is another shot's picture serves both", .timeLimit(.minutes(1)))
        func sharedTail() async throws {
            try folder.drop(try await picture("null"), "one.png")
            try folder.drop(sidecar(["tail_image_url": "two.png"]), "one.json")
            try folder.drop(try await picture(Self.squares), "two.png")
            try folder.drop(sidecar(), "two.json")
            try await folder.serving { _ in try await folder.waitForVideos("one", "two") }
            let (one, two) = try await (frames(of: "one"), frames(of: "two"))
            #expect(one[2].difference(from: two[0]) < 6)
            #expect(folder.outbox.filter { $0.hasPrefix("originals/") }.contains("originals/two.png"))
            #expect(folder.root.files(in: "inbox").isEmpty)
        }

        @Test("What a static mask covers rests; a dynamic mask's region goes its way", .timeLimit(.minutes(1)))
        func masks() async throws {
            let rest = "drawbox=x=100:y=100:w=100:h=100:c=white:t=fill,drawbox=x=1050:y=100:w=100:h=100:c=white:t=fill"
            try folder.drop(try await picture(rest), "still.png")
            let left = "drawbox=x=0:y=0:w=400:h=720:c=white:t=fill"
            try folder.drop(try await picture(left, ground: "black"), "masks/still.png")
            try folder.drop(sidecar(["static_mask": "masks/still.png"]), "still.json")

            let square = "drawbox=x=200:y=500:w=100:h=100:c=white:t=fill"
            try folder.drop(try await picture(square), "moves.png")
            try folder.drop(try await picture(square, ground: "black"), "masks/moves.png")
            let way: JSONValue = [["x": 250, "y": 170], ["x": 600, "y": 370], ["x": 1000, "y": 570]]
            try folder.drop(
                sidecar(["dynamic_masks": [["mask": "masks/moves.png", "trajectories": way]]]), "moves.json")
            try await folder.serving { _ in try await folder.waitForVideos("still", "moves") }

            let still = try await frames(of: "still")
            let resting = (still[0].whiteSpot(columns: 0..<100), still[2].whiteSpot(columns: 0..<100))
            #expect(abs(resting.1.x - resting.0.x) < 1 && abs(resting.1.y - resting.0.y) < 1)
            let nearing = (still[0].whiteSpot(columns: 100..<320), still[2].whiteSpot(columns: 100..<320))
            #expect(nearing.1.x > nearing.0.x + 3)

            // Origin of the way is the bottom left; the frame is a quarter as wide, and y grows downward in it.
            for (frame, expected) in zip(try await frames(of: "moves"), [(62.5, 137.5), (150, 87.5), (250, 37.5)]) {
                let spot = frame.whiteSpot()
                #expect(abs(spot.x - expected.0) < 6 && abs(spot.y - expected.1) < 6, "\(spot) for \(expected)")
            }
            let warned = try folder.receipt("still")["warnings"]?.arrayValue ?? []
            #expect(warned.contains { $0.stringValue?.contains("mask") ?? false })
        }

        @Test("One mask named by two sidecars serves both", .timeLimit(.minutes(1)))
        func sharedMask() async throws {
            try folder.drop(try await picture(Self.squares, ground: "black"), "mask.png")
            for name in ["a", "b"] {
                try folder.drop(try await picture(Self.squares), "\(name).png")
                try folder.drop(sidecar(["static_mask": "mask.png"]), "\(name).json")
            }
            try await folder.serving { _ in try await folder.waitForVideos("a", "b") }
            for name in ["a", "b"] {
                _ = try await frames(of: name)
                #expect(try folder.receipt(name)["request"]?["static_mask"]?["file"] == "mask.png")
            }
            #expect(folder.root.files(in: "inbox").isEmpty)
            #expect(folder.outbox.contains("originals/mask.png"))
        }

        private struct Move: Sendable {
            let name: String
            let control: JSONValue
            /// Signs of the content's way right, its way down, its growth; the camera moves, so it goes the other way.
            var right = 0.0
            var down = 0.0
            var growth = 0.0
        }

        private static let moves = [
            Move(name: "down_back", control: ["type": "down_back"], down: -1, growth: -1),
            Move(name: "forward_up", control: ["type": "forward_up"], down: 1, growth: 1),
            Move(name: "right_turn_forward", control: ["type": "right_turn_forward"], right: -1, growth: 1),
            Move(name: "left_turn_forward", control: ["type": "left_turn_forward"], right: 1, growth: 1),
            Move(name: "horizontal", control: ["type": "simple", "config": ["horizontal": 8]], right: -1),
            Move(name: "zoom", control: ["type": "simple", "config": ["zoom": -8, "pan": 0]], growth: 1),
        ]

        @Test("Each camera move sends the content the right way", .timeLimit(.minutes(1)))
        func camera() async throws {
            let squares = try await picture(Self.squares)
            for move in Self.moves {
                try folder.drop(squares, "\(move.name).png")
                try folder.drop(sidecar(["camera_control": move.control]), "\(move.name).json")
            }
            try await folder.serving { _ in
                for move in Self.moves { try await folder.wait(for: "videos/\(move.name).receipt.json") }
            }
            for move in Self.moves {
                let frames = try await frames(of: move.name)
                let (first, last) = (frames[0].whiteSpot(), frames[2].whiteSpot())
                #expect(abs(first.x - 160) < 1.5 && abs(first.y - 87.5) < 1.5, "\(move.name) starts as the picture")
                let changes = [
                    (move.right, last.x - first.x, 6.0), (move.down, last.y - first.y, 6),
                    (move.growth, frames[2].spread - frames[0].spread, 3),
                ]
                for (sign, change, least) in changes where sign != 0 {
                    #expect(change * sign > least, "\(move.name): \(changes)")
                }
            }
        }
    }
}
