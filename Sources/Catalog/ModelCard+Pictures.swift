import Foundation
import Jobs

/// A picture of a drop with what it was found to be.
package struct PictureFacts: Hashable, Sendable {
    /// As the person named it.
    package let file: String
    /// Where the settings name it; nil for the dropped picture itself.
    package let pointer: JSONPointer?
    package let role: PictureRole
    package let facts: ImageFacts

    package init(file: String, pointer: JSONPointer? = nil, role: PictureRole, facts: ImageFacts) {
        self.file = file
        self.pointer = pointer
        self.role = role
        self.facts = facts
    }
}

extension ModelCard {
    /// What is wrong with a drop's pictures for this model, beyond what fitting can cure: a wrong format or too many
    /// bytes are no problem here. A picture that is not given (a remote one) is not missed.
    package func check(_ settings: DropSettings, pictures: [PictureFacts]) -> [Problem] {
        pictures.filter { $0.role != .mask }.flatMap(limitProblems)
            + maskProblems(pictures.filter { $0.role == .mask }, of: pictures.first { $0.role == .picture })
    }

    private func limitProblems(_ picture: PictureFacts) -> [Problem] {
        let facts = picture.facts
        var problems: [Problem] = []
        if min(facts.width, facts.height) < images.minSide {
            problems.append(
                picture.problem(
                    picture.size, "each side must be at least \(images.minSide) pixels (\(contents.vendor))",
                    "Use a larger picture; enlarging this one would not add detail."))
        }
        if !(images.minAspectRatio...images.maxAspectRatio).contains(facts.aspectRatio) {
            let range = "\(Self.ratio(images.minAspectRatio)) to \(Self.ratio(images.maxAspectRatio))"
            problems.append(
                picture.problem(
                    "\(picture.size), \(Self.exactRatio(facts))",
                    "the aspect ratio (width to height) must be \(range) (\(contents.vendor))",
                    "Crop it, or add borders."))
        }
        return problems
    }

    private func maskProblems(_ masks: [PictureFacts], of picture: PictureFacts?) -> [Problem] {
        guard let rule = contents.masks, let first = masks.first else { return [] }
        var problems: [Problem] = []
        if rule.sameAspectRatioAsPicture, let picture {
            let (width, height) = (picture.facts.width, picture.facts.height)
            for mask in masks where !mask.facts.hasRatio(width, height) {
                problems.append(
                    mask.problem(
                        mask.size,
                        "a mask has the aspect ratio of its picture (\(contents.vendor)), here \(width) × \(height)",
                        "Draw the mask over the whole picture and save it at \(width) × \(height) pixels."))
            }
        }
        if rule.sameSize {
            for mask in masks where mask.size != first.size {
                problems.append(
                    mask.problem(
                        mask.size, "all masks have the same size (\(contents.vendor)); \(first.file) has \(first.size)",
                        "Save all masks in one size."))
            }
        }
        return problems
    }

    private static func ratio(_ value: Double) -> String {
        value < 1 ? "1:\(Schema.plain((100 / value).rounded() / 100))" : "\(Schema.plain(value)):1"
    }

    /// To two places, rounded away from square, so that 2.501 does not read as the 2.5 that is allowed.
    private static func exactRatio(_ facts: ImageFacts) -> String {
        func rounded(_ value: Double) -> String { String(format: "%.2f", (value * 100 - 1e-6).rounded(.up) / 100) }
        let ratio = facts.aspectRatio
        return ratio < 1 ? "1:\(rounded(1 / ratio))" : "\(rounded(ratio)):1"
    }
}

extension PictureFacts {
    fileprivate var size: String { "\(facts.width) × \(facts.height) pixels" }

    fileprivate func problem(_ value: String, _ rule: String, _ remedy: String) -> Problem {
        Problem(file: file, key: pointer?.description, value: value, rule: rule, remedy: remedy)
    }
}

extension ImageFacts {
    /// Whether the ratio is that of another size, give or take the pixel by which either was rounded when scaled.
    fileprivate func hasRatio(_ otherWidth: Int, _ otherHeight: Int) -> Bool {
        let scale = Double(width) / Double(otherWidth)
        let pixel = max(1, scale)
        return abs(Double(otherHeight) * scale - Double(height)) <= pixel
            || abs(Double(otherWidth) * Double(height) / Double(otherHeight) - Double(width)) <= pixel
    }
}
