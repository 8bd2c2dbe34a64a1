import Jobs

extension ModelCard {
    /// The vendor's rules that go beyond the schema and need no picture.
    func checkRules(on parameters: [String: JSONValue], _ check: inout SchemaCheck) {
        checkExclusion(parameters, &check)
        checkCamera(parameters, &check)
    }

    /// What to tell about settings that may be sent but may not do what they say.
    package func warnings(_ settings: DropSettings) -> [String] {
        (contents.warnings ?? []).filter { $0.keys.contains { isUsed(settings.parameters[$0]) } }.map(\.text)
    }

    /// An empty list asks for nothing.
    private func isUsed(_ value: JSONValue?) -> Bool { value != nil && value != .null && value != [] }

    private func checkExclusion(_ parameters: [String: JSONValue], _ check: inout SchemaCheck) {
        let used = (contents.exclusive ?? []).compactMap { group -> [String]? in
            let keys = group.filter { isUsed(parameters[$0]) }
            return keys.isEmpty ? nil : keys
        }
        guard used.count > 1, let last = used.last?.last else { return }
        let names = used.joined().map { key in
            let file = check.file([.key(key)])
            return file == check.file([.key(last)]) ? key : "\(key) (from \(file))"
        }
        let list = names.dropLast().joined(separator: ", ") + " and " + (names.last ?? last)
        let groups = used.map { $0.joined(separator: " with ") }.joined(separator: ", or ")
        check.report([.key(last)], nil, "\(list) exclude one another (\(contents.vendor))", "Keep only \(groups).")
    }

    private func checkCamera(_ parameters: [String: JSONValue], _ check: inout SchemaCheck) {
        guard let rule = contents.camera, let camera = parameters[rule.key], camera.objectValue != nil else { return }
        let place: JSONPointer = [.key(rule.key)]
        let moves = camera[rule.moves]
        guard let type = camera[rule.type] else {
            let remedy =
                moves == nil
                ? "Add \"\(rule.type)\", or leave \(rule.key) out."
                : "Add \"\(rule.type)\": \"\(rule.freeType)\" beside \(rule.moves)."
            check.report(place + .key(rule.type), nil, "the key \(rule.type) is missing", remedy)
            return
        }
        let movesPlace = place + .key(rule.moves)
        guard type.stringValue == rule.freeType else {
            // A type that does not exist was told already, and whether it were a preset nobody can say.
            let presets = requestSchema.properties[rule.key]?.properties[rule.type]?.allowedValues ?? []
            if let moves, presets.contains(type) {
                check.report(
                    movesPlace, moves.excerpt,
                    "the type \(type.text) is a preset move and takes no \(rule.moves) (\(contents.vendor))",
                    "Remove \(rule.moves), or write \"\(rule.type)\": \"\(rule.freeType)\".")
            }
            return
        }
        let amounts = moves?.objectValue ?? [:]
        // A config or an amount of a wrong type was told already.
        guard moves == nil || moves?.objectValue != nil, amounts.values.allSatisfy({ $0.doubleValue != nil }) else {
            return
        }
        let moving = amounts.filter { $0.value.doubleValue != 0 }.keys.sorted()
        guard moving.count != 1 else { return }
        let axes = requestSchema.properties[rule.key]?.properties[rule.moves]?.properties.keys.sorted() ?? []
        check.report(
            movesPlace, moves?.excerpt,
            "the type \"\(rule.freeType)\" needs a \(rule.moves) with exactly one value that is not 0"
                + " (\(contents.vendor)); here are \(moving.count)",
            moving.isEmpty
                ? "Set one of \(axes.joined(separator: ", "))."
                : "Keep one of \(moving.joined(separator: ", ")) and remove the others.")
    }
}
