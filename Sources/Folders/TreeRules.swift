import Jobs

/// What holds for the files of one tree of the inbox.
package struct TreeRules: Hashable, Sendable {
    /// How long a file must be quiet before it counts as written.
    package let quiet: Duration
    /// Why it cannot be looked at now, for people; nil while it can. What is known of its files stays, and nothing is decided on them.
    package let absence: String?

    package init(quiet: Duration, absence: String? = nil) {
        self.quiet = quiet
        self.absence = absence
    }
}

/// The rules of each tree, by its root's path below the inbox.
package struct TreeMap: Hashable, Sendable {
    private let trees: [FileName: TreeRules]

    package init(_ trees: [FileName: TreeRules] = [:]) { self.trees = trees }

    /// Of the innermost tree that holds a folder; nil where no rules were given.
    package func quiet(in folder: FileName) -> Duration? {
        if trees.count <= 1 { return trees[""]?.quiet }
        return folder.wayDown.reversed().lazy.compactMap { trees[$0] }.first?.quiet
    }

    /// Why a folder cannot be looked at: its own tree is away, or one on the way to it.
    package func absence(of folder: FileName) -> String? {
        if trees.count <= 1 { return trees[""]?.absence }
        return folder.wayDown.lazy.compactMap { trees[$0]?.absence }.first
    }
}
