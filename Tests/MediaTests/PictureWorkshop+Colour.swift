import CZlib
import SystemPackage

@testable import Media

extension PictureWorkshop {
    /// A CMYK picture in the format of the name's suffix.
    func cmyk(_ name: String, size: String = "400x300") async throws -> FilePath {
        let source = try await ffmpeg("rgb.png", size: size)
        try vips("icc_transform", [source.string, path(name).string, "cmyk"])
        return path(name)
    }

    /// A PNG of one colour whose embedded profile calls red green and green red.
    func redGreenSwapped(_ name: String, colour: String) async throws -> FilePath {
        let plain = try bytes(
            await ffmpeg(
                ["-f", "lavfi", "-i", "color=\(colour):s=400x300,format=rgb24", "-frames:v", "1"], to: "p.png"))
        let profile = ICCProfile.redGreenSwapped
        var compressed = [UInt8](repeating: 0, count: profile.count + 100)
        var length = uLongf(compressed.count)
        compress(&compressed, &length, profile, uLong(profile.count))
        let chunk = PNGBytes.chunk("iCCP", Array("swapped\0\0".utf8) + compressed.prefix(Int(length)))
        return try write(plain[..<33] + chunk + plain[33...], to: name)
    }
}

/// A minimal matrix profile (ICC.1:2001-04), made byte by byte.
private enum ICCProfile {
    static let redGreenSwapped: [UInt8] = {
        // sRGB's primaries, the first two in each other's place.
        let primaries: [(tag: String, data: [UInt8])] = [
            ("rXYZ", xyz(0.3851, 0.7169, 0.0971)), ("gXYZ", xyz(0.4360, 0.2225, 0.0139)),
            ("bXYZ", xyz(0.1431, 0.0606, 0.7141)), ("wtpt", xyz(0.9642, 1, 0.8249)),
        ]
        let gamma = Array("curv".utf8) + [0, 0, 0, 0] + long(1) + [0x02, 0x33, 0, 0]
        let tags = primaries + ["rTRC", "gTRC", "bTRC"].map { ($0, gamma) }
        var offset = 128 + 4 + tags.count * 12
        var table = long(tags.count)
        for tag in tags {
            table += Array(tag.tag.utf8) + long(offset) + long(tag.data.count)
            offset += tag.data.count
        }
        let header =
            long(offset) + long(0) + long(0x0210_0000) + Array("mntrRGB XYZ ".utf8) + [7, 0xD0, 0, 1, 0, 1]
            + [UInt8](repeating: 0, count: 6) + Array("acsp".utf8) + [UInt8](repeating: 0, count: 28)
            + xyz(0.9642, 1, 0.8249).dropFirst(8)
        return header + [UInt8](repeating: 0, count: 128 - header.count) + table + tags.flatMap(\.data)
    }()

    private static func long(_ value: Int) -> [UInt8] { PNGBytes.bigEndian(UInt32(value)) }

    private static func xyz(_ x: Double, _ y: Double, _ z: Double) -> [UInt8] {
        Array("XYZ ".utf8) + long(0) + [x, y, z].flatMap { long(Int(($0 * 65536).rounded())) }
    }
}
