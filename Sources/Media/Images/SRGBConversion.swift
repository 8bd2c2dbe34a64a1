import CVips

/// The pixels on their way out: upright, 8-bit sRGB, scaled, with or without transparency.
///
/// Every attempt at encoding decodes anew, in strips, so that large pictures never lie in memory whole (only turned
/// ones must).
extension ImageFitting {
    func picture(at size: PixelSize, keepingTransparency: Bool) throws(VipsFailure) -> VipsPicture {
        var picture = try uprightSRGB()
        if picture.hasAlpha, !keepingTransparency { picture = try picture.applying(shim_flatten_on_white) }
        guard (picture.width, picture.height) != (size.width, size.height) else { return picture }
        return try picture.applying { shim_scale_to($0, $1, Int32(clamping: size.width), Int32(clamping: size.height)) }
    }

    /// Whether any pixel is not opaque; renders often carry an alpha channel that says nothing.
    func hasTransparency() throws(VipsFailure) -> Bool {
        let picture = try uprightSRGB()
        guard picture.hasAlpha else { return false }
        let alpha = try picture.applying { shim_extract_band($0, $1, Int32(clamping: picture.bands - 1), 1) }
        return try alpha.measuring(shim_min) < 255
    }

    private func uprightSRGB() throws(VipsFailure) -> VipsPicture {
        let isTurned = header.orientation != 1
        var picture = try VipsPicture(file, format: format, anyOrder: isTurned)
        if isTurned { picture = try picture.applying(shim_autorot) }
        picture = try inSRGB(picture)
        // Some TIFFs carry more channels than colour and transparency.
        if picture.bands > 4 { picture = try picture.applying { shim_extract_band($0, $1, 0, 4) } }
        return picture
    }

    private func inSRGB(_ picture: VipsPicture) throws(VipsFailure) -> VipsPicture {
        if picture.hasColourProfile || picture.isCMYK {
            let fallback = picture.isCMYK ? "cmyk" : "srgb"
            do {
                return try picture.applying { shim_icc_transform_to_srgb($0, $1, fallback) }
            } catch  where !picture.isCMYK {
                // A profile that does not belong to the picture; viewers ignore it too.
            }
        }
        guard !picture.isEightBitSRGB else { return picture }
        return try picture.applying(shim_colourspace_srgb).applying(shim_cast_uchar)
    }
}
