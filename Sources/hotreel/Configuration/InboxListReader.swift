import Catalog
import Jobs
import SystemPackage
import Yams

/// Reads the list under `inboxes`; what is wrong with it is told with its line, rule and remedy.
struct InboxListReader {
    let file: FilePath
    /// What relative paths are relative to.
    let base: FilePath

    func read(_ node: Node) throws -> [InboxSettings] {
        guard case .sequence(let items) = node, !items.isEmpty else {
            throw error(
                node, InboxSettings.group, "here stands a list of inboxes",
                "Write `- name: …` for each, and below it `inbox:` and `outbox:`, two spaces further in.")
        }
        var inboxes: [InboxSettings] = []
        for item in items {
            let inbox = try read(inbox: item)
            let names = inboxes.reduce(into: Set<InboxName>()) { $0.formUnion($1.formerNames.union([$1.name])) }
            if let twice = inbox.formerNames.union([inbox.name]).intersection(names).sorted().first {
                throw error(
                    item, "inboxes.\(inbox.name)", value: twice.rawValue, "there are two inboxes of this name",
                    "Give each a name of its own, that no other had: jobs are known by it for ever.")
            }
            inboxes.append(inbox)
        }
        return inboxes
    }

    private func read(inbox item: Node) throws -> InboxSettings {
        guard case .mapping(let mapping) = item else {
            throw error(
                item, InboxSettings.group, "each inbox is a group of keys", "Write `- name: …` and below it the rest.")
        }
        var values: [String: Node] = [:]
        for (key, value) in mapping {
            let name = key.string ?? ""
            guard InboxSettings.keys.contains(name) else {
                throw ConfigurationSources.unknown(name, among: InboxSettings.keys, place: place(key))
            }
            values[name] = value
        }
        let name = try name(values["name"], of: item)
        var settings = InboxSettings(
            name: name, inbox: try folder("inbox", of: name, values, item),
            outbox: try folder("outbox", of: name, values, item))
        if let former = values["formerly"] { settings.formerNames = try formerNames(former, of: name) }
        if let defaults = values["defaults"], defaults.null == nil {
            settings.defaults = try self.defaults(defaults, of: name)
        }
        if let budget = values["budget"], budget.null == nil { settings.budget = try self.budget(budget, of: name) }
        return settings
    }

    private func name(_ node: Node?, of item: Node) throws -> InboxName {
        guard let name = node?.string.flatMap(InboxName.init(given:)) else {
            throw error(
                node ?? item, "inboxes.name", value: node?.string,
                "each inbox needs a name of 1 to 64 letters a–z, digits, dots, underscores and hyphens",
                "Write `name: commercials`; jobs are known by it for ever.")
        }
        return name
    }

    /// One name or a list of them; an empty one stands for the time before inboxes had names.
    private func formerNames(_ node: Node, of name: InboxName) throws -> Set<InboxName> {
        let nodes: [Node]
        if case .sequence(let items) = node { nodes = Array(items) } else { nodes = [node] }
        return Set(
            try nodes.map { node in
                let text = node.null == nil ? node.string : ""
                guard let text, let former = text.isEmpty ? .unnamed : InboxName(given: text) else {
                    throw error(
                        node, "inboxes.\(name).formerly", value: node.string, "this was never the name of an inbox",
                        "Write the name it had, or \"\" where it was the one inbox without a name.")
                }
                return former
            })
    }

    private func folder(
        _ key: String, of name: InboxName, _ values: [String: Node], _ item: Node
    ) throws -> FilePath {
        guard let text = values[key]?.string, !text.isEmpty else {
            throw error(
                values[key] ?? item, "inboxes.\(name).\(key)", "each inbox has an inbox and an outbox of its own",
                "Write `\(key): DIR` below its name.")
        }
        return base.pushing(FilePath(text)).lexicallyNormalized()
    }

    private func defaults(_ node: Node, of name: InboxName) throws -> SettingsLayer {
        let key = "inboxes.\(name).defaults"
        guard case .mapping = node, case .object(let values) = try json(node, key) else {
            throw error(node, key, "here stand keys of a sidecar", "Write them as in _hotreel.json, one on each line.")
        }
        let layer = SettingsLayer(file: "defaults of the inbox \(name)", values: values)
        let (settings, problems) = try Catalog.bundled().settings(from: [layer])
        if let problem = problems.first {
            throw error(
                node, [key, problem.key].compactMap(\.self).joined(separator: "."), value: problem.value, problem.rule,
                problem.remedy)
        }
        if let reference = settings.references.first {
            throw error(
                node, "\(key).\(reference.pointer)", value: reference.path,
                "a file cannot be named here, because it would have to be in the inbox",
                "Name it in a _hotreel.json in the inbox, beside the file.")
        }
        return layer
    }

    private func budget(_ node: Node, of name: InboxName) throws -> Budget {
        let key = "inboxes.\(name).budget"
        guard case .mapping(let limits) = node else {
            throw error(
                node, key, "here stand dailyCredits and monthlyCredits", "Write them below it, two spaces further in.")
        }
        return try FolderBudget(
            group: key, values: ConfigurationSources.limits(limits, file: file, base: base)
        ).budget()
    }

    /// YAML as the JSON it stands for.
    private func json(_ node: Node, _ key: String) throws -> JSONValue {
        switch node {
        case .mapping(let mapping):
            var object: [String: JSONValue] = [:]
            for (name, value) in mapping { object[name.string ?? ""] = try json(value, key) }
            return .object(object)
        case .sequence(let items): return .array(try items.map { try json($0, key) })
        case .scalar:
            if node.tag.rawValue == "tag:yaml.org,2002:str" { return .string(node.string ?? "") }
            if node.null != nil { return .null }
            if let bool = node.bool { return .bool(bool) }
            if let integer = node.int { return .integer(integer) }
            if let number = node.float, number.isFinite { return .number(number) }
            return .string(node.string ?? "")
        case .alias: throw error(node, key, "YAML aliases are not followed here", "Write the value itself.")
        }
    }

    private func place(_ node: Node) -> String { "\(file) line \(node.mark?.line ?? 1)" }

    private func error(
        _ node: Node, _ key: String, value: String? = nil, _ rule: String, _ remedy: String
    ) -> ConfigurationError {
        ConfigurationError(place: place(node), key: key, value: value, rule: rule, remedy: remedy)
    }
}
