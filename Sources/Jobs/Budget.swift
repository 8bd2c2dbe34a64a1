import Foundation

/// The most that may be spent, in credits; nil where nothing is set.
package struct Budget: Hashable, Sendable {
    package var daily: Double?
    package var monthly: Double?

    package init(daily: Double? = nil, monthly: Double? = nil) {
        self.daily = daily
        self.monthly = monthly
    }

    package var isUnlimited: Bool { daily == nil && monthly == nil }
}

/// The budget of all drops together, those of single inboxes, and those of single top-level folders, which count for the folders
/// of that name in all inboxes together.
package struct Budgets: Hashable, Sendable {
    package var overall: Budget
    package var folders: [FileName: Budget]
    package var inboxes: [InboxName: Budget]

    package init(
        overall: Budget = Budget(), folders: [FileName: Budget] = [:], inboxes: [InboxName: Budget] = [:]
    ) {
        self.overall = overall
        self.folders = folders
        self.inboxes = inboxes
    }

    package var isUnlimited: Bool {
        overall.isUnlimited && folders.values.allSatisfy(\.isUnlimited) && inboxes.values.allSatisfy(\.isUnlimited)
    }

    /// What has been spent, and is being spent, on this day and in this month.
    package struct Spent: Sendable {
        package let today: [FolderSpend]
        package let month: [FolderSpend]
        /// When the next day and the next month begin, by the server's calendar.
        package let nextDay: Date
        package let nextMonth: Date

        package init(today: [FolderSpend], month: [FolderSpend], nextDay: Date, nextMonth: Date) {
            self.today = today
            self.month = month
            self.nextDay = nextDay
            self.nextMonth = nextMonth
        }
    }

    /// Whether `price` more credits may be spent for a drop in `folder` of `inbox`; else the hold that says why not and until when.
    ///
    /// Where several limits are in the way, the one that lasts longest is told.
    package func hold(price: Double, folder: FileName, inbox: InboxName = .unnamed, spent: Spent) -> Hold? {
        let top = folder.topLevel
        let named = inboxes[inbox]
        let limits: [(limit: Double?, spent: Double, words: String, until: Date)] = [
            (overall.monthly, spent.month.total.credits, "this month's budget", spent.nextMonth),
            (named?.monthly, spent.month.of(inbox), "this month's budget of the inbox \(inbox)", spent.nextMonth),
            (folders[top]?.monthly, spent.month.of(top), "this month's budget of \(top.shown)", spent.nextMonth),
            (overall.daily, spent.today.total.credits, "today's budget", spent.nextDay),
            (named?.daily, spent.today.of(inbox), "today's budget of the inbox \(inbox)", spent.nextDay),
            (folders[top]?.daily, spent.today.of(top), "today's budget of \(top.shown)", spent.nextDay),
        ]
        for (limit, spent, words, until) in limits {
            guard let limit, spent + price > limit else { continue }
            return Hold(
                reason: .budget, until: until,
                words: "\(words) is \(limit.credits), of which \(spent.credits) are spent or under way; "
                    + "this video is expected to cost \(price.credits)")
        }
        return nil
    }
}

extension Sequence<FolderSpend> {
    fileprivate func of(_ folder: FileName) -> Double { filter { $0.folder == folder }.total.credits }
    fileprivate func of(_ inbox: InboxName) -> Double { filter { $0.inbox == inbox }.total.credits }
}

extension FileName {
    /// The first part of a path; empty for the empty path.
    package var topLevel: FileName { FileName(bytes: Array(bytes.prefix { $0 != UInt8(ascii: "/") })) }
}

extension Double {
    /// `1,250,000 credits`.
    package var credits: String {
        "\(formatted(.number.precision(.fractionLength(0)).locale(Locale(identifier: "en_US")).grouping(.automatic))) credits"
    }
}
