import Foundation
import Jobs

/// The rule by which outputs get their names.
package enum OutputName {
    /// Bytes a name may have, so that ` (99).receipt.json` and a temporary name still fit into the file system's 255.
    private static let limit = 220

    /// A name that can stand in the outbox: control characters become `_`, and a name too long is cut and told apart by six
    /// digits of its hash.
    package static func fitting(_ wish: String) -> String {
        let safe = String(
            String.UnicodeScalarView(
                wish.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F || $0 == "/" ? "_" : $0 }))
        guard safe.utf8.count > limit else { return safe }
        var cut = ""
        for character in safe {
            guard cut.utf8.count + character.utf8.count <= limit - 7 else { break }
            cut.append(character)
        }
        return cut + "~" + FileSystem.hash(of: Array(wish.utf8)).prefix(6)
    }

    /// `shot010_v2` of three, `shot010` of one.
    package static func variation(_ number: Int, of count: Int, name: String) -> String {
        count > 1 ? "\(name)_v\(number)" : name
    }

    /// The n-th choice of a name: itself, then `name (2)`, `name (3)` ….
    package static func choice(_ number: Int, of name: String) -> String {
        number == 1 ? name : "\(name) (\(number))"
    }

    /// A file's name with the choice's number after the stem: `shot010 (2).png.json`.
    package static func choice(_ number: Int, of file: FileName) -> FileName {
        guard number > 1 else { return file }
        let name = file.lastComponent
        let (text, stem) = (name.text, NameRules.stem(of: name))
        // A name that is not UTF-8 is shown with a character for each byte.
        let isUTF8 = text.utf8.count == name.bytes.count
        let suffix = isUTF8 ? text.utf8.count - stem.utf8.count : text.unicodeScalars.count - stem.unicodeScalars.count
        let mark = Array(" (\(number))".utf8)
        var kept = name.bytes.dropLast(suffix).prefix(max(0, 255 - suffix - mark.count))
        while isUTF8, String(validating: kept, as: UTF8.self) == nil { kept = kept.dropLast() }
        let numbered = FileName(bytes: kept + mark + name.bytes.suffix(suffix))
        return file.parent.map { $0.appending(numbered) } ?? numbered
    }
}

extension Drop {
    /// The stem people know the drop by: its sidecar's, else its picture's.
    package var stem: String {
        let named = sources.first { $0.role == .sidecar } ?? sources.first { $0.role == .picture } ?? sources.first
        return named.map { NameRules.stem(of: $0.file.lastComponent) } ?? "drop"
    }
}
