import CVips
import Glibc
import Jobs
import SystemPackage

/// A picture in libvips: pixels are computed when asked for, in strips, as long as it was opened to be read in order.
final class VipsPicture {
    private let image: UnsafeMutablePointer<VipsImage>

    private init(owning image: UnsafeMutablePointer<VipsImage>) { self.image = image }

    deinit { g_object_unref(image) }

    /// Reads the header of the first (or given) page with the loader for `format` and no other.
    ///
    /// - Parameter anyOrder: whether pixels will be read out of order (a quarter turn); costs memory for all of them.
    convenience init(
        _ file: RegularFile, format: ImageFormat, page: Int = 0, anyOrder: Bool = false
    ) throws(VipsFailure) {
        if let failure = VipsLibrary.startFailure { throw failure }
        let source = try Self.source(for: file, format: format)
        defer { g_object_unref(source) }
        let access = anyOrder ? VIPS_ACCESS_RANDOM : VIPS_ACCESS_SEQUENTIAL
        try self.init { out in
            switch format {
            case .jpeg: shim_jpegload(source, out, access)
            case .png: shim_pngload(source, out, access)
            case .webp: shim_webpload(source, out, access)
            case .gif: shim_gifload(source, out, access)
            case .heif: shim_heifload(source, out, access)
            case .tiff: shim_tiffload(source, out, access, Int32(clamping: page))
            case .bmp, .other: 1
            }
        }
    }

    private convenience init(
        _ operation: (UnsafeMutablePointer<UnsafeMutablePointer<VipsImage>?>) -> Int32
    ) throws(VipsFailure) {
        var image: UnsafeMutablePointer<VipsImage>?
        try VipsLibrary.call { operation(&image) }
        guard let image else { throw VipsFailure(words: "no picture") }
        self.init(owning: image)
    }

    private static func source(
        for file: RegularFile, format: ImageFormat
    ) throws(VipsFailure) -> UnsafeMutablePointer<VipsSource> {
        let source: UnsafeMutablePointer<VipsSource>?
        do {
            switch format {
            case .webp, .gif:
                // libvips maps these into memory, which is not safe for a file that may be cut meanwhile; they are small.
                guard file.size <= 1 << 29 else { throw VipsFailure(words: "more than 512 MiB") }
                let bytes = try file.bytes(at: 0, count: file.size)
                let blob = bytes.withUnsafeBytes { vips_blob_copy($0.baseAddress, $0.count) }
                source = vips_source_new_from_blob(blob)
                blob.map { vips_area_unref(UnsafeMutableRawPointer($0).assumingMemoryBound(to: VipsArea.self)) }
            default:
                let descriptor = try file.duplicateWithOwnPosition()
                source = vips_source_new_from_descriptor(descriptor.rawValue)
                close(descriptor.rawValue)
            }
        } catch let failure as VipsFailure {
            throw failure
        } catch {
            throw VipsFailure(words: String(describing: error))
        }
        guard let source else { throw VipsFailure(words: "it cannot be read") }
        return source
    }

    func applying(
        _ operation: (UnsafeMutablePointer<VipsImage>, UnsafeMutablePointer<UnsafeMutablePointer<VipsImage>?>) -> Int32
    ) throws(VipsFailure) -> VipsPicture {
        try VipsPicture { operation(image, $0) }
    }

    func measuring(
        _ operation: (UnsafeMutablePointer<VipsImage>, UnsafeMutablePointer<Double>) -> Int32
    ) throws(VipsFailure) -> Double {
        var result = 0.0
        try VipsLibrary.call { operation(image, &result) }
        return result
    }

    /// The bytes that a saving operation produces.
    func saved(
        _ operation: (
            UnsafeMutablePointer<VipsImage>, UnsafeMutablePointer<UnsafeMutableRawPointer?>, UnsafeMutablePointer<Int>
        ) -> Int32
    ) throws(VipsFailure) -> [UInt8] {
        var buffer: UnsafeMutableRawPointer?
        var length = 0
        defer { g_free(buffer) }
        try VipsLibrary.call { operation(image, &buffer, &length) }
        return Array(UnsafeRawBufferPointer(start: buffer, count: length))
    }
}

extension VipsPicture {
    var width: Int { Int(vips_image_get_width(image)) }
    var height: Int { Int(vips_image_get_height(image)) }
    var pixels: Int { width * height }
    var pages: Int { Int(vips_image_get_n_pages(image)) }
    var bands: Int { Int(vips_image_get_bands(image)) }
    var hasAlpha: Bool { vips_image_hasalpha(image) != 0 }
    var isCMYK: Bool { vips_image_get_interpretation(image) == VIPS_INTERPRETATION_CMYK }
    var hasColourProfile: Bool { vips_image_get_typeof(image, VIPS_META_ICC_NAME) != 0 }
    /// EXIF's 1 … 8; 1 where there is none.
    var orientation: Int { Int(vips_image_get_orientation(image)) }
    var isQuarterTurned: Bool { orientation >= 5 }
    var bitsPerSample: Int { Int(vips_format_sizeof(vips_image_get_format(image))) * 8 }
    var isEightBitSRGB: Bool {
        vips_image_get_interpretation(image) == VIPS_INTERPRETATION_sRGB
            && vips_image_get_format(image) == VIPS_FORMAT_UCHAR
    }

    /// Computes every pixel and forgets them: proof that they are all there.
    func decodeAll() throws(VipsFailure) { _ = try measuring(shim_avg) }
}
