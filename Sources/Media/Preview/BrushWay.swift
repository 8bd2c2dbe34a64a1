import Foundation

/// A motion brush's trajectory in the preview's own pixels, origin top-left.
struct BrushWay {
    let points: [PreviewPlan.Point]

    init(trajectory: [PreviewPlan.Point], picture: FrameSize, frame: FrameSize) {
        let (across, down) = (
            Double(frame.width) / Double(picture.width), Double(frame.height) / Double(picture.height)
        )
        points = trajectory.map {
            PreviewPlan.Point(x: $0.x * across, y: (Double(picture.height) - $0.y) * down)
        }
    }

    /// How far the region has gone at time `t`, as two ffmpeg expressions in pixels: one ramp per leg.
    func displacement(seconds: Double) -> (x: String, y: String) {
        let leg = seconds / Double(max(1, points.count - 1))
        func ramps(_ coordinate: (PreviewPlan.Point) -> Double) -> String {
            let terms = zip(points, points.dropFirst()).enumerated().compactMap { index, ends -> String? in
                let way = coordinate(ends.1) - coordinate(ends.0)
                guard abs(way) > 0.001 else { return nil }
                let begin = PreviewFilterGraph.number(Double(index) * leg)
                return "(\(PreviewFilterGraph.number(way)))*clip((t-\(begin))/\(PreviewFilterGraph.number(leg)),0,1)"
            }
            return terms.isEmpty ? "0" : terms.joined(separator: "+")
        }
        return (ramps(\.x), ramps(\.y))
    }

    /// At most some forty spots along the way, evenly spaced, to draw it with.
    var dots: [(x: Int, y: Int)] {
        let lengths = zip(points, points.dropFirst()).map { hypot($1.x - $0.x, $1.y - $0.y) }
        let step = max(7, lengths.reduce(0, +) / 40)
        return zip(zip(points, points.dropFirst()), lengths).flatMap { ends, length in
            stride(from: 0, through: length, by: step).map { along in
                let part = length > 0 ? along / length : 0
                return (
                    x: Int(ends.0.x + (ends.1.x - ends.0.x) * part), y: Int(ends.0.y + (ends.1.y - ends.0.y) * part)
                )
            }
        }
    }
}
