import Jobs
import SystemPackage
import Testing

@testable import Media

/// The ways in which the pictures of these tests are stored.
enum PictureKind: String, CaseIterable, CustomTestStringConvertible {
    case baselineJPEG, progressiveJPEG, restartJPEG, thumbnailJPEG, greyJPEG
    case png, interlacedPNG, palettePNG, deepPNG
    case lossyWebP, losslessWebP
    case plainTIFF, lzwTIFF, deflateTIFF, jpegTIFF, tiledTIFF
    case bmp, gif, heic, avif

    var testDescription: String { rawValue }

    var format: ImageFormat {
        switch self {
        case .baselineJPEG, .progressiveJPEG, .restartJPEG, .thumbnailJPEG, .greyJPEG: .jpeg
        case .png, .interlacedPNG, .palettePNG, .deepPNG: .png
        case .lossyWebP, .losslessWebP: .webp
        case .plainTIFF, .lzwTIFF, .deflateTIFF, .jpegTIFF, .tiledTIFF: .tiff
        case .bmp: .bmp
        case .gif: .gif
        case .heic, .avif: .heif
        }
    }

    func make(in workshop: PictureWorkshop, size: String = "400x300") async throws -> FilePath {
        func vips(_ operation: String, _ suffix: String, _ options: [String: String] = [:]) async throws -> FilePath {
            let source = try await workshop.ffmpeg("source.png", size: size)
            return try workshop.vips(
                operation, [source.string, workshop.path("\(rawValue).\(suffix)").string], options: options)
        }
        switch self {
        case .baselineJPEG: return try await vips("jpegsave", "jpg")
        case .progressiveJPEG: return try await vips("jpegsave", "jpg", ["interlace": "true"])
        case .restartJPEG: return try await vips("jpegsave", "jpg", ["restart_interval": "4"])
        case .thumbnailJPEG:
            let thumbnail = try workshop.bytes(try await workshop.ffmpeg("thumbnail.jpg", size: "64x48"))
            let picture = try workshop.bytes(try await vips("jpegsave", "jpg"))
            return try workshop.write(EXIF.insert(into: picture, orientation: 1, thumbnail: thumbnail), to: "exif.jpg")
        case .greyJPEG: return try await workshop.ffmpeg("grey.jpg", size: size, options: ["-pix_fmt", "gray"])
        case .png: return try await vips("pngsave", "png")
        case .interlacedPNG: return try await vips("pngsave", "png", ["interlace": "true"])
        case .palettePNG: return try await vips("pngsave", "png", ["palette": "true"])
        case .deepPNG: return try await workshop.ffmpeg("deep.png", size: size, options: ["-pix_fmt", "rgb48be"])
        case .lossyWebP: return try await vips("webpsave", "webp")
        case .losslessWebP: return try await vips("webpsave", "webp", ["lossless": "true"])
        case .plainTIFF: return try await vips("tiffsave", "tif")
        case .lzwTIFF: return try await vips("tiffsave", "tif", ["compression": "lzw", "predictor": "horizontal"])
        case .deflateTIFF:
            return try await workshop.ffmpeg(
                "d.tif", size: size, options: ["-compression_algo", "deflate", "-pix_fmt", "rgb24"])
        case .jpegTIFF: return try await vips("tiffsave", "tif", ["compression": "jpeg"])
        case .tiledTIFF: return try await vips("tiffsave", "tif", ["tile": "true", "compression": "deflate"])
        case .bmp: return try await workshop.ffmpeg("picture.bmp", size: size)
        case .gif: return try await workshop.ffmpeg("picture.gif", size: size)
        case .heic: return try await vips("heifsave", "heic", ["compression": "hevc"])
        case .avif: return try await vips("heifsave", "avif", ["compression": "av1", "effort": "0"])
        }
    }
}

/// EXIF written byte by byte.
enum EXIF {
    /// The JPEG with an APP1 segment after its first marker.
    static func insert(into jpeg: [UInt8], orientation: UInt8, thumbnail: [UInt8] = []) -> [UInt8] {
        let payload = Array("Exif\0\0".utf8) + tiff(orientation: orientation, thumbnail: thumbnail)
        let length = payload.count + 2
        return Array(jpeg[..<2]) + [0xFF, 0xE1, UInt8(length >> 8), UInt8(length & 0xFF)] + payload + jpeg[2...]
    }

    /// The PNG with an `eXIf` chunk after its header.
    static func insert(intoPNG png: [UInt8], orientation: UInt8) -> [UInt8] {
        Array(png[..<33]) + PNGBytes.chunk("eXIf", tiff(orientation: orientation)) + png[33...]
    }

    /// Little-endian; one directory with the orientation, a second one with the thumbnail.
    private static func tiff(orientation: UInt8, thumbnail: [UInt8] = []) -> [UInt8] {
        func short(_ value: Int) -> [UInt8] { [UInt8(value & 0xFF), UInt8(value >> 8)] }
        func long(_ value: Int) -> [UInt8] { short(value & 0xFFFF) + short(value >> 16) }
        func entry(_ tag: Int, _ type: Int, _ value: Int) -> [UInt8] {
            short(tag) + short(type) + long(1) + long(value)
        }
        let first = short(1) + entry(0x0112, 3, Int(orientation)) + long(thumbnail.isEmpty ? 0 : 26)
        guard !thumbnail.isEmpty else { return Array("II".utf8) + short(42) + long(8) + first }
        let second =
            short(3) + entry(0x0103, 3, 6) + entry(0x0201, 4, 26 + 42) + entry(0x0202, 4, thumbnail.count) + long(0)
        return Array("II".utf8) + short(42) + long(8) + first + second + thumbnail
    }
}

extension ImageFacts {
    /// "400x300".
    var size: String { "\(width)x\(height)" }
}
