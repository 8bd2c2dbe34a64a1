import Jobs
import SystemPackage

/// Whether a dropped picture is all there, told by its content alone.
package enum Wholeness: Equatable, Sendable {
    case whole(ImageFormat)
    /// Empty, cut, undecodable or no picture at all: an upload may still go on. The reason completes
    /// "The picture is not complete: …".
    case unfinished(reason: String)

    /// Reads the file in bounded pieces. Blocks for the time that takes, so call it off the cooperative pool
    /// where pictures are large.
    ///
    /// - Throws: `Errno` where the file cannot be opened or read, or is no regular file: `.tooManySymbolicLinkLevels`
    ///   for a symbolic link, `.isDirectory`, `.notSupported` for a FIFO, socket or device.
    package static func inspect(_ path: FilePath) throws(Errno) -> Wholeness {
        try inspect(RegularFile(path))
    }

    /// The same for a file that is open for reading, whatever its name means by now.
    package static func inspect(_ file: FileDescriptor) throws(Errno) -> Wholeness {
        try inspect(RegularFile(sharing: file))
    }

    private static func inspect(_ file: RegularFile) throws(Errno) -> Wholeness {
        guard file.size > 0 else { return .unfinished(reason: "it is empty (0 bytes)") }
        let content = FileBytes(file)
        let format: ImageFormat
        switch ImageSignature(try file.bytes(at: 0, count: ImageSignature.length)) {
        case .accepted(let known): format = known
        case .refused(let name):
            return .unfinished(reason: "it is \(name), which cannot be used. \(ImageProblem.exportRemedy)")
        case .unknown:
            return .unfinished(reason: "it is not a picture. Its content is neither \(ImageSignature.acceptedNames)")
        }

        let extent: ContentExtent =
            switch format {
            case .jpeg: try JPEGMarkers.extent(of: content)
            case .png: try PNGChunks.extent(of: content)
            case .webp: try WebPChunks.extent(of: content)
            case .gif: try GIFBlocks.extent(of: content)
            case .bmp: try BMPHeader.extent(of: content)
            case .heif: try ISOBoxes.extent(of: content)
            case .tiff: try TIFFDirectories.extent(of: content)
            case .other: .complete(end: file.size)
            }
        switch extent {
        case .unfinished(let reason): return .unfinished(reason: reason)
        case .complete(let end):
            if format != .png, let reason = try UnwrittenPart.reason(in: content, before: end, format: format) {
                return .unfinished(reason: reason)
            }
        }
        if format == .jpeg || format == .png || format == .bmp { return .whole(format) }
        return try decode(file, as: format)
    }

    /// For formats whose containers cannot prove that the data in them is there.
    private static func decode(_ file: RegularFile, as format: ImageFormat) throws(Errno) -> Wholeness {
        do throws(VipsFailure) {
            let first = try VipsPicture(file, format: format)
            // An oversized picture is left for the probe, which refuses it without decoding.
            guard first.pixels <= ImageProbe.maxPixels else { return .whole(format) }
            try first.decodeAll()
            if format == .tiff, first.pages > 1 {
                for page in 1..<first.pages {
                    let picture = try VipsPicture(file, format: format, page: page)
                    if picture.pixels <= ImageProbe.maxPixels { try picture.decodeAll() }
                }
            }
            return .whole(format)
        } catch {
            return .unfinished(reason: "its \(format.spokenName) data is cut or damaged (\(error.words))")
        }
    }
}

/// Where a container says that its content ends.
enum ContentExtent: Equatable {
    /// All there; `end` is the offset after the last byte that belongs to it.
    case complete(end: Int)
    case unfinished(reason: String)

    /// The container promises more than the file holds.
    static func cut(_ format: String, have: Int, need: Int) -> ContentExtent {
        .unfinished(reason: "the \(format) file holds \(have) of \(need) bytes")
    }
}
