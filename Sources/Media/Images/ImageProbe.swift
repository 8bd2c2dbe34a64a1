import Jobs
import SystemPackage

/// Reads what a picture is from its header; no pixel is decoded.
package enum ImageProbe {
    /// Larger pictures are refused before any decoding: 2^28, an uncompressed gigabyte.
    package static let maxPixels = 268_435_456

    /// - Throws: `ImageProblem` with `systemError` where the file cannot be read, without where it is no usable picture.
    package static func facts(of path: FilePath) throws(ImageProblem) -> ImageFacts {
        try header(of: RegularFile(picture: path)).facts
    }

    /// The same for a file that is open for reading, whatever its name means by now.
    package static func facts(of file: FileDescriptor) throws(ImageProblem) -> ImageFacts {
        try header(of: RegularFile(picture: file)).facts
    }

    /// What fitting needs to know beyond the facts.
    struct Header {
        let facts: ImageFacts
        /// EXIF's, 1 … 8.
        var orientation = 1
        var pages = 1
    }

    static func header(of file: RegularFile) throws(ImageProblem) -> Header {
        let format = try format(of: file)
        switch format {
        case .bmp:
            guard let header = try read({ () throws(Errno) in try BMPHeader(FileBytes(file)) }) else {
                throw .undecodable(.bmp, "its header is damaged")
            }
            try bound(header.width, header.height)
            return Header(
                facts: ImageFacts(format: .bmp, width: header.width, height: header.height, bytes: file.size))
        case .png:
            guard let header = try read({ () throws(Errno) in try PNGChunks.Header(FileBytes(file)) }) else {
                throw .undecodable(.png, "its header is damaged")
            }
            // Before libvips sees the file, since it would read on up to the pixels.
            try bound(header.width, header.height)
            return try decoderHeader(of: file, format: .png, sampleDepth: header.sampleDepth)
        default: return try decoderHeader(of: file, format: format)
        }
    }

    private static func format(of file: RegularFile) throws(ImageProblem) -> ImageFormat {
        let head = try read { () throws(Errno) in try file.bytes(at: 0, count: ImageSignature.length) }
        switch ImageSignature(head) {
        case .accepted(let format): return format
        case .refused(let name):
            throw ImageProblem(
                value: name, rule: "a picture must be JPEG, PNG, TIFF, WebP, BMP, GIF or HEIC",
                remedy: ImageProblem.exportRemedy)
        case .unknown:
            throw ImageProblem(
                rule: "the file must be a picture, and its content is neither \(ImageSignature.acceptedNames)",
                remedy: ImageProblem.exportRemedy)
        }
    }

    private static func decoderHeader(
        of file: RegularFile, format: ImageFormat, sampleDepth: Int? = nil
    ) throws(ImageProblem) -> Header {
        let picture: VipsPicture
        do {
            picture = try VipsPicture(file, format: format)
        } catch {
            throw .undecodable(format, error.words)
        }
        try bound(picture.width, picture.height)
        let turned = picture.isQuarterTurned
        return Header(
            facts: ImageFacts(
                format: format, width: turned ? picture.height : picture.width,
                height: turned ? picture.width : picture.height, bytes: file.size,
                bitsPerSample: sampleDepth ?? picture.bitsPerSample, isCMYK: picture.isCMYK),
            orientation: picture.orientation, pages: picture.pages)
    }

    private static func bound(_ width: Int, _ height: Int) throws(ImageProblem) {
        let (pixels, overflow) = width.multipliedReportingOverflow(by: height)
        guard !overflow, pixels <= maxPixels else { throw .tooManyPixels(width: width, height: height) }
    }

    private static func read<Value>(_ body: () throws(Errno) -> Value) throws(ImageProblem) -> Value {
        do { return try body() } catch { throw .unreadable(error) }
    }
}

extension RegularFile {
    /// Opens a picture, with the reason in words where that fails.
    convenience init(picture path: FilePath) throws(ImageProblem) {
        do { try self.init(path) } catch { throw .unreadable(error) }
    }

    convenience init(picture file: FileDescriptor) throws(ImageProblem) {
        do { try self.init(sharing: file) } catch { throw .unreadable(error) }
    }
}
