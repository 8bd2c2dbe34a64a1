import Foundation

/// Format and size of a JPEG or PNG, read from its first markers; enough to hold it against Kling's limits.
struct PictureHeader: Hashable {
    enum Format: String { case jpeg = "image/jpeg", png = "image/png" }

    let format: Format
    /// Pixels as stored; the limits are the same for a picture that EXIF turns on its side.
    let width: Int
    let height: Int

    init?(_ data: Data) {
        if data.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]), data.count >= 24 {
            format = .png
            width = Self.integer(data, at: 16, bytes: 4)
            height = Self.integer(data, at: 20, bytes: 4)
        } else if data.starts(with: [0xFF, 0xD8]), let frame = Self.jpegFrame(data) {
            format = .jpeg
            height = Self.integer(data, at: frame + 5, bytes: 2)
            width = Self.integer(data, at: frame + 7, bytes: 2)
        } else {
            return nil
        }
    }

    /// What Kling holds against the picture, in its own manner of speaking; nil when it is acceptable.
    /// Kling: JPEG or PNG, at most 10 MB, each side at least 300 px, 1:2.5 to 2.5:1.
    static func objection(to data: Data) -> String? {
        guard let header = PictureHeader(data) else { return "Image is not a valid jpg or png" }
        guard data.count <= 10 << 20 else { return "Image size must not exceed 10MB" }
        guard min(header.width, header.height) >= 300 else {
            return "Image width and height must be at least 300px, got \(header.width)x\(header.height)"
        }
        guard max(header.width, header.height) * 2 <= min(header.width, header.height) * 5 else {
            return "Image aspect ratio must be between 1:2.5 and 2.5:1, got \(header.width)x\(header.height)"
        }
        return nil
    }

    /// Where the start-of-frame marker stands.
    private static func jpegFrame(_ data: Data) -> Int? {
        var offset = 2
        while offset + 9 <= data.count {
            guard data[data.startIndex + offset] == 0xFF else { return nil }
            let marker = data[data.startIndex + offset + 1]
            switch marker {
            case 0xFF: offset += 1
            case 0x01, 0xD0...0xD7: offset += 2
            case 0xC4, 0xC8, 0xCC: offset += 2 + integer(data, at: offset + 2, bytes: 2)
            case 0xC0...0xCF: return offset
            case 0xD9, 0xDA: return nil
            default: offset += 2 + integer(data, at: offset + 2, bytes: 2)
            }
        }
        return nil
    }

    private static func integer(_ data: Data, at offset: Int, bytes: Int) -> Int {
        (0..<bytes).reduce(0) { $0 << 8 | Int(data[data.startIndex + offset + $1]) }
    }
}
