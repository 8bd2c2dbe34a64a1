import Jobs

/// What the first bytes of a file say about its format.
enum ImageSignature: Equatable {
    case accepted(ImageFormat)
    /// Known, but not to be used; the name is for people.
    case refused(String)
    case unknown

    /// Bytes needed to tell.
    static let length = 32
    static let acceptedNames = "JPEG, PNG, TIFF, WebP, BMP, GIF nor HEIC/AVIF"

    init(_ head: [UInt8]) {
        func has(_ text: String, at offset: Int = 0) -> Bool { head.dropFirst(offset).starts(with: text.utf8) }
        func has(_ bytes: [UInt8]) -> Bool { head.starts(with: bytes) }

        self =
            if has([0xFF, 0xD8, 0xFF]) {
                .accepted(.jpeg)
            } else if has(PNGChunks.signature) {
                .accepted(.png)
            } else if has("RIFF"), has("WEBP", at: 8) {
                .accepted(.webp)
            } else if has([0x49, 0x49, 0x2A, 0]) || has([0x4D, 0x4D, 0, 0x2A]) || has([0x49, 0x49, 0x2B, 0])
                || has([0x4D, 0x4D, 0, 0x2B])
            {
                .accepted(.tiff)
            } else if has("GIF87a") || has("GIF89a") {
                .accepted(.gif)
            } else if has("BM"), head.count >= 18, [12, 40, 52, 56, 64, 108, 124].contains(head[14]), head[15] == 0 {
                .accepted(.bmp)
            } else if has("ftyp", at: 4),
                ["heic", "heix", "mif1", "msf1", "avif", "heim", "heis"].contains(where: { has($0, at: 8) })
            {
                .accepted(.heif)
            } else if let name = Self.refusedNames.first(where: { has($0.bytes) })?.name {
                .refused(name)
            } else {
                .unknown
            }
    }

    private static let refusedNames: [(bytes: [UInt8], name: String)] = [
        (Array("8BPS".utf8), "a Photoshop document"),
        ([0x76, 0x2F, 0x31, 0x01], "an OpenEXR file"),
        (Array("SDPX".utf8), "a DPX file"), (Array("XPDS".utf8), "a DPX file"),
        ([0, 0, 0, 0x0C, 0x6A, 0x50], "a JPEG 2000 picture"),
        ([0, 0, 0, 0x0C, 0x4A, 0x58], "a JPEG XL picture"), ([0xFF, 0x0A], "a JPEG XL picture"),
        (Array("%PDF".utf8), "a PDF document"),
        (Array("<svg".utf8), "an SVG drawing"),
        (Array("#?RADIANCE".utf8), "a Radiance HDR picture"),
    ]
}

extension ImageFormat {
    /// As people write it.
    var spokenName: String {
        switch self {
        case .jpeg: "JPEG"
        case .png: "PNG"
        case .webp: "WebP"
        case .tiff: "TIFF"
        case .bmp: "BMP"
        case .gif: "GIF"
        case .heif: "HEIF"
        case .other: "unknown"
        }
    }
}
