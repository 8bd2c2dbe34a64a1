import Jobs
import SystemPackage

/// A folder of the inbox with all below it, as one walk saw it. Symbolic links are not followed.
package struct InboxListing: Sendable {
    /// Each folder's entries, by its path below the inbox.
    package private(set) var folders: [FileName: [(name: FileName, status: FileStatus)]] = [:]
    /// Why the folder itself could not be listed; a subfolder that vanishes during the walk is just not there.
    package private(set) var error: FileError?

    /// Blocks while it walks.
    package init(of inbox: FilePath, below folder: FileName) {
        do throws(FileError) {
            if !folder.isEmpty, try FileSystem.status(of: inbox.appending(folder)) == nil { return }
            try walk(inbox, folder)
        } catch {
            self.error = error
        }
    }

    private mutating func walk(_ inbox: FilePath, _ folder: FileName) throws(FileError) {
        // A file that cannot even be looked at is as good as not there yet, and keeps no other from being seen.
        let entries = try FileSystem.list(inbox.appending(folder), skippingUnreadable: true)
        folders[folder] = entries
        for entry in entries where entry.status.kind == .folder && !NameRules.isLitterFolder(entry.name) {
            let below = folder.appending(entry.name)
            do throws(FileError) { try walk(inbox, below) } catch {
                guard error.code == .noSuchFileOrDirectory || error.code == .permissionDenied else { throw error }
            }
        }
    }
}
