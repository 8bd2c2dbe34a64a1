import SystemPackage

/// What a preview shows.
package struct PreviewPlan: Sendable {
    /// The first frame: a JPEG or PNG. An EXIF rotation is honoured.
    package var picture: FilePath
    /// The last frame; stretched over the frame and cut where its aspect ratio differs from the picture's.
    package var tail: FilePath?
    package var seconds: Int
    package var move: CameraMove
    /// White where the picture must keep still.
    package var staticMask: FilePath?
    package var dynamicMasks: [DynamicMask]
    /// Pixels in one frame, about; sides are even and keep the picture's aspect ratio.
    package var frameArea = 640 * 360
    package var framesPerSecond = 24

    package init(
        picture: FilePath, tail: FilePath? = nil, seconds: Int = 5, move: CameraMove = .gentlePush,
        staticMask: FilePath? = nil, dynamicMasks: [DynamicMask] = []
    ) {
        self.picture = picture
        self.tail = tail
        self.seconds = seconds
        self.move = move
        self.staticMask = staticMask
        self.dynamicMasks = dynamicMasks
    }

    /// A region of the picture and the way it goes.
    package struct DynamicMask: Sendable {
        /// White where the moving region lies; scaled to the picture.
        package var mask: FilePath
        /// Pixels of the picture, origin bottom-left, evenly spread over the video's time (Kling: 2–77 points).
        package var trajectory: [Point]

        package init(mask: FilePath, trajectory: [Point]) {
            self.mask = mask
            self.trajectory = trajectory
        }
    }

    package struct Point: Hashable, Sendable {
        package var x: Double
        package var y: Double

        package init(x: Double, y: Double) {
            self.x = x
            self.y = y
        }
    }

    var frameCount: Int { seconds * framesPerSecond }
}

/// Width and height in pixels.
struct FrameSize: Hashable, Sendable {
    var width: Int
    var height: Int

    /// The even-sided size of about `area` pixels nearest to this one's aspect ratio.
    func fitted(area: Int) -> FrameSize {
        let height = (Double(area) * Double(self.height) / Double(self.width)).squareRoot()
        let evenHeight = max(2, 2 * Int((height / 2).rounded()))
        let width = Double(evenHeight) * Double(self.width) / Double(self.height)
        return FrameSize(width: max(2, 2 * Int((width / 2).rounded())), height: evenHeight)
    }
}

/// Why no preview came out.
package enum PreviewError: Error, Hashable, Sendable {
    /// ffmpeg or ffprobe could not be started.
    case toolMissing(String)
    /// The picture does not decode.
    case unreadablePicture(String)
    /// ffmpeg's own words.
    case renderFailed(String)
}

extension PreviewError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .toolMissing(let tool): "\(tool) cannot be started. Install it: apt install ffmpeg"
        case .unreadablePicture(let reason): "The picture cannot be decoded: \(reason)"
        case .renderFailed(let reason): "The preview could not be rendered: \(reason)"
        }
    }
}
