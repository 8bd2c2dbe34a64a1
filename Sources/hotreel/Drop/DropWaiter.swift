import Folders
import Foundation
import SystemPackage

/// Waits until drops have their outcomes: by events where the outbox has any, else by listing its folders now and then.
struct DropWaiter {
    let limit: Duration

    /// Between two looks where events of other machines' changes do not arrive.
    private static let listing = Duration.seconds(2)
    /// Events are hints here too.
    private static let rescan = Duration.seconds(60)

    /// Blocks until all is there or the time is over.
    func wait(for outcomes: inout DropOutcomes) {
        let deadline = ContinuousClock.now + limit
        let events = try? FolderEvents()
        while true {
            // First the watches, then the look: what comes in between is told by an event.
            let isTold = events.map { watch(outcomes.places, by: $0) } ?? false
            outcomes.look()
            let left = ContinuousClock.now.duration(to: deadline)
            guard !outcomes.areOver, left > .zero else { return }
            let pause = min(left, isTold ? Self.rescan : Self.listing)
            // Without inotify there is no event to wait for.
            if let events { _ = events.wait(atMost: pause) } else { Thread.sleep(forTimeInterval: pause / .seconds(1)) }
        }
    }

    /// Whether whatever happens in these folders will be told. Folders that are not there yet are told of by those above them.
    private func watch(_ places: [FilePath], by events: FolderEvents) -> Bool {
        var isTold = false
        for (number, place) in places.enumerated() {
            do {
                guard try events.watch(place) else { continue }
                // Without the first, which holds the others, nobody would tell that it is there again.
                if number == 0 { isTold = true }
                if try MountKind.of(place) != .local { return false }
            } catch {
                // A share that is away, or a limit: listing goes on without.
                return false
            }
        }
        return isTold
    }
}
