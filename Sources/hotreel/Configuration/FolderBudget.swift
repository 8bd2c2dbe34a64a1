import Jobs

/// The budget of one top-level folder of the inbox, as it stands in the configuration file under `budget.folders`.
struct FolderBudget {
    static let group = "budget.folders"
    static let limits = ["dailyCredits", "monthlyCredits"]

    let name: String
    let values: [String: ConfiguredValue]

    func budget() throws -> Budget {
        func credits(_ limit: String) throws -> Double? {
            try values[limit].map { try SettingReader.credits($0, key: "\(Self.group).\(name).\(limit)") }
        }
        return Budget(daily: try credits(Self.limits[0]), monthly: try credits(Self.limits[1]))
    }
}
