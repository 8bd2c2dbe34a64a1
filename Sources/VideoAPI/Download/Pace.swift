/// Notices a video that only drips: each byte in time, the whole never. What has come is kept, so that giving up costs nothing
/// and the next try may be sent to a better server.
struct Pace {
    /// Time spent waiting for bytes over which they are counted.
    let window: Duration
    private var waited = Duration.zero
    private var bytes = 0

    /// Bytes a second. A 5 s video would take hours.
    static let slowest = 1_024

    init(window: Duration) { self.window = window }

    mutating func took(_ time: Duration, for count: Int) throws(DownloadError) {
        waited += time
        bytes += count
        guard waited >= window else { return }
        guard Duration.seconds(bytes / Self.slowest) >= waited else {
            throw .interrupted(
                "The video comes too slowly: \(bytes) bytes in \(waited.formatted(.units(width: .narrow))).")
        }
        (waited, bytes) = (.zero, 0)
    }
}
