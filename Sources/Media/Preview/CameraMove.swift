import Foundation

/// A camera move as Kling's `camera_control` names it. The camera moves, so the picture's content goes the other way.
///
/// Directions are those of Kling's API documentation ("Video Generation", `camera_control`): *horizontal* and
/// *vertical* translate along x and y (negative left, down), *pan* rotates in the vertical plane (negative down),
/// *tilt* rotates in the horizontal plane (negative left), *roll* about the line of sight (negative
/// counter-clockwise), *zoom* changes the focal length (negative longer, so a narrower view). Note that Kling's pan
/// and tilt are the reverse of what film people call them. Strengths run from -10 to 10.
package enum CameraMove: Hashable, Sendable {
    case horizontal(Double)
    case vertical(Double)
    case pan(Double)
    case tilt(Double)
    case roll(Double)
    case zoom(Double)
    /// "Camera descends and moves backward: pan down and zoom out."
    case downBack
    /// "Camera moves forward and tilts up: zoom in and pan up."
    case forwardUp
    /// "Rotate right and move forward."
    case rightTurnForward
    /// "Rotate left and move forward."
    case leftTurnForward
    /// No `camera_control`: a slow approach, so that the preview is plainly a video.
    case gentlePush
    /// The camera rests.
    case still

    /// The move as an artist reads it in the preview's corner.
    var caption: String {
        switch self {
        case .horizontal(let strength): "horizontal \(Self.signed(strength))"
        case .vertical(let strength): "vertical \(Self.signed(strength))"
        case .pan(let strength): "pan \(Self.signed(strength))"
        case .tilt(let strength): "tilt \(Self.signed(strength))"
        case .roll(let strength): "roll \(Self.signed(strength))"
        case .zoom(let strength): "zoom \(Self.signed(strength))"
        case .downBack: "down_back"
        case .forwardUp: "forward_up"
        case .rightTurnForward: "right_turn_forward"
        case .leftTurnForward: "left_turn_forward"
        case .gentlePush, .still: ""
        }
    }

    private static func signed(_ strength: Double) -> String {
        let text = strength == strength.rounded() ? String(Int(strength)) : String(strength)
        return strength > 0 ? "+" + text : text
    }

    /// Where the camera stands when the move ends; it starts at the picture's own view, `CameraPose()`.
    var end: CameraPose {
        switch self {
        case .horizontal(let strength): CameraPose(right: 0.03 * strength)
        case .vertical(let strength): CameraPose(up: 0.03 * strength)
        case .pan(let strength): CameraPose(pitch: 1.2 * strength)
        case .tilt(let strength): CameraPose(yaw: 1.2 * strength)
        case .roll(let strength): CameraPose(roll: 2 * strength)
        case .zoom(let strength): CameraPose(fieldOfView: 1 + 0.04 * strength)
        case .downBack: CameraPose(up: -0.18, forward: -0.3)
        case .forwardUp: CameraPose(forward: 0.25, pitch: 8)
        case .rightTurnForward: CameraPose(forward: 0.2, yaw: 10)
        case .leftTurnForward: CameraPose(forward: 0.2, yaw: -10)
        case .gentlePush: CameraPose(forward: 0.08)
        case .still: CameraPose()
        }
    }
}

/// A pinhole camera before the picture, which hangs upright on a wall and at the start fills the view exactly.
struct CameraPose: Hashable, Sendable {
    /// Fractions of the picture's width, its height, and the distance to the wall.
    var right = 0.0
    var up = 0.0
    var forward = 0.0
    /// Degrees: up, to the right, clockwise.
    var pitch = 0.0
    var yaw = 0.0
    var roll = 0.0
    /// Width of the view as a multiple of the first one's.
    var fieldOfView = 1.0

    /// What the camera sees of a picture of this size.
    func view(width: Double, height: Double) -> ViewQuad {
        let distance = 1.2 * (width * height).squareRoot()
        let (sinRoll, cosRoll) = Self.sinCos(roll)
        let (sinPitch, cosPitch) = Self.sinCos(pitch)
        let (sinYaw, cosYaw) = Self.sinCos(yaw)
        func corner(_ horizontal: Double, _ vertical: Double) -> ViewQuad.Point {
            // The ray through a corner of the view; y grows downward, z into the wall.
            let across = horizontal * width / 2 * fieldOfView
            let down = vertical * height / 2 * fieldOfView
            let (x, y) = (across * cosRoll - down * sinRoll, across * sinRoll + down * cosRoll)
            let (pitchedY, pitchedZ) = (y * cosPitch - distance * sinPitch, y * sinPitch + distance * cosPitch)
            let (turnedX, turnedZ) = (x * cosYaw + pitchedZ * sinYaw, pitchedZ * cosYaw - x * sinYaw)
            let reach = distance * (1 - forward) / turnedZ
            return ViewQuad.Point(
                x: width / 2 + right * width + turnedX * reach, y: height / 2 - up * height + pitchedY * reach)
        }
        return ViewQuad(
            topLeft: corner(-1, -1), topRight: corner(1, -1), bottomLeft: corner(-1, 1), bottomRight: corner(1, 1))
    }

    private static func sinCos(_ degrees: Double) -> (Double, Double) {
        (sin(degrees * .pi / 180), cos(degrees * .pi / 180))
    }
}

/// The part of the picture that fills the frame, in the picture's pixels; corners may lie outside it.
struct ViewQuad: Hashable, Sendable {
    struct Point: Hashable, Sendable {
        var x: Double
        var y: Double
    }

    var topLeft: Point
    var topRight: Point
    var bottomLeft: Point
    var bottomRight: Point

    var corners: [Point] { [topLeft, topRight, bottomLeft, bottomRight] }
}
