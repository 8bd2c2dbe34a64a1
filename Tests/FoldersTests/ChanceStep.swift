import Folders
import Jobs
import TestKit

/// One thing that happens in a story of chance. Each can be told without those before it, so that a story can be shortened.
indirect enum ChanceStep: Sendable {
    /// Into the file of that name, whole.
    case write(InboxPath, PairingScenario.Content)
    /// Written elsewhere and renamed.
    case replace(InboxPath, PairingScenario.Content)
    /// A program begins to write, or goes on, and holds the file open. The size may be the final one from the start.
    case begin(InboxPath, size: Int64)
    /// The rest comes.
    case finish(InboxPath, PairingScenario.Content)
    /// The program goes away, and the file stays as it is.
    case cutOff(InboxPath)
    case touch(InboxPath, modified: Int64)
    case chmod(InboxPath)
    case rename(InboxPath, InboxPath)
    case link(InboxPath, InboxPath)
    case delete(InboxPath)
    case moveFolder(FileName, FileName)
    case deleteFolder(FileName)
    case setClock(hours: Int64)
    /// Time in which the intake does what is due in its moment.
    case pass(tenths: Int)
    /// Time in which the intake comes to nothing.
    case stall(tenths: Int)
    case listing
    /// The queue ran over: what was told is lost, but not that something was.
    case overflow
    /// What was told is lost, and nobody knows.
    case loss
    /// Happens between a decision and the claim.
    case race(ChanceStep)
    /// Something keeps drops from being claimed, or no longer does.
    case obstacle(Bool)
}

extension ChanceStep {
    /// A story in a small part of the world, so that its files meet.
    static func story(_ chance: inout SeededChance) -> [ChanceStep] {
        let stage = Stage(&chance)
        return (0..<Int.random(in: 10...60, using: &chance)).map { _ in stage.step(&chance) }
    }

    private struct Stage {
        let folders: [FileName]
        let names: [FileName]

        init(_ chance: inout SeededChance) {
            let (folders, names, count) = (
                ["", "a", "A", "a/b", "masks", "\u{E1}", "a\u{301}"] as [FileName],
                [
                    "shot.png", "Shot.PNG", "shot.jpg", "shot.txt", "b.png", "still.png", "Still.PNG", "end.png",
                    FileName(bytes: [0x66, 0xE9] + Array(".png".utf8)),
                ] as [FileName], Int.random(in: 1...3, using: &chance)
            )
            self.folders = (0..<count).compactMap { _ in folders.randomElement(using: &chance) }
            let pictures = (0..<Int.random(in: 1...3, using: &chance)).compactMap { _ in
                names.randomElement(using: &chance)
            }
            let others =
                [
                    "shot.json", "shot.json", "Shot.Json", "shot.png.json", "b.json", "b.json", "end.json",
                    "still.json", FileName(bytes: [0x66, 0xE9] + Array(".json".utf8)),
                ] as [FileName]
            let sidecars = (0..<Int.random(in: 1...3, using: &chance)).compactMap { _ in
                others.randomElement(using: &chance)
            }
            var rest: [FileName] = []
            if chance.once(in: 3) { rest.append(FileName(NameRules.defaults)) }
            if chance.once(in: 3) { rest += [".shot.png", "shot.png.part", "~$shot.json", "shot.error.txt"] }
            self.names = pictures + sidecars + rest
        }

        func path(_ chance: inout SeededChance) -> InboxPath {
            InboxPath(
                folder: folders.randomElement(using: &chance) ?? "", name: names.randomElement(using: &chance) ?? "")
        }

        func folder(_ chance: inout SeededChance) -> FileName {
            (folders + ["a", "A", "old"]).randomElement(using: &chance) ?? ""
        }

        func content(_ path: InboxPath, _ chance: inout SeededChance) -> PairingScenario.Content {
            if chance.once(in: 12) { return .broken }
            if chance.once(in: 12) { return .cut }
            guard NameRules.isSidecar(path.name) || NameRules.isDefaults(path.name) else {
                return chance.once(in: 12) ? .picture(299, 720) : .picture()
            }
            var values: [String: JSONValue] = ["prompt": "pan"]
            let pictures = names.filter { NameRules.hasPictureSuffix($0) && !NameRules.isLitter($0) }
            func reference() -> JSONValue {
                let name = pictures.randomElement(using: &chance)?.text ?? "end.png"
                let folder = chance.once(in: 3) ? ["a/", "A/", "masks/", "b/"].randomElement(using: &chance) ?? "" : ""
                return .string(folder + (chance.once(in: 4) ? name.uppercased() : name))
            }
            switch Int.random(in: 0..<12, using: &chance) {
            case 0..<2: values["tail_image_url"] = reference()
            case 2..<4: values["static_mask"] = reference()
            case 4: values["image_url"] = reference()
            case 5: values["image_url"] = "https://example.com/a.png"
            case 6: values["promt"] = "pan"
            case 7: values["tail_image_url"] = "end.json"
            default: break
            }
            return .sidecar(values)
        }

        func change(_ chance: inout SeededChance) -> ChanceStep {
            let (path, other) = (path(&chance), path(&chance))
            switch Int.random(in: 0..<100, using: &chance) {
            case ..<38: return .write(path, content(path, &chance))
            case ..<48: return .replace(path, content(path, &chance))
            case ..<58: return .begin(path, size: [0, 500, 1000].randomElement(using: &chance) ?? 0)
            case ..<66: return .finish(path, content(path, &chance))
            case ..<70: return .cutOff(path)
            case ..<74: return .touch(path, modified: Int64.random(in: -3...3, using: &chance))
            case ..<77: return .chmod(path)
            case ..<84: return .rename(path, other)
            case ..<87: return .link(path, other)
            case ..<93: return .delete(path)
            case ..<97: return .moveFolder(folder(&chance), folder(&chance))
            default: return .deleteFolder(folder(&chance))
            }
        }

        func step(_ chance: inout SeededChance) -> ChanceStep {
            switch Int.random(in: 0..<100, using: &chance) {
            case ..<58: return change(&chance)
            case ..<80:
                return .pass(tenths: [0, 1, 5, 10, 11, 20, 21, 55, 100, 700].randomElement(using: &chance) ?? 1)
            case ..<84: return .stall(tenths: [1, 9, 10, 30, 60, 700].randomElement(using: &chance) ?? 1)
            case ..<88: return .listing
            case ..<90: return .overflow
            case ..<94: return .loss
            case ..<97: return .race(change(&chance))
            case ..<98: return .setClock(hours: [-1, 1, -87_600, 87_600].randomElement(using: &chance) ?? 1)
            default: return .obstacle(chance.once(in: 3))
            }
        }
    }
}
