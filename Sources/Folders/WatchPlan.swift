import Jobs

/// `intake.watch`: how the admin wants changes to be noticed.
package enum WatchMode: String, Sendable, CaseIterable {
    /// Each tree as its file system allows.
    case auto
    case inotify
    case poll
}

/// What the configuration says of times that watching goes by.
package struct WatchTimes: Hashable, Sendable {
    /// Shortest quiet time before a file counts as written.
    package let settle: Duration
    /// Between two listings of a tree whose events are heard.
    package let rescan: Duration
    /// Between two listings of a tree without events.
    package let listing: Duration
    /// How long network mounts may show old sizes, where the admin knows better than the mount's options tell.
    package let mountCache: Duration?

    package init(settle: Duration, rescan: Duration, listing: Duration, mountCache: Duration? = nil) {
        self.settle = settle
        self.rescan = rescan
        self.listing = listing
        self.mountCache = mountCache
    }
}

/// How changes in one tree of the inbox are noticed, and when a file in it counts as written. Each mount in an inbox is a tree of its
/// own, so that a share below a local inbox is listed while the rest is watched.
package struct WatchPlan: Hashable, Sendable {
    package enum Method: String, Sendable {
        /// inotify, with a listing now and then.
        case events
        /// Listings alone, compared with what was seen before. No file is read for it.
        case listing
    }

    package let method: Method
    /// Between two listings of the whole tree.
    package let interval: Duration
    /// How long a file in it must be quiet before it counts as written. Longer than the mount may go on showing an old size: only
    /// then have two looks at the file itself found it the same.
    package let quiet: Duration
    /// Why, for people: `NFS does not tell of changes made elsewhere`.
    package let reason: String

    package static func choose(_ mode: WatchMode, on mount: MountTable.Mount, times: WatchTimes) -> WatchPlan {
        choose(mode, on: mount.kind, cache: mount.attributeCache, times: times)
    }

    /// `cache` is how long the mount may show what no longer holds.
    package static func choose(
        _ mode: WatchMode, on kind: MountKind, cache: Duration, times: WatchTimes
    ) -> WatchPlan {
        guard case .network(let name) = kind else {
            return mode == .poll
                ? WatchPlan(method: .listing, interval: times.listing, quiet: times.settle, reason: "as configured")
                : WatchPlan(
                    method: .events, interval: times.rescan, quiet: times.settle,
                    reason: "a local file system tells of changes")
        }
        let cache = times.mountCache ?? cache
        let quiet = cache > .zero ? max(times.settle, cache + .seconds(1)) : times.settle
        let why = "\(name) does not tell of changes made elsewhere"
        switch mode {
        case .auto: return WatchPlan(method: .listing, interval: times.listing, quiet: quiet, reason: why)
        case .poll: return WatchPlan(method: .listing, interval: times.listing, quiet: quiet, reason: "as configured")
        case .inotify:
            return WatchPlan(
                method: .events, interval: times.rescan, quiet: quiet,
                reason: "as configured, though \(why): those are seen at the next listing")
        }
    }

    /// A plan for a tree that cannot be watched though it should be.
    package func listing(every interval: Duration, because reason: String) -> WatchPlan {
        WatchPlan(method: .listing, interval: interval, quiet: quiet, reason: reason)
    }

    /// How long to wait after a listing that took so long: a mount on which each look is a journey is looked at less often.
    package func pause(afterListingOf cost: Duration) -> Duration {
        method == .listing ? max(interval, cost * 9) : interval
    }

    /// `listed every 2 s; files must be quiet for 61 s. NFS does not tell of changes made elsewhere`
    package var shown: String {
        let way = method == .events ? "watched by events and listed" : "listed"
        return
            "\(way) every \(interval.shown); files must be quiet for \(quiet.shown). \(reason.first?.uppercased() ?? "")"
            + "\(reason.dropFirst())"
    }
}

extension Duration {
    /// `500 ms`, `2 s`, `90 s`, `5 min`.
    package var shown: String {
        let (seconds, rest) = components
        if rest != 0, seconds < 10 { return "\(Int64((self / .milliseconds(1)).rounded())) ms" }
        return seconds >= 120 && seconds % 60 == 0 ? "\(seconds / 60) min" : "\(seconds) s"
    }
}
