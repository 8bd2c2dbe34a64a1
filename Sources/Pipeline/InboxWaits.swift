import Folders
import Foundation
import Jobs
import Synchronization

/// What waits in the inbox, and why, for those who show how things stand. The intake writes it, as it decides.
package final class InboxWaits: Sendable {
    /// One file that waits, with what it waits for, in words for people.
    package struct Wait: Hashable, Sendable {
        /// Below the inbox.
        package let file: FileName
        package let since: Date
        package let reason: String
    }

    private struct Known {
        var quietSince: Duration
        var wait: Wait
    }
    private struct State {
        var groups: [GroupKey: [InboxPath: Known]] = [:]
        /// Files that a program holds open for writing; files that Hotreel may not move. Told as soon as it has lasted.
        var obstacles: [InboxPath: Wait] = [:]
    }
    private let state = Mutex(State())
    private let bell: Bell
    private let time: Timekeeper
    /// How long something has to wait before it is told: nearly everything goes on by itself within seconds.
    private let patience: Duration
    private static let shown = 50

    init(configuration: PipelineConfiguration, time: Timekeeper, bell: Bell) {
        patience = min(.seconds(60), configuration.pairing.orphanAfter / 4)
        self.time = time
        self.bell = bell
    }

    /// What a group waits for now; nothing, if it is empty.
    func note(_ group: GroupKey, _ waits: [(file: InboxPath, quietSince: Duration, reason: String)]) {
        let (uptime, now) = (time.uptime(), time.now())
        let isNews = state.withLock { state in
            let old = state.groups[group] ?? [:]
            var new: [InboxPath: Known] = [:]
            for wait in waits {
                // Reckoned once, so that it does not waver with each look.
                let known = old[wait.file].flatMap { $0.quietSince == wait.quietSince ? $0.wait.since : nil }
                let since = known ?? now.adding(.zero - (uptime - wait.quietSince))
                new[wait.file] = Known(
                    quietSince: wait.quietSince,
                    wait: Wait(file: wait.file.relative, since: since, reason: wait.reason))
            }
            state.groups[group] = new.isEmpty ? nil : new
            return old.mapValues(\.wait) != new.mapValues(\.wait)
        }
        if isNews { bell.ring() }
    }

    /// What keeps a file from going on that is otherwise ready; nil when nothing does any more.
    func note(_ path: InboxPath, obstacle reason: String?) {
        let now = time.now()
        let isNews = state.withLock { state in
            let old = state.obstacles[path]
            guard old?.reason != reason else { return false }
            state.obstacles[path] = reason.map { Wait(file: path.relative, since: now, reason: $0) }
            return true
        }
        if isNews { bell.ring() }
    }

    /// Forgets the obstacles of files that are no longer there.
    func keepObstacles(where isThere: (InboxPath) -> Bool) {
        state.withLock { state in
            for path in state.obstacles.keys where !isThere(path) { state.obstacles[path] = nil }
        }
    }

    /// What has waited long enough to be told: how many files, the longest waiting of them, and how long until there may be more.
    var told: (count: Int, waits: [Wait], next: Duration?) {
        let now = time.now()
        let all = state.withLock { state in
            let held = state.obstacles.values.map(\.self)
            let files = Set(held.map(\.file))
            return held + state.groups.values.flatMap { $0.values.map(\.wait) }.filter { !files.contains($0.file) }
        }
        let due = all.filter { $0.since.adding(patience) <= now }
        let next = all.lazy.map { $0.since.adding(self.patience).timeIntervalSince(now) }.filter { $0 > 0 }.min()
        let first = due.sorted { ($0.since, $0.file.text) < ($1.since, $1.file.text) }.prefix(Self.shown)
        return (due.count, Array(first), next.map { .seconds($0) })
    }
}

extension InboxWaits.Wait {
    /// Its keys are a promise to scripts.
    var json: JSONValue {
        ["file": .string(file.text), "since": .time(since), "reason": .string(reason)]
    }
}
