import Jobs
import Subprocess
import Synchronization

/// Pictures made on the spot by ffmpeg, each kind once.
package enum TestPictures {
    package enum Format: String, Sendable {
        case jpeg = "mjpeg", png, tiff, bmp, webp = "libwebp"
    }

    private struct Recipe: Hashable {
        let source: String
        let size: String
        let filter: String
        let format: Format
        let options: [String]
    }
    private static let made = Mutex<[Recipe: [UInt8]]>([:])

    /// A picture.
    ///
    /// - Parameters:
    ///   - source: one of ffmpeg's own pictures: `testsrc2`, `rgbtestsrc`, `color=c=0x303030`.
    ///   - filter: drawn over it: `drawbox=w=100:h=100:c=white:t=fill`.
    package static func make(
        _ format: Format = .jpeg, size: String = "640x480", source: String = "testsrc2", filter: String = "null",
        options: [String] = []
    ) async throws -> [UInt8] {
        let recipe = Recipe(source: source, size: size, filter: filter, format: format, options: options)
        if let known = made.withLock({ $0[recipe] }) { return known }
        // Scaled last, since some sources make even sizes only.
        let scale = "scale=\(size.replacing("x", with: ":")),setsar=1,\(filter)"
        let bytes = try await ffmpeg(
            ["-f", "lavfi", "-i", source.contains("=") ? "\(source):s=\(size)" : "\(source)=s=\(size)"]
                + ["-frames:v", "1", "-vf", scale, "-c:v", format.rawValue] + options
                + (format == .webp ? ["-f", "webp", "-"] : ["-f", "image2pipe", "-"]))
        made.withLock { $0[recipe] = bytes }
        return bytes
    }

    static func ffmpeg(_ arguments: [String]) async throws -> [UInt8] {
        let result = try await Subprocess.run(
            .name("ffmpeg"), arguments: Arguments(["-nostdin", "-v", "error", "-y"] + arguments),
            output: .bytes(limit: 100_000_000), error: .string(limit: 100_000))
        guard result.terminationStatus.isSuccess else {
            throw HotreelProcess.Failure(description: "ffmpeg \(arguments): \(result.standardError)")
        }
        return result.standardOutput
    }
}

extension TestPictures {
    /// Bytes of what `unlike` makes, nearly.
    package static let unlikeBytes = 500_000

    /// A picture of noise, about half a megabyte, that holds this text and so is like no other. JPEG or PNG.
    package static func unlike(_ text: String, _ format: Format = .png) async throws -> [UInt8] {
        let noise = "noise=alls=100:allf=u"
        let comment = Array("Comment\0\(text)".utf8)
        if format == .jpeg {
            let picture = try await make(
                .jpeg, size: "720x540", source: "color=c=0x808080", filter: noise, options: ["-q:v", "2"])
            let length = UInt16(comment.count + 2)
            // After the mark that starts the image.
            return picture[..<2] + [0xFF, 0xFE, UInt8(length >> 8), UInt8(length & 0xFF)] + comment + picture[2...]
        }
        let picture = try await make(.png, size: "480x360", source: "color=c=0x808080", filter: noise)
        // After the signature and the chunk that must come first.
        let head = 8 + 25
        return picture[..<head] + chunk("tEXt", comment) + picture[head...]
    }

    /// A PNG that is in order as far as its checksums go, with a size that no program would write; its pixels are none.
    package static func pngHeader(width: UInt32, height: UInt32) -> [UInt8] {
        let size = bigEndian(width) + bigEndian(height)
        return [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
            + chunk("IHDR", size + [8, 2, 0, 0, 0]) + chunk("IDAT", [1, 2, 3]) + chunk("IEND", [])
    }

    private static func chunk(_ type: String, _ data: [UInt8]) -> [UInt8] {
        let body = Array(type.utf8) + data
        return bigEndian(UInt32(data.count)) + body + bigEndian(checksum(body))
    }

    private static func bigEndian(_ value: UInt32) -> [UInt8] { withUnsafeBytes(of: value.bigEndian, Array.init) }

    /// CRC-32 as the PNG specification has it.
    private static func checksum(_ bytes: [UInt8]) -> UInt32 {
        ~bytes.reduce(~0) { crc, byte in
            (0..<8).reduce(crc ^ UInt32(byte)) { value, _ in value & 1 == 1 ? 0xEDB8_8320 ^ value >> 1 : value >> 1 }
        }
    }
}
