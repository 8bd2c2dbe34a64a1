import Dispatch
import Folders
import Jobs
import SystemPackage

/// One look at a tree, which may take long or for ever.
struct TreeLook: Sendable {
    enum Scope: Sendable {
        case everything
        /// Folders with all below them, and files, by their paths below the inbox.
        case parts(folders: Set<FileName>, files: Set<InboxPath>)
    }

    struct Result: Sendable {
        var listings: [(folder: FileName, listing: InboxListing)] = []
        var files: [(path: InboxPath, status: FileStatus?)] = []
        /// The trees of the inbox after the look: where they are others than before, nobody knows what was looked at.
        var trees: [InboxTree]?
        /// Mount points without their mounts that are no longer there either.
        var missingPoints: [FileName] = []
    }

    let inbox: FilePath
    /// Its path without links.
    let realInbox: String
    let tree: FileName
    let scope: Scope
    /// Other trees, and mount points whose mount is away.
    let excluded: Set<FileName>
    /// Those whose mount is away and which lie in this tree.
    let emptyPoints: [FileName]
    let heartbeat = Heartbeat()

    /// Blocks.
    func run() -> Result {
        var result = Result()
        switch scope {
        case .everything:
            result.listings = [(tree, list(tree))]
            result.missingPoints = emptyPoints.filter { point in
                if case .success(nil) = status(point) { true } else { false }
            }
        case .parts(let folders, let files):
            // Of folders within one another, the outer is enough.
            let outer = folders.filter { folder in !folder.wayDown.dropLast().contains(where: folders.contains) }
            result.listings = outer.map { ($0, list($0)) }
            for path in files {
                // What cannot be looked at now is not gone; the next listing tells.
                guard case .success(let status) = status(path.relative) else { continue }
                result.files.append((path, status))
            }
        }
        result.trees = try? MountTable.current().trees(of: realInbox)
        return result
    }

    private func status(_ name: FileName) -> Swift.Result<FileStatus?, FileError> {
        do throws(FileError) { return .success(try FileSystem.status(of: RootedPath(inbox, name))) } catch {
            return .failure(error)
        }
    }

    private func list(_ folder: FileName) -> InboxListing {
        InboxListing(of: inbox, below: folder, excluding: excluded, heartbeat: heartbeat)
    }
}
