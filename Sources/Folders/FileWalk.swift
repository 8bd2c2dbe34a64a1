import Jobs
import SystemPackage

extension FileSystem {
    /// One file of a tree: its path below the folder the walk began in.
    package struct Found: Sendable {
        package let name: FileName
        package let status: FileStatus
    }

    /// Calls `visit` for all that is not a folder below `folder`, in no particular order, without following links. It holds one
    /// folder's entries and the names of those yet to be listed, not the whole tree.
    ///
    /// Folders that vanish meanwhile are passed over. Whatever else cannot be read ends the walk, so that no part of a tree is
    /// silently left out.
    package static func walk(
        _ folder: some FileLocation, visit: (Found) throws(FileError) -> Void
    ) throws(FileError) {
        var waiting: [FileName] = [""]
        while let below = waiting.popLast() {
            let entries: [(name: FileName, status: FileStatus)]
            do throws(FileError) {
                entries = try list(folder.appending(below))
            } catch {
                if error.isNoWay, !below.isEmpty { continue }
                throw error
            }
            for entry in entries {
                let name = below.appending(entry.name)
                if entry.status.kind == .folder {
                    waiting.append(name)
                } else {
                    try visit(Found(name: name, status: entry.status))
                }
            }
        }
    }
}
