/// What a delivered video really is, as a prober of its content reports it.
package struct VideoFacts: Hashable, Sendable, Codable {
    /// Seconds.
    package let duration: Double
    /// Pixels.
    package let width: Int
    package let height: Int

    package init(duration: Double, width: Int, height: Int) {
        self.duration = duration
        self.width = width
        self.height = height
    }
}
