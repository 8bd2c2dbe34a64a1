import Catalog
import Foundation
import Jobs
import SystemPackage
import Yams

/// A setting as somebody wrote it, and where.
struct ConfiguredValue {
    let text: String
    let place: String
    /// What a relative path is relative to.
    let base: FilePath
}

/// The configuration's three layers: file, then environment, then options; the later wins.
struct ConfigurationSources {
    private var values: [ConfigurationKey: ConfiguredValue] = [:]
    /// What stands under `budget.folders`, by the folder's name.
    private(set) var folderBudgets: [FileName: FolderBudget] = [:]

    /// What stands under `inboxes`, and where; nil where there is no such list.
    private(set) var inboxes: (list: [InboxSettings], place: String)?

    subscript(key: ConfigurationKey) -> ConfiguredValue? { values[key] }

    /// - Parameter options: what the command line gave, by key, with the option's name.
    init(
        file: FilePath?, environment: [String: String], options: [ConfigurationKey: (option: String, value: String)],
        workingFolder: FilePath
    ) throws {
        if let file { try readFile(file, workingFolder: workingFolder) }
        try readEnvironment(environment, workingFolder: workingFolder)
        // Said on the command line, one inbox is meant, whatever stands in the file.
        if options[.inbox] != nil || options[.outbox] != nil { inboxes = nil }
        for (key, given) in options {
            values[key] = ConfiguredValue(text: given.value, place: given.option, base: workingFolder)
        }
    }

    private mutating func readFile(_ file: FilePath, workingFolder: FilePath) throws {
        let path = workingFolder.pushing(file)
        let text: String
        do {
            text = try String(contentsOfFile: path.string, encoding: .utf8)
        } catch {
            throw ConfigurationError(
                place: file.string, key: "--config", value: nil, rule: "this file cannot be read",
                remedy: "Check its name and permissions, or make one with: hotreel init DIR")
        }
        let node: Node?
        do {
            node = try Yams.compose(yaml: text)
        } catch {
            throw ConfigurationError(
                place: file.string, key: "the file", value: nil, rule: "it is not well-formed YAML: \(error)",
                remedy: "Correct it; `key: value` on each line, two spaces before keys of a group.")
        }
        guard let node, node.tag.rawValue != "tag:yaml.org,2002:null" else { return }
        try read(node, prefix: "", file: file, base: path.removingLastComponent())
    }

    private mutating func read(_ node: Node, prefix: String, file: FilePath, base: FilePath) throws {
        let place = "\(file) line \(node.mark?.line ?? 1)"
        if prefix == InboxSettings.group {
            if node.null == nil { inboxes = (try InboxListReader(file: file, base: base).read(node), place) }
            return
        }
        switch node {
        case .mapping(let mapping):
            if prefix == FolderBudget.group { return try readFolderBudgets(mapping, file: file, base: base) }
            for (key, value) in mapping {
                let name = key.string ?? ""
                try read(value, prefix: prefix.isEmpty ? name : "\(prefix).\(name)", file: file, base: base)
            }
        case .scalar(let scalar):
            // Nothing after the colon: the default, or a group all of whose keys are commented out.
            let isEmpty = scalar.string.isEmpty || node.null != nil
            if isEmpty, prefix == FolderBudget.group { return }
            if isEmpty, ConfigurationKey.allCases.contains(where: { $0.rawValue.hasPrefix(prefix + ".") }) { return }
            let key = try Self.key(prefix, place: place)
            if !isEmpty { values[key] = ConfiguredValue(text: scalar.string, place: place, base: base) }
        case .sequence, .alias:
            let isGroup = ConfigurationKey.allCases.contains { $0.rawValue.hasPrefix(prefix + ".") }
            if !prefix.isEmpty, !isGroup { _ = try Self.key(prefix, place: place) }
            throw ConfigurationError(
                place: place, key: prefix.isEmpty ? "the file" : prefix, value: nil,
                rule: "a single value or a group of keys belongs here",
                remedy: "See the configuration reference in the README.")
        }
    }

    private mutating func readFolderBudgets(_ folders: Node.Mapping, file: FilePath, base: FilePath) throws {
        for (folder, budget) in folders {
            let name = folder.string ?? ""
            let group = "\(FolderBudget.group).\(name)"
            let place = "\(file) line \(folder.mark?.line ?? 1)"
            guard !name.isEmpty, !name.contains("/") else {
                throw ConfigurationError(
                    place: place, key: group, value: nil,
                    rule: "a budget is for a folder that lies directly in the inbox",
                    remedy: "Write the folder's name only; it counts for everything below it.")
            }
            guard case .mapping(let limits) = budget else {
                throw ConfigurationError(
                    place: place, key: group, value: budget.string, rule: "here stand dailyCredits and monthlyCredits",
                    remedy: "Write them below the folder's name, two spaces further in.")
            }
            folderBudgets[FileName(name)] = FolderBudget(
                group: group, values: try Self.limits(limits, file: file, base: base))
        }
    }

    /// What stands below a budget's name.
    static func limits(
        _ limits: Node.Mapping, file: FilePath, base: FilePath
    ) throws -> [String: ConfiguredValue] {
        var values: [String: ConfiguredValue] = [:]
        for (key, value) in limits {
            let (limit, place) = (key.string ?? "", "\(file) line \(key.mark?.line ?? 1)")
            guard FolderBudget.limits.contains(limit) else {
                throw unknown(limit, among: FolderBudget.limits, place: place)
            }
            if let text = value.string, !text.isEmpty {
                values[limit] = ConfiguredValue(text: text, place: place, base: base)
            }
        }
        return values
    }

    private mutating func readEnvironment(_ environment: [String: String], workingFolder: FilePath) throws {
        let known = Dictionary(uniqueKeysWithValues: ConfigurationKey.allCases.map { ($0.environmentName, $0) })
        for (name, text) in environment where name.hasPrefix("HOTREEL_") && name != CrashPoint.variable {
            if let key = known[name] {
                values[key] = ConfiguredValue(text: text, place: name, base: workingFolder)
            } else {
                throw Self.unknown(name, among: Array(known.keys), place: "environment")
            }
        }
    }

    private static func key(_ name: String, place: String) throws -> ConfigurationKey {
        if let key = ConfigurationKey(rawValue: name) { return key }
        if let feature = ConfigurationKey.notYet[name] {
            throw ConfigurationError(
                place: place, key: name, value: nil, rule: "this version does not have \(feature) yet",
                remedy: "Take the key out; it would promise what nobody keeps.")
        }
        throw unknown(
            name, among: ConfigurationKey.allCases.map(\.rawValue) + [InboxSettings.group], place: place)
    }

    static func unknown(_ name: String, among known: [String], place: String) -> ConfigurationError {
        let suggestion = nearestName(to: name, among: known).map { "Did you mean \($0)?" }
        return ConfigurationError(
            place: place, key: name, value: nil, rule: "there is no such setting",
            remedy: suggestion ?? "See the configuration reference in the README.")
    }
}
