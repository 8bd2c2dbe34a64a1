import Foundation
import Jobs

/// The rule by which outputs get their names: as wished where every client can show it (`PortableName`), not too long, and never one
/// that is taken.
package enum OutputName {
    /// Bytes a name may have, so that ` (99).receipt.json` and a temporary name still fit into the file system's 255.
    private static let limit = 220
    /// Bytes of a file's name that are left to its suffix where something is added before it: `.jpeg.json`. The same for all, so that a
    /// picture and its sidecar are cut alike.
    private static let roomForSuffix = 12

    /// A name that can stand in the outbox: one that Windows can show, and where it is too long, cut and told apart by six
    /// digits of its hash.
    package static func fitting(_ wish: String) -> String {
        let safe = PortableName.stem(wish)
        guard safe.utf8.count > limit else { return safe }
        var cut = ""
        for character in safe {
            guard cut.utf8.count + character.utf8.count <= limit - 7 else { break }
            cut.append(character)
        }
        return cut + "~" + FileSystem.hash(of: Array(wish.utf8)).prefix(6)
    }

    /// For people, what is called otherwise in the outbox than it was dropped, and why.
    package static func changes(of wish: String, in folder: FileName) -> [String] {
        var notes: [String] = []
        let (safe, name) = (PortableName.stem(wish), fitting(wish))
        if safe != wish {
            notes.append(
                "Windows cannot show a file named \"\(FileName(wish).shown)\"; in the outbox it is called \"\(name)\"")
        } else if name != wish {
            notes.append("the name is too long for all that is added to it; in the outbox it is called \"\(name)\"")
        }
        let place = PortableName.folder(folder)
        if place != folder {
            notes.append(
                "Windows cannot show a folder named \"\(folder.shown)\"; in the outbox it is \"\(place.shown)\"")
        }
        return notes
    }

    /// `shot010_v2` of three, `shot010` of one.
    package static func variation(_ number: Int, of count: Int, name: String) -> String {
        count > 1 ? "\(name)_v\(number)" : name
    }

    /// The n-th choice of a name: itself, then `name (2)`, `name (3)` ….
    package static func choice(_ number: Int, of name: String) -> String {
        number == 1 ? name : "\(name) (\(number))"
    }

    /// A file's name in the outbox, with the choice's number after the stem: `shot010 (2).png.json`.
    package static func choice(_ number: Int, of file: FileName) -> FileName {
        let name = PortableName.file(file.lastComponent)
        let folder = PortableName.folder(file.parent ?? "")
        guard number > 1 || name != file.lastComponent else { return folder.appending(name) }
        var (stem, suffix) = NameRules.split(name)
        let mark = number > 1 ? Array(" (\(number))".utf8) : []
        let isUTF8 = String(validating: stem, as: UTF8.self) != nil
        stem = Array(stem.prefix(max(0, 255 - max(suffix.count, roomForSuffix) - mark.count)))
        while isUTF8, String(validating: stem, as: UTF8.self) == nil { stem.removeLast() }
        return folder.appending(FileName(bytes: stem + mark + suffix))
    }
}

extension Drop {
    /// The stem people know the drop by: its sidecar's, else its picture's.
    package var stem: String {
        let named = sources.first { $0.role == .sidecar } ?? sources.first { $0.role == .picture } ?? sources.first
        return named.map { NameRules.stem(of: $0.file.lastComponent) } ?? "drop"
    }
}
