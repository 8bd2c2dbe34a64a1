import CVips

/// libvips, started once per process.
enum VipsLibrary {
    /// Why libvips cannot be used; nil when it can. Evaluated once, at first use.
    ///
    /// - Loaders that libvips itself calls untrusted (SVG, PDF, ImageMagick, OpenEXR, JPEG 2000 and XL, …) are blocked.
    /// - Its operation cache is off: no picture is seen twice, and a cache would hold files open.
    /// - Two threads per picture: pictures are worked on beside one another.
    static let startFailure: VipsFailure? = {
        guard vips_init("hotreel") == 0 else { return VipsFailure(words: takeErrors()) }
        vips_block_untrusted_set(1)
        vips_cache_set_max(0)
        vips_concurrency_set(2)
        // Its warnings are about the pictures' metadata; the standard error stream is the service's log.
        g_log_set_handler("VIPS", G_LOG_LEVEL_WARNING, { _, _, _, _ in }, nil)
        return nil
    }()

    /// Makes one call that reports failure by a non-zero result.
    static func call(_ operation: () -> Int32) throws(VipsFailure) {
        if let startFailure { throw startFailure }
        guard operation() == 0 else { throw VipsFailure(words: takeErrors()) }
    }

    /// Reads and empties libvips' error text, which all threads share: with several failures at once a text may be
    /// another picture's, so it only ever adds to a message.
    private static func takeErrors() -> String {
        guard let text = vips_error_buffer_copy() else { return "" }
        defer { g_free(text) }
        // Failing readers repeat themselves for every row.
        let lines = String(cString: text).split(separator: "\n").map(String.init)
        return lines.first ?? "no reason given"
    }
}

struct VipsFailure: Error, Equatable {
    /// libvips' own words, one line.
    let words: String
}
