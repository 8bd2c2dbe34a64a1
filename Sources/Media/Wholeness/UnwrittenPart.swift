import Jobs
import SystemPackage

/// Uploads that reserve the full size first and then break off leave a file of the right size, with nothing but
/// zeros where the rest should be. Decoders may show that as a black or grey area, so it is looked for here.
enum UnwrittenPart {
    /// Why the file counts as not fully written; nil where there is no sign of it.
    ///
    /// A hole is such a part for certain. Written zeros are told by their amount: a codec's data never ends in many of
    /// them, uncompressed pixels may (a black bar), so there the last quarter of the file must be empty.
    static func reason(in content: FileBytes, before end: Int, format: ImageFormat) throws(Errno) -> String? {
        let hole = content.file.firstHole()
        if hole < end { return "nothing has been written from byte \(hole) on" }
        let suspicious =
            switch format {
            case .webp, .heif: min(max(content.count / 8, 64), 4096)
            case .tiff, .bmp: max(content.count / 4, 64)
            // These are walked to their end, which zeros do not survive.
            case .jpeg, .png, .gif, .other: Int.max
            }
        guard suspicious < content.count, try content.isZero(from: content.count - suspicious) else { return nil }
        return "its last \(suspicious) bytes are all zero, as an upload that broke off leaves them"
    }
}
