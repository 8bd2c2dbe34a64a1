/// What a picture really is, read from its content and never from its name.
package struct ImageFacts: Hashable, Sendable, Codable {
    package let format: ImageFormat
    /// Pixels, after any EXIF rotation: what a viewer shows and what the model sees.
    package let width: Int
    package let height: Int
    /// Size of the file.
    package let bytes: Int
    /// Bits of one sample: 8 for ordinary pictures, 16 or 32 for scans and renders.
    package let bitsPerSample: Int
    package let isCMYK: Bool

    package init(format: ImageFormat, width: Int, height: Int, bytes: Int, bitsPerSample: Int = 8, isCMYK: Bool = false)
    {
        self.format = format
        self.width = width
        self.height = height
        self.bytes = bytes
        self.bitsPerSample = bitsPerSample
        self.isCMYK = isCMYK
    }

    /// Width divided by height.
    package var aspectRatio: Double { Double(width) / Double(height) }
}

/// A still format told by its content.
package enum ImageFormat: String, Hashable, Sendable, Codable, CaseIterable {
    case jpeg, png, webp, tiff, bmp, gif, heif, other

    /// The MIME type a data URI carries for this content.
    package var mimeType: String {
        switch self {
        case .jpeg: "image/jpeg"
        case .png: "image/png"
        case .webp: "image/webp"
        case .tiff: "image/tiff"
        case .bmp: "image/bmp"
        case .gif: "image/gif"
        case .heif: "image/heif"
        case .other: "application/octet-stream"
        }
    }
}

/// What a model accepts as a picture; read from its model card.
package struct ImageLimits: Hashable, Sendable, Codable {
    package let formats: [ImageFormat]
    /// Bytes of the file before base64.
    package let maxBytes: Int
    /// Pixels of the shorter side, at least.
    package let minSide: Int
    /// Width divided by height, from … to ….
    package let minAspectRatio: Double
    package let maxAspectRatio: Double

    package init(
        formats: [ImageFormat], maxBytes: Int, minSide: Int, minAspectRatio: Double, maxAspectRatio: Double
    ) {
        self.formats = formats
        self.maxBytes = maxBytes
        self.minSide = minSide
        self.minAspectRatio = minAspectRatio
        self.maxAspectRatio = maxAspectRatio
    }

    /// Whether the picture's own bytes can be sent, so that nothing is lost by encoding it again.
    package func acceptsAsIs(_ facts: ImageFacts) -> Bool {
        formats.contains(facts.format) && facts.bytes <= maxBytes && facts.bitsPerSample == 8 && !facts.isCMYK
    }
}
