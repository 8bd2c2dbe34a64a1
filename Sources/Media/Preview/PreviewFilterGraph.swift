import Foundation

/// The ffmpeg filter graph of one preview, as text.
///
/// Each picture is decoded and prepared once and then repeated, so that a frame costs one `perspective` warp (which
/// moves by fractions of a pixel, where `zoompan` jumps by whole ones), one overlay per mask and the encoder.
struct PreviewFilterGraph {
    enum Badge { case text, ribbon }

    let plan: PreviewPlan
    /// The picture as a viewer sees it, and the video's frame.
    let picture: FrameSize
    let frame: FrameSize
    let badge: Badge

    init(plan: PreviewPlan, picture: FrameSize, badge: Badge) {
        self.plan = plan
        self.picture = picture
        self.badge = badge
        frame = picture.fitted(area: plan.frameArea)
    }

    /// Inputs in the order the graph counts them.
    static func inputs(of plan: PreviewPlan) -> [PreviewInput] {
        [.picture(plan.picture)] + plan.dynamicMasks.map { .mask($0.mask) }
            + [plan.staticMask.map(PreviewInput.mask), plan.tail.map(PreviewInput.picture)].compactMap(\.self)
    }

    /// The graph; its output is `[video]`.
    var text: String {
        var chains: [String] = []
        var latest = "moved"
        var nextInput = 1 + plan.dynamicMasks.count

        let hasBrushes = !plan.dynamicMasks.isEmpty
        let copies = 1 + 2 * plan.dynamicMasks.count + (plan.staticMask == nil ? 0 : 1)
        let names = (0..<copies).map { "[copy\($0)]" }
        chains.append("[0:v]\(fill),format=\(hasBrushes ? "yuv444p" : "yuv420p"),split=\(copies)\(names.joined())")
        if hasBrushes {
            chains += brushChains(from: "copy0", to: latest)
        } else {
            chains += cameraChains(from: "copy0", to: latest)
        }
        if plan.staticMask != nil {
            chains.append("[\(nextInput):v]\(mask)[stillmask]")
            chains.append("[copy\(copies - 1)][stillmask]alphamerge,\(held)[kept]")
            chains.append("[\(latest)][kept]overlay=format=auto[stilled]")
            latest = "stilled"
            nextInput += 1
        }
        if plan.tail != nil {
            chains.append("[\(nextInput):v]\(fill),format=yuv420p,\(held)[tail]")
            // Over before the last frame, so that this one is the tail and nothing else.
            let fadeFrames = plan.frameCount * 2 / 5
            func time(_ frames: Int) -> String { Self.number(Double(frames) / Double(plan.framesPerSecond)) }
            chains.append(
                "[\(latest)]format=yuv420p[head];[head][tail]xfade=transition=fade"
                    + ":duration=\(time(fadeFrames)):offset=\(time(plan.frameCount - 1 - fadeFrames))[faded]")
            latest = "faded"
        }
        chains.append("[\(latest)]\(badgeFilter),format=yuv420p[video]")
        return chains.joined(separator: ";")
    }

    // MARK: Pieces

    /// A still stretched over the frame, cut where its ratio differs.
    private var fill: String {
        "scale=\(frame.width):\(frame.height):force_original_aspect_ratio=increase,crop=\(frame.width):\(frame.height),setsar=1"
    }

    /// A mask at the frame's size: whatever is neither black nor transparent counts.
    private var mask: String {
        "format=rgba,premultiply=inplace=1,scale=\(frame.width):\(frame.height),format=gray,lut=y='if(gt(val,40),255,0)',setsar=1"
    }

    /// A still repeated for the whole video.
    private var held: String {
        "loop=loop=\(plan.frameCount - 1):size=1,settb=1/\(plan.framesPerSecond),setpts=N,fps=\(plan.framesPerSecond)"
    }

    /// The picture under a moving camera. Where the camera looks past the picture's edge the model would invent
    /// something; the preview shows the picture mirrored, blurred and darkened there.
    private func cameraChains(from input: String, to output: String) -> [String] {
        guard plan.move != .still else { return ["[\(input)]\(held)[\(output)]"] }
        let (width, height) = (Double(frame.width), Double(frame.height))
        let start = CameraPose().view(width: width, height: height)
        let end = plan.move.end.view(width: width, height: height)
        func margin(_ overshoots: [Double]) -> Int { 2 * Int((max(0, overshoots.max() ?? 0) / 2).rounded(.up)) }
        let across = margin(end.corners.flatMap { [-$0.x, $0.x - width] })
        let down = margin(end.corners.flatMap { [-$0.y, $0.y - height] })

        var chains: [String] = []
        var canvas = input
        if across + down > 0 {
            chains += [
                "[\(input)]split[inner][outer]",
                "[outer]pad=\(frame.width + 2 * across):\(frame.height + 2 * down):\(across):\(down)"
                    + ",fillborders=\(across):\(across):\(down):\(down):mirror,gblur=sigma=5,lutyuv=y='16+(val-16)*0.55'[wall]",
                "[wall][inner]overlay=\(across):\(down)[canvas]",
            ]
            canvas = "canvas"
        }
        // perspective counts its frames from 1.
        let progress = "(on-1)/\(plan.frameCount - 1)"
        let corners = zip(start.corners, end.corners).enumerated().flatMap { index, corner in
            [
                ("x\(index)", corner.0.x + Double(across), corner.1.x - corner.0.x),
                ("y\(index)", corner.0.y + Double(down), corner.1.y - corner.0.y),
            ].map { name, from, by in
                "\(name)='st(0,\(progress));\(Self.number(from))+\(Self.number(by))*ld(0)*ld(0)*(3-2*ld(0))'"
            }
        }
        chains.append(
            "[\(canvas)]\(held),perspective=\(corners.joined(separator: ":")):eval=frame:interpolation=linear"
                + (across + down > 0 ? ",scale=\(frame.width):\(frame.height)" : "") + "[\(output)]")
        return chains
    }

    /// The picture at rest while each brushed region goes its way; the way is drawn, with a marker on it.
    private func brushChains(from input: String, to output: String) -> [String] {
        var chains: [String] = []
        var base = input
        for index in plan.dynamicMasks.indices {
            let (layer, hole) = ("copy\(2 * index + 1)", "copy\(2 * index + 2)")
            chains += [
                "[\(index + 1):v]\(mask),split[layermask\(index)][holemask\(index)]",
                "[\(layer)][layermask\(index)]alphamerge,\(held)[layer\(index)]",
                "[\(hole)]gblur=sigma=\(frame.height / 9)[soft\(index)]",
                "[soft\(index)][holemask\(index)]alphamerge[hole\(index)]",
                "[\(base)][hole\(index)]overlay=format=yuv444[base\(index)]",
            ]
            base = "base\(index)"
        }
        let ways = plan.dynamicMasks.map { BrushWay(trajectory: $0.trajectory, picture: picture, frame: frame) }
        let dots = ways.flatMap(\.dots).map { "drawbox=x=\($0.x - 1):y=\($0.y - 1):w=3:h=3:c=yellow@0.8:t=fill" }
        chains.append("[\(base)]\((dots + [held]).joined(separator: ","))[ground]")
        var latest = "ground"
        for (index, way) in ways.enumerated() {
            let (x, y) = way.displacement(seconds: Double(plan.frameCount - 1) / Double(plan.framesPerSecond))
            let start = way.points.first ?? .init(x: 0, y: 0)
            chains += [
                "[\(latest)][layer\(index)]overlay=x='\(x)':y='\(y)':format=yuv444[brushed\(index)]",
                "color=c=red:s=8x8:r=\(plan.framesPerSecond):d=\(plan.seconds)[marker\(index)]",
                "[brushed\(index)][marker\(index)]overlay=x='\(Self.number(start.x - 4))+\(x)'"
                    + ":y='\(Self.number(start.y - 4))+\(y)':format=yuv444[marked\(index)]",
            ]
            latest = "marked\(index)"
        }
        chains.append("[\(latest)]null[\(output)]")
        return chains
    }

    private var badgeFilter: String {
        switch badge {
        case .text:
            let words = ["PREVIEW", plan.move.caption].filter { !$0.isEmpty }.joined(separator: "  ")
            return
                "drawtext=text='\(words)':expansion=none:font=Sans:fontsize=\(max(12, frame.height / 20)):fontcolor=white"
                + ":box=1:boxcolor=black@0.6:boxborderw=5:x=8:y=h-th-10"
        case .ribbon:
            return (0..<6).map {
                "drawbox=x=\(8 + 10 * $0):y=ih-20:w=10:h=12:c=\($0.isMultiple(of: 2) ? "yellow" : "black"):t=fill"
            }.joined(separator: ",")
        }
    }

    static func number(_ value: Double) -> String { String(format: "%.6f", value) }
}
