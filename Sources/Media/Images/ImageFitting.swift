import CVips
import Jobs

/// One picture's way into a model's limits.
struct ImageFitting: Sendable {
    let file: RegularFile
    /// Of `file`'s content.
    let format: ImageFormat
    /// Of the dropped picture.
    let header: ImageProbe.Header
    let limits: ImageLimits

    /// Kling's videos are 1,920 pixels wide at most, so less loses detail and more is only margin.
    private static let comfortableWidth = 1_920
    /// More pixels than these never fit a model's bytes at a good quality; encoding them first would be in vain.
    private static let mostPixels = 64_000_000
    /// PNG rarely makes a picture smaller than this part of its pixels.
    private static let bestPNGRatio = 4

    /// Keeps the pixels as long as a quality without visible loss fits, then narrows the picture step by step; only at
    /// its narrowest is the quality lowered further.
    func encode() throws(ImageProblem) -> EncodedImage {
        do throws(VipsFailure) {
            let upright = header.size
            let widest = upright.bounded(toPixels: Self.mostPixels)
            let narrowest = upright.scaled(toWidth: min(widest.width, leastWidth(of: upright)))
            let isTransparent = try hasTransparency()

            if let png = try encodePNG(widest, narrowest, isTransparent: isTransparent) { return png }
            if let jpeg = try encodeJPEG(widest, narrowest, isTransparent: isTransparent) { return jpeg }
        } catch {
            throw .undecodable(header.facts.format, error.words)
        }
        throw ImageProblem(
            value: "\(header.facts.bytes) bytes", rule: "a picture must fit into \(limits.maxBytes) bytes",
            remedy: "Export it as a JPEG of \(Self.comfortableWidth) pixels of width and drop it again.")
    }

    /// The width below which nothing is narrowed.
    private func leastWidth(of size: PixelSize) -> Int {
        let smallestSideKept =
            size.width > size.height
            ? (limits.minSide * size.width + size.height - 1) / size.height : limits.minSide
        return max(Self.comfortableWidth, smallestSideKept)
    }

    /// Transparency is kept where it can be; drawings stay PNG where that is likely to fit.
    private func encodePNG(
        _ widest: PixelSize, _ narrowest: PixelSize, isTransparent: Bool
    ) throws(VipsFailure) -> EncodedImage? {
        guard limits.formats.contains(.png), isTransparent || [.png, .gif, .bmp].contains(header.facts.format) else {
            return nil
        }
        let wasTooLargeAlready =
            header.facts.format == .png && header.facts.bitsPerSample <= 8 && header.facts.bytes > limits.maxBytes
        let bytesPerPixel = isTransparent ? 4 : 3
        var sizes: [PixelSize] = []
        if !wasTooLargeAlready, widest.pixels * bytesPerPixel <= limits.maxBytes * Self.bestPNGRatio {
            sizes.append(widest)
        }
        if isTransparent, sizes.last != narrowest { sizes.append(narrowest) }
        for size in sizes {
            let bytes = try picture(at: size, keepingTransparency: isTransparent).saved(shim_pngsave)
            if bytes.count <= limits.maxBytes { return EncodedImage(bytes: bytes, format: .png, remarks: remarks) }
        }
        return nil
    }

    private func encodeJPEG(
        _ widest: PixelSize, _ narrowest: PixelSize, isTransparent: Bool
    ) throws(VipsFailure) -> EncodedImage? {
        guard limits.formats.contains(.jpeg) else { return nil }
        var size = widest
        var qualities: [Int32] = [95, 90, 85]
        while true {
            if size == narrowest { qualities = [95, 90, 85, 75, 60] }
            var count = 0
            for quality in qualities {
                let bytes = try picture(at: size, keepingTransparency: false).saved {
                    shim_jpegsave($0, $1, $2, quality)
                }
                if bytes.count <= limits.maxBytes {
                    let notes = ["quality \(quality)"] + remarks + (isTransparent ? ["transparency laid on white"] : [])
                    return EncodedImage(bytes: bytes, format: .jpeg, remarks: notes)
                }
                count = bytes.count
                // Quality 85 takes about half the bytes of quality 95: no use in trying what is far too large.
                if count > limits.maxBytes * 4, size != narrowest { break }
            }
            guard size.width > narrowest.width else { return nil }
            // Bytes follow pixels; a little less than that leaves room for the better of the two qualities.
            let shrink = min(0.9 * (Double(limits.maxBytes) / Double(count)).squareRoot(), 0.95)
            size = header.size.scaled(toWidth: max(narrowest.width, Int(Double(size.width) * shrink)))
            qualities = [90, 85]
        }
    }

    private var remarks: [String] {
        (header.pages > 1 ? ["first of \(header.pages) pages"] : [])
            + (header.orientation == 1 ? [] : ["turned upright"])
    }
}

/// A picture ready to be written.
struct EncodedImage: Sendable {
    let bytes: [UInt8]
    let format: ImageFormat
    /// What was done beside the format and the size, for people.
    let remarks: [String]
}

extension ImageProbe.Header {
    /// Upright.
    var size: PixelSize { PixelSize(width: facts.width, height: facts.height) }
}
