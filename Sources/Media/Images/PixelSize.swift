/// A picture's size.
struct PixelSize: Equatable {
    let width: Int
    let height: Int

    var pixels: Int { width * height }

    /// The same shape at another width. The height is rounded towards a square, so that rounding never pushes a
    /// picture over the limit of its aspect ratio.
    func scaled(toWidth newWidth: Int) -> PixelSize {
        let exact = newWidth * height
        return PixelSize(width: newWidth, height: max(1, width >= height ? (exact + width - 1) / width : exact / width))
    }

    /// The same shape with at most so many pixels.
    func bounded(toPixels limit: Int) -> PixelSize {
        guard pixels > limit else { return self }
        return scaled(toWidth: Int(Double(width) * (Double(limit) / Double(pixels)).squareRoot()))
    }
}
