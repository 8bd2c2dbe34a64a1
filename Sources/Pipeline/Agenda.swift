import Folders
import HeapModule

/// Groups to decide on: those that something was heard of, in the order they came, and those whose time will come.
struct Agenda {
    private struct Deadline: Comparable {
        let at: Duration
        let group: GroupKey
        static func < (left: Deadline, right: Deadline) -> Bool { left.at < right.at }
    }

    private var waiting: [GroupKey] = []
    /// How many of `waiting` were taken.
    private var taken = 0
    private var isWaiting: Set<GroupKey> = []
    private var deadlines = Heap<Deadline>()
    /// The deadline that holds for a group; older ones left in the heap are void.
    private var deadline: [GroupKey: Duration] = [:]

    /// When there is something to do; nil while nothing is known of.
    var next: Duration? {
        mutating get {
            if !isWaiting.isEmpty { return .zero }
            while let first = deadlines.min, deadline[first.group] != first.at { deadlines.removeMin() }
            return deadlines.min?.at
        }
    }

    mutating func isDue(at now: Duration) -> Bool { next.map { $0 <= now } ?? false }

    mutating func add(_ groups: Set<GroupKey>) {
        for group in groups where isWaiting.insert(group).inserted { waiting.append(group) }
    }

    /// Decides on the group again then, unless it comes up before.
    mutating func schedule(_ group: GroupKey, at time: Duration) {
        if let known = deadline[group], known <= time { return }
        deadline[group] = time
        deadlines.insert(Deadline(at: time, group: group))
    }

    /// At most `count` groups to decide on now, those that wait longest first.
    mutating func take(_ count: Int, at now: Duration) -> [GroupKey] {
        while let first = deadlines.min, first.at <= now {
            deadlines.removeMin()
            if deadline[first.group] == first.at { add([first.group]) }
        }
        let end = min(taken + count, waiting.count)
        let groups = Array(waiting[taken..<end])
        taken = end
        for group in groups {
            isWaiting.remove(group)
            deadline[group] = nil
        }
        if taken == waiting.count {
            waiting.removeAll(keepingCapacity: waiting.count < 1000)
            taken = 0
        }
        return groups
    }
}
