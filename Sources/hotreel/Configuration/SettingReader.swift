import Folders
import Foundation
import SystemPackage

/// Reads one setting at a time; what is wrong with it is told with its place, value, rule and remedy.
struct SettingReader {
    let sources: ConfigurationSources

    private func text(_ key: ConfigurationKey) -> String { sources[key]?.text ?? key.fallback ?? "" }

    private func error(_ key: ConfigurationKey, _ rule: String, _ remedy: String) -> ConfigurationError {
        ConfigurationError(
            place: sources[key]?.place ?? "default", key: key.rawValue, value: sources[key]?.text, rule: rule,
            remedy: remedy)
    }

    /// An absolute path; relative ones are relative to the file they stand in, else to the working folder.
    func path(_ key: ConfigurationKey) -> FilePath? {
        sources[key].map { $0.base.pushing(FilePath($0.text)).lexicallyNormalized() }
    }

    func folder(_ key: ConfigurationKey) throws -> FilePath {
        if let path = path(key) { return path }
        throw ConfigurationError(
            place: "nowhere set", key: key.rawValue, value: nil, rule: "Hotreel must know this folder",
            remedy: "Give --config FILE or --\(key.rawValue) DIR; hotreel init DIR makes the folders and the file.")
    }

    /// `500ms`, `2s`, `15m`, `1h`, `2d`; a bare 0 needs no unit.
    func duration(_ key: ConfigurationKey, atLeast least: Duration = .zero) throws -> Duration {
        let written = text(key)
        guard let duration = Self.duration(written) else {
            throw error(key, "this is not a duration", "Write a number and ms, s, m, h or d, such as 500ms or 15m.")
        }
        guard duration >= least else { throw error(key, "it must be at least \(least)", "Write a longer duration.") }
        return duration
    }

    /// A duration; nil for `auto`.
    func durationOrAuto(_ key: ConfigurationKey) throws -> Duration? { text(key) == "auto" ? nil : try duration(key) }

    static func duration(_ text: String) -> Duration? {
        let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        guard let number = Double(digits), number.isFinite else { return nil }
        switch text.dropFirst(digits.count).trimmingCharacters(in: .whitespaces) {
        case "ms": return .seconds(number / 1000)
        case "s": return .seconds(number)
        case "m": return .seconds(number * 60)
        case "h": return .seconds(number * 3600)
        case "d": return .seconds(number * 86_400)
        case "" where number == 0: return .zero
        default: return nil
        }
    }

    func number(_ key: ConfigurationKey, in range: ClosedRange<Int>) throws -> Int {
        guard let number = Int(text(key)), range.contains(number) else {
            throw error(key, "it must be a whole number from \(range.lowerBound) to \(range.upperBound)", "Correct it.")
        }
        return number
    }

    /// `delivery.mode` and `delivery.group`.
    func permissions() throws -> SharePermissions {
        let mode = text(.deliveryMode)
        guard (3...4).contains(mode.count), let bits = UInt32(mode, radix: 8), bits & ~0o666 == 0 else {
            throw error(
                .deliveryMode, "these are no rights of files: three octal digits of 4 (read) and 2 (write)",
                "Write 0664 for what the group may change, 0644 for what it may only read, 0660 for what nobody else sees."
            )
        }
        guard bits & 0o600 == 0o600 else {
            throw error(.deliveryMode, "Hotreel itself must be able to read and write", "Let it begin with 06.")
        }
        guard let name = sources[.deliveryGroup]?.text else { return SharePermissions(files: bits) }
        guard let group = SharePermissions.group(named: name) else {
            throw error(
                .deliveryGroup, "this machine knows no group of that name", "Make it (groupadd), or correct the name.")
        }
        return SharePermissions(files: bits, group: group)
    }

    func rate(_ key: ConfigurationKey) throws -> Double {
        guard let rate = Double(text(key)), rate.isFinite, rate > 0 else {
            throw error(key, "it must be a number above 0", "Write how many a second, such as 5 or 0.2.")
        }
        return rate
    }

    /// A number of credits; nil where none is set.
    func credits(_ key: ConfigurationKey) throws -> Double? {
        try sources[key].map { try Self.credits($0, key: key.rawValue) }
    }

    /// Underscores and commas between digits are for people: `5_000_000`.
    static func credits(_ value: ConfiguredValue, key: String) throws -> Double {
        let digits = value.text.filter { $0 != "_" && $0 != "," }
        guard let credits = Double(digits), credits.isFinite, credits >= 0 else {
            throw ConfigurationError(
                place: value.place, key: key, value: value.text, rule: "it must be a number of credits, 0 or more",
                remedy: "Write digits, such as 5_000_000. 1 USD is 2,000,000 credits.")
        }
        return credits
    }

    static func isLoopback(_ host: String) -> Bool {
        host == "localhost" || host == "::1" || host == "[::1]" || host.hasPrefix("127.")
    }

    func choice(_ key: ConfigurationKey, of choices: [String], remedy: String? = nil) throws -> String {
        let written = text(key)
        guard choices.contains(written) else {
            throw error(key, "it must be \(choices.joined(separator: " or "))", remedy ?? "Choose one of them.")
        }
        return written
    }

    func oneOf<Choice: RawRepresentable & CaseIterable>(_ key: ConfigurationKey) throws -> Choice
    where Choice.RawValue == String {
        let written = try choice(key, of: Choice.allCases.map(\.rawValue))
        guard let choice = Choice(rawValue: written) else { throw error(key, "it is not known", "Choose another.") }
        return choice
    }

    func api() throws -> Settings.API {
        let written = text(.apiURL)
        if written == "local" { return .local }
        guard let url = URL(string: written), let host = url.host(), ["http", "https"].contains(url.scheme) else {
            throw error(
                .apiURL, "this is not a web address", "Write https://api.aimlapi.com, or local for the stand-in.")
        }
        guard url.scheme == "https" || Self.isLoopback(host) else {
            throw error(.apiURL, "the API key must not travel unencrypted", "Write https:// instead of http://.")
        }
        return .remote(url)
    }
}
