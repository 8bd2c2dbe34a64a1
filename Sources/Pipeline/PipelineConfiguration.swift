import Folders
import Jobs

/// What the pipeline must know; the defaults are those the configuration reference prints.
package struct PipelineConfiguration: Sendable {
    package typealias Watch = WatchMode
    package enum Duplicates: String, Sendable, CaseIterable { case reuse, generate }
    package enum Originals: String, Sendable, CaseIterable { case keep, delete }

    package var pairing = PairingRules(settle: .seconds(1), grace: .seconds(5), orphanAfter: .seconds(3600))
    package var watch = Watch.auto
    /// Between two listings of the whole inbox while events arrive.
    package var rescan: Duration = .seconds(60)
    /// Between two listings where no events can be had.
    package var listing: Duration = .seconds(2)
    /// How long network mounts may show old sizes; nil where their options and kind tell.
    package var mountCache: Duration?
    /// How long a mount may leave a call unanswered before it counts as gone.
    package var mountPatience: Duration = .seconds(10)
    package var pollInterval: Duration = .seconds(15)
    /// Jobs that are, or may be, with the vendor at the same time.
    package var maxInFlight = 100
    package var submitsPerSecond = 5.0
    package var duplicates = Duplicates.reuse
    /// How long after its claim a drop is recognised when the same files come again; see `Resends`.
    package var resendWindow: Duration = .seconds(600)
    package var budgets = Budgets()
    /// Credits a second of video is taken to cost before the API has charged for one like it.
    package var creditsPerSecond = 200_000.0
    package var originals = Originals.keep
    /// Bytes of the largest video that is taken.
    package var maxVideoBytes = 4 << 30
    /// How long a paid video is fetched again before people are told that it cannot be.
    package var deliveryPatience: Duration = .seconds(86_400)
    /// How long the vendor's log is searched for a POST without an answer before only a person can decide.
    package var lookupPatience: Duration = .seconds(3 * 86_400)
    /// Pages of that log read in a second. AI/ML API: at most 200 in a minute.
    package var lookupsPerSecond = 2.0
    /// Shortest time between two looks for the same request.
    package var lookupPause: Duration = .seconds(10)
    /// Whether a POST that was never found is then sent again, though it may have been billed.
    package var resubmitUnconfirmed = false
    /// How long a closed gate waits before it is tried for the first time; each try in vain doubles it, up to five minutes.
    package var retryInterval: Duration = .seconds(10)
    /// Whether the far end makes previews, so that receipts say so.
    package var isPreview = false

    package init() {}

    package var watchTimes: WatchTimes {
        WatchTimes(settle: pairing.settle, rescan: rescan, listing: listing, mountCache: mountCache)
    }
}
