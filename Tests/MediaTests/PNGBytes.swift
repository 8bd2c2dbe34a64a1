import CZlib

@testable import Media

/// PNGs made byte by byte, for headers that no program would write.
enum PNGBytes {
    static func chunk(_ type: String, _ data: [UInt8]) -> [UInt8] {
        let body = Array(type.utf8) + data
        let checksum = UInt32(truncatingIfNeeded: crc32(0, body, uInt(body.count)))
        return bigEndian(UInt32(data.count)) + body + bigEndian(checksum)
    }

    /// A complete RGB file, as far as checksums go, whose pixel data is not worth decoding.
    static func picture(width: UInt32, height: UInt32, depth: UInt8 = 8) -> [UInt8] {
        let header = bigEndian(width) + bigEndian(height) + [depth, 2, 0, 0, 0]
        return PNGChunks.signature + chunk("IHDR", header) + chunk("IDAT", [1, 2, 3]) + chunk("IEND", [])
    }

    static func bigEndian(_ value: UInt32) -> [UInt8] { withUnsafeBytes(of: value.bigEndian, Array.init) }
}
