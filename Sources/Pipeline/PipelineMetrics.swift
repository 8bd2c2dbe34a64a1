import Jobs
import Metrics

/// The pipeline's instruments.
package struct PipelineMetrics: Sendable {
    private let events: [JobEvent.Name: Counter]
    /// Drops refused before anything was sent.
    package let refusedDrops = Counter(label: "hotreel_drops_refused_total")
    /// Drops claimed.
    package let claimedDrops = Counter(label: "hotreel_drops_claimed_total")

    package init() {
        events = Dictionary(
            uniqueKeysWithValues: JobEvent.Name.allCases.map { name in
                (name, Counter(label: "hotreel_job_events_total", dimensions: [("event", name.rawValue)]))
            })
    }

    /// One more transition of this kind.
    func count(_ event: JobEvent.Name) { events[event]?.increment() }
}
