import Dispatch
import Glibc
import Jobs
import SystemPackage

/// A picture made acceptable.
package struct FittedImage: Hashable, Sendable {
    /// Of the file that was written.
    package let facts: ImageFacts
    /// What was done, for the receipt: "scan.tif: TIFF 16-bit 6000 × 4000 → JPEG 8-bit 1920 × 1280, quality 95".
    package let note: String
}

/// Turns a picture that cannot be sent as it is into an 8-bit sRGB JPEG or PNG within a model's limits, without
/// visible loss: upright, never enlarged, with its aspect ratio, and at least 1,920 pixels wide where it was that wide.
package enum ImageFitter {
    /// One picture at a time, off the cooperative pool: what is in memory stays that of one picture.
    private static let queue = DispatchQueue(label: "hotreel.image-fitter")

    /// Call it only where `limits.acceptsAsIs` is false; smallest side and aspect ratio are the caller's to check.
    ///
    /// Writes `destination`, which must not exist, and syncs it. After an error nothing is left there.
    ///
    /// - Parameter name: what the note calls the picture; the source's own name where nil.
    package static func fit(
        _ source: FilePath, into destination: FilePath, limits: ImageLimits, calling name: String? = nil
    ) async throws(ImageProblem) -> FittedImage {
        try await fit(
            RegularFile(picture: source), into: destination, limits: limits,
            calling: name ?? source.lastComponent?.string ?? source.string)
    }

    /// The same for a picture that is open for reading, whatever its name means by now.
    package static func fit(
        _ source: FileDescriptor, into destination: FilePath, limits: ImageLimits, calling name: String
    ) async throws(ImageProblem) -> FittedImage {
        try await fit(RegularFile(picture: source), into: destination, limits: limits, calling: name)
    }

    private static func fit(
        _ original: RegularFile, into destination: FilePath, limits: ImageLimits, calling name: String
    ) async throws(ImageProblem) -> FittedImage {
        let header = try ImageProbe.header(of: original)
        let isBMP = header.facts.format == .bmp
        let decodable = isBMP ? try await BMPConversion.png(of: original, beside: destination) : original
        let fitting = ImageFitting(
            file: decodable, format: isBMP ? .png : header.facts.format, header: header, limits: limits)
        let encoded = try await encode(fitting)
        do {
            try write(encoded.bytes, to: destination)
        } catch {
            throw .notWritable(error)
        }
        let facts = try ImageProbe.facts(of: destination)
        return FittedImage(
            facts: facts,
            note: "\(name): \(header.summary) → \(encoded.format.spokenName) 8-bit "
                + (["\(facts.width) × \(facts.height)"] + encoded.remarks).joined(separator: ", "))
    }

    private static func encode(_ fitting: ImageFitting) async throws(ImageProblem) -> EncodedImage {
        let result: Result<EncodedImage, ImageProblem> = await withCheckedContinuation { continuation in
            queue.async {
                continuation.resume(returning: Result { () throws(ImageProblem) in try fitting.encode() })
            }
        }
        return try result.get()
    }

    private static func write(_ bytes: [UInt8], to path: FilePath) throws(Errno) {
        let descriptor = path.withPlatformString {
            open($0, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o644)
        }
        guard descriptor >= 0 else { throw Errno(rawValue: errno) }
        defer { close(descriptor) }
        do throws(Errno) {
            var written = 0
            while written < bytes.count {
                let count = bytes.withUnsafeBytes {
                    Glibc.write(descriptor, $0.baseAddress?.advanced(by: written), $0.count - written)
                }
                if count >= 0 { written += count } else if errno != EINTR { throw Errno(rawValue: errno) }
            }
            guard fsync(descriptor) == 0 else { throw Errno(rawValue: errno) }
        } catch {
            _ = path.withPlatformString { unlink($0) }
            throw error
        }
    }
}

extension ImageProbe.Header {
    /// "TIFF 16-bit CMYK 6000 × 4000".
    fileprivate var summary: String {
        "\(facts.format.spokenName) \(facts.bitsPerSample)-bit \(facts.isCMYK ? "CMYK " : "")"
            + "\(facts.width) × \(facts.height)"
    }
}
