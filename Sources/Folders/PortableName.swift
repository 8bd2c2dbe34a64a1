import Foundation
import Jobs

/// The rule by which every name in the outbox becomes one that Windows can show too. A share shows what it cannot as `SHOT~4F2.PNG`,
/// which nobody can read.
///
/// - Each of `< > : " / \ | ? *` and each control character becomes `_`.
/// - So does each dot and space at the end of a name, and of what stands before its suffix: `take 2..png` is `take 2__.png`.
/// - A name that Windows keeps for a device gets `_` after it, whatever suffix follows: `con.png` is `con_.png`.
///
/// It holds for folders, videos, receipts, reports and the sources that are put away or given back. A picture and its sidecar
/// are changed alike, so that they are still a pair when they are dragged back. Letters, case and accents stay as they came, and so
/// do bytes that are not UTF-8.
///
/// Source: Microsoft, “Naming Files, Paths, and Namespaces”.
package enum PortableName {
    private static let forbidden = Set("<>:\"/\\|?*".utf8)
    private static let devices: Set<String> = {
        let digits = (1...9).map(String.init) + ["¹", "²", "³"]
        return Set(
            ["con", "prn", "aux", "nul", "conin$", "conout$", "clock$"] + digits.flatMap { ["com\($0)", "lpt\($0)"] })
    }()

    /// A name without its suffix.
    package static func stem(_ stem: String) -> String { FileName(bytes: portable(stem: Array(stem.utf8))).text }

    /// A file's name, without the folders on its way.
    static func file(_ name: FileName) -> FileName {
        let (stem, suffix) = NameRules.split(name)
        return FileName(bytes: portable(stem: stem) + withoutTrailing(replaced(suffix)))
    }

    /// A folder's path, each of its parts by itself.
    package static func folder(_ path: FileName) -> FileName {
        path.bytes.split(separator: UInt8(ascii: "/")).reduce("") {
            $0.appending(FileName(bytes: portable(stem: Array($1))))
        }
    }

    private static func portable(stem: [UInt8]) -> [UInt8] { awayFromDevices(withoutTrailing(replaced(stem))) }

    private static func replaced(_ bytes: [UInt8]) -> [UInt8] {
        bytes.map { $0 < 0x20 || $0 == 0x7F || forbidden.contains($0) ? UInt8(ascii: "_") : $0 }
    }

    private static func withoutTrailing(_ bytes: [UInt8]) -> [UInt8] {
        let kept = bytes.count - bytes.reversed().prefix { $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: " ") }.count
        return bytes.prefix(kept) + Array(repeating: UInt8(ascii: "_"), count: bytes.count - kept)
    }

    private static func awayFromDevices(_ bytes: [UInt8]) -> [UInt8] {
        var base = bytes.prefix { $0 != UInt8(ascii: ".") }
        while base.last == UInt8(ascii: " ") { base.removeLast() }
        guard devices.contains(FileName(bytes: Array(base)).folded) else { return bytes }
        return base + [UInt8(ascii: "_")] + bytes.dropFirst(base.count)
    }
}

extension NameRules {
    /// A file's name as its stem and all that follows it, byte for byte.
    static func split(_ name: FileName) -> (stem: [UInt8], suffix: [UInt8]) {
        let (text, stem) = (name.text, stem(of: name))
        // A name that is not UTF-8 is shown with a character for each byte.
        let isUTF8 = text.utf8.count == name.bytes.count
        let suffix = isUTF8 ? text.utf8.count - stem.utf8.count : text.unicodeScalars.count - stem.unicodeScalars.count
        return (Array(name.bytes.dropLast(suffix)), Array(name.bytes.suffix(suffix)))
    }
}
