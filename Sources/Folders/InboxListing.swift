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
            let place = RootedPath(inbox, folder)
            if !folder.isEmpty, try FileSystem.status(of: place) == nil { return }
            try walk(place)
        } catch {
            self.error = error
        }
    }

    private mutating func walk(_ place: RootedPath) throws(FileError) {
        // A file that cannot even be looked at is as good as not there yet, and keeps no other from being seen.
        let entries = try FileSystem.list(place, skippingUnreadable: true)
        folders[place.name] = entries
        for entry in entries where entry.status.kind == .folder && !NameRules.isLitterFolder(entry.name) {
            do throws(FileError) { try walk(place.appending(entry.name)) } catch {
                guard error.isNoWay || error.code == .permissionDenied else { throw error }
            }
        }
    }
}
