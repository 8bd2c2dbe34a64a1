import Jobs

/// The budget of one top-level folder of the inbox, as it stands in the configuration file under `budget.folders`, or of one of
/// several inboxes.
struct FolderBudget {
    static let group = "budget.folders"
    static let limits = ["dailyCredits", "monthlyCredits"]

    /// What its limits' names are told with: `budget.folders.portraits`.
    let group: String
    let values: [String: ConfiguredValue]

    func budget() throws -> Budget {
        func credits(_ limit: String) throws -> Double? {
            try values[limit].map { try SettingReader.credits($0, key: "\(group).\(limit)") }
        }
        return Budget(daily: try credits(Self.limits[0]), monthly: try credits(Self.limits[1]))
    }
}
