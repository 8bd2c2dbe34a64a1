/// How many generations at once the API has shown that it bears, learned from its refusals (429 without `Retry-After`).
struct Congestion: Hashable, Sendable {
    /// nil while it has never refused.
    private(set) var limit: Int?
    private var changed = Duration.zero

    /// How long a limit holds before one more is tried.
    static let patience = Duration.seconds(30)

    /// It refused one more, with so many under way.
    mutating func refused(accepted: Int, at now: Duration) {
        limit = min(limit ?? .max, max(1, accepted))
        changed = now
    }

    /// It took one; with it so many are under way.
    mutating func accepted(_ count: Int, at now: Duration) {
        guard let limit else { return }
        if count > limit {
            self.limit = count
        } else if count == limit, now - changed >= Self.patience {
            self.limit = limit + 1
            changed = now
        }
    }
}
