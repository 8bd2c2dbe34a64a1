import Jobs
import SystemPackage

/// A file below `inbox/.hotreel`, as a walk found it.
package struct ClaimedFile: Hashable, Sendable {
    /// nil for what lies in no claim folder.
    package let drop: DropID?
    /// nil for what lies in none of a claim folder's parts.
    package let part: Claims.Part?
    /// Below the part; below what there is of drop and part where it is in none.
    package let name: FileName
    package let status: FileStatus
    /// Something that a crash left unfinished, and that the next try takes away.
    package var isLitter: Bool { NameRules.isOwnTemporary(name.lastComponent) || drop != nil && part == nil }

    init(_ found: FileSystem.Found) {
        status = found.status
        let steps = found.name.bytes.split(separator: UInt8(ascii: "/"))
        let named = steps.count > 1 ? DropID(rawValue: FileName(bytes: Array(steps[0])).text) : nil
        let place = steps.count > 2 ? Claims.Part(rawValue: FileName(bytes: Array(steps[1])).text) : nil
        (drop, part) = (named, place)
        name = steps.dropFirst((named == nil ? 0 : 1) + (place == nil ? 0 : 1)).reduce("") {
            $0.appending(FileName(bytes: Array($1)))
        }
    }
}

extension Claims {
    /// Calls `visit` for every file below `inbox/.hotreel`. Throws where there is no such folder, since that says nothing about
    /// what it held.
    package func files(_ visit: (ClaimedFile) throws(FileError) -> Void) throws(FileError) {
        try FileSystem.walk(root) { found throws(FileError) in try visit(ClaimedFile(found)) }
    }
}
