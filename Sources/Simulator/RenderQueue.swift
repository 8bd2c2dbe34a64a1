import Foundation
import Jobs
import Logging
import Media
import SystemPackage

/// Turns accepted creates into videos, a few at a time in the order they came.
struct RenderQueue: Sendable {
    struct Order: Sendable {
        let id: String
        let request: CreateRequest
    }

    let ledger: GenerationLedger
    /// Fetched pictures and finished videos go here.
    let folder: FilePath
    let atOnce: Int
    /// Pixels in a preview's frame.
    let frameArea: Int
    let logger: Logger

    /// Works until `orders` ends or the task is cancelled.
    func run(_ orders: AsyncStream<Order>) async {
        await withTaskGroup(of: Void.self) { group in
            var running = 0
            for await order in orders {
                if running >= atOnce {
                    await group.next()
                    running -= 1
                }
                running += 1
                group.addTask { await render(order) }
            }
        }
    }

    private func render(_ order: Order) async {
        let scratch = folder.appending(UUID().uuidString)
        defer { try? FileManager.default.removeItem(atPath: scratch.string) }
        do {
            try FileManager.default.createDirectory(atPath: scratch.string, withIntermediateDirectories: true)
            let plan = try await plan(order.request, scratch: scratch)
            let video = folder.appending(UUID().uuidString + ".mp4")
            try await PreviewRenderer().render(plan, to: video)
            await ledger.finish(order.id, .rendered(video))
        } catch {
            logger.notice("A preview failed", metadata: ["generation": .string(order.id), "reason": "\(error)"])
            await ledger.finish(order.id, .refused(name: "GenerationError", message: "\(error)"))
        }
        order.request.removeInlinePictures()
    }

    private func plan(_ request: CreateRequest, scratch: FilePath) async throws(PreviewError) -> PreviewPlan {
        var plan = PreviewPlan(
            picture: try await file(request.image, scratch: scratch), seconds: request.seconds,
            move: CameraMove(request.camera))
        plan.frameArea = frameArea
        if let tail = request.tail { plan.tail = try await file(tail, scratch: scratch) }
        if let mask = request.staticMask { plan.staticMask = try await file(mask, scratch: scratch) }
        for (mask, points) in request.dynamicMasks {
            let trajectory = points.map {
                PreviewPlan.Point(x: $0["x"]?.doubleValue ?? 0, y: $0["y"]?.doubleValue ?? 0)
            }
            plan.dynamicMasks.append(.init(mask: try await file(mask, scratch: scratch), trajectory: trajectory))
        }
        return plan
    }

    /// A local file for the picture. Only this machine's own addresses are fetched: a stand-in has no business on the
    /// network, so any other becomes a card with the address on it.
    private func file(_ reference: PictureReference, scratch: FilePath) async throws(PreviewError) -> FilePath {
        switch reference {
        case .inline(let picture):
            guard let file = picture.file else { throw .unreadablePicture("it was not kept") }
            return file
        case .url(let text):
            let file = scratch.appending(UUID().uuidString + ".png")
            let url = URL(string: text)
            if url?.scheme == "http", let host = url?.host(), Self.isLoopback(host) {
                try await PreviewCard.fetch(text, to: file)
            } else {
                try await PreviewCard.draw(text, to: file)
            }
            return file
        }
    }

    static func isLoopback(_ host: String) -> Bool {
        host == "localhost" || host == "::1" || host.wholeMatch(of: /127(\.[0-9]{1,3}){3}/) != nil
    }
}

extension CameraMove {
    /// The move a `camera_control` asks for.
    init(_ camera: JSONValue?) {
        switch camera?["type"]?.stringValue {
        case "down_back": self = .downBack
        case "forward_up": self = .forwardUp
        case "right_turn_forward": self = .rightTurnForward
        case "left_turn_forward": self = .leftTurnForward
        case "simple":
            let move = camera?["config"]?.objectValue?.lazy.compactMap { key, value in
                value.doubleValue.map { (key, $0) }
            }.first { $0.1 != 0 }
            switch move {
            case ("horizontal", let strength)?: self = .horizontal(strength)
            case ("vertical", let strength)?: self = .vertical(strength)
            case ("pan", let strength)?: self = .pan(strength)
            case ("tilt", let strength)?: self = .tilt(strength)
            case ("roll", let strength)?: self = .roll(strength)
            case ("zoom", let strength)?: self = .zoom(strength)
            default: self = .gentlePush
            }
        default: self = .gentlePush
        }
    }
}

extension CreateRequest {
    func removeInlinePictures() {
        let references = [image, tail, staticMask].compactMap(\.self) + dynamicMasks.map(\.mask)
        for case .inline(let picture) in references {
            if let file = picture.file { try? FileManager.default.removeItem(atPath: file.string) }
        }
    }
}
