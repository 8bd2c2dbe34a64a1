import Foundation
import Jobs

/// What a file's name alone says about it.
package enum NameRules {
    /// Folder defaults.
    package static let defaults = "_hotreel.json"
    /// Hotreel's own folder in the inbox.
    package static let claims: FileName = ".hotreel"

    /// Suffixes by which a picture is known before it is opened. Its content decides what it really is.
    private static let pictureSuffixes: Set<String> = [
        "png", "jpg", "jpeg", "jpe", "jfif", "webp", "tif", "tiff", "bmp", "dib", "gif", "heic", "heif", "avif", "jp2",
        "exr", "hdr", "tga", "psd", "dng", "ppm", "pgm", "pnm", "svg",
    ]
    private static let temporarySuffixes = [
        ".tmp", ".part", ".partial", ".crdownload", ".download", ".filepart", ".aria2", ".lock", ".bak", ".upload",
        ".swp", "~",
    ]
    private static let litter: Set<String> = ["thumbs.db", "desktop.ini", "4913"]
    private static let litterFolders: Set<String> = ["__macosx", "@eadir", "#recycle", "$recycle.bin", ".appledouble"]

    /// Whether programs leave files of this name behind while they work: hidden, temporary, or a desktop's own.
    package static func isLitter(_ name: FileName) -> Bool {
        let folded = name.folded
        return folded.isEmpty || folded.hasPrefix(".") || folded.hasPrefix("~$") || folded.hasPrefix("~syncthing~")
            || (folded.hasPrefix("#") && folded.hasSuffix("#") && folded.count > 1) || litter.contains(folded)
            || temporarySuffixes.contains { folded.hasSuffix($0) } || isSedTemporary(name.text) || isOwnReport(folded)
    }

    /// Reports and receipts that come back with the files they lay beside say nothing about what to make.
    static func isOwnReport(_ folded: String) -> Bool {
        [".error.txt", ".error.json", ".receipt.json"].contains { folded.hasSuffix($0) }
    }

    /// Whether a folder of this name is passed over with all that is in it.
    package static func isLitterFolder(_ name: FileName) -> Bool {
        let folded = name.folded
        return folded.hasPrefix(".") || litterFolders.contains(folded)
    }

    /// `sed -i` writes `sed` and six letters and digits of chance beside its target, and renames. People's names of that
    /// length, such as `sedan0001`, have no capitals in the middle; of sed's own hardly any has none, and it lasts a moment.
    private static func isSedTemporary(_ name: String) -> Bool {
        let chance = name.dropFirst(3)
        return name.hasPrefix("sed") && chance.count == 6 && chance.contains(where: \.isUppercase)
            && chance.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) }
    }

    package static func isDefaults(_ name: FileName) -> Bool { name.folded == defaults }
    package static func isSidecar(_ name: FileName) -> Bool { name.folded.hasSuffix(".json") && !isDefaults(name) }
    package static func hasPictureSuffix(_ name: FileName) -> Bool {
        suffix(of: name.text).map { pictureSuffixes.contains($0.lowercased()) } ?? false
    }

    /// The name without its suffix; a sidecar also loses a picture's suffix before `.json`.
    package static func stem(of name: FileName) -> String {
        if isSidecar(name) {
            let inner = String(name.text.dropLast(5))
            return hasPictureSuffix(FileName(inner)) ? withoutSuffix(inner) : inner
        }
        return withoutSuffix(name.text)
    }

    /// Whether `sidecar` is the picture's whole name and `.json`.
    package static func isExactSidecar(_ sidecar: FileName, of picture: FileName) -> Bool {
        sidecar.folded == picture.folded + ".json"
    }

    private static func suffix(of name: String) -> String? {
        guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return nil }
        let suffix = name[name.index(after: dot)...]
        return suffix.isEmpty ? nil : String(suffix)
    }

    private static func withoutSuffix(_ name: String) -> String {
        guard let suffix = suffix(of: name) else { return name }
        return String(name.dropLast(suffix.count + 1))
    }
}
