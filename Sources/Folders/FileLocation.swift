import Foundation
import Jobs
import SystemPackage

/// Where something lies: by a path that is believed (`FilePath`), or below a folder that must not be left (`RootedPath`).
package protocol FileLocation: Hashable, Sendable {
    /// As people know it.
    var path: FilePath { get }
    /// The folder that holds it; nil where nothing is above.
    var parent: Self? { get }
    func removingLastComponent() -> Self
    func appending(_ name: FileName) -> Self
    /// Finds the folder that holds it, for as long as `work` takes.
    func withEntry<Value>(_ work: (FileEntry) throws(FileError) -> Value) throws(FileError) -> Value
    /// Opens it, to be closed by the caller. `flags` make nothing; O_CLOEXEC is added.
    func descriptor(_ flags: Int32) throws(FileError) -> Int32
}

/// A name in an open folder, as the calls whose names end in `at` take it.
package struct FileEntry {
    /// AT_FDCWD where the name is a whole path.
    let folder: Int32
    let name: FilePath
    /// As people know it.
    let path: FilePath

    /// nil where there is nothing of that name.
    func status() throws(FileError) -> stat? {
        var status = stat()
        if name.withPlatformString({ fstatat(folder, $0, &status, AT_SYMLINK_NOFOLLOW) }) == 0 { return status }
        switch Errno.current {
        case .noSuchFileOrDirectory, .notDirectory: return nil
        case let other: throw FileError("look at", path, other)
        }
    }

    /// Of the folder that holds it; nil where that is gone.
    func folderStatus() -> stat? {
        var status = stat()
        if folder != AT_FDCWD { return fstat(folder, &status) == 0 ? status : nil }
        let above = name.removingLastComponent().appending(".")
        return above.withPlatformString({ fstatat(AT_FDCWD, $0, &status, 0) }) == 0 ? status : nil
    }

    func remove() throws(FileError) {
        guard name.withPlatformString({ unlinkat(folder, $0, 0) }) == 0 || Errno.current == .noSuchFileOrDirectory
        else { throw FileError("remove", path) }
    }
}

extension FilePath: FileLocation {
    package var path: FilePath { self }

    package var parent: FilePath? { components.count > 1 ? removingLastComponent() : nil }

    package func withEntry<Value>(_ work: (FileEntry) throws(FileError) -> Value) throws(FileError) -> Value {
        try work(FileEntry(folder: AT_FDCWD, name: self, path: self))
    }

    package func descriptor(_ flags: Int32) throws(FileError) -> Int32 {
        // The current folder, where a relative path has nothing above its last part.
        let opened = (isEmpty ? "." : self).withPlatformString { open($0, flags | O_CLOEXEC) }
        guard opened >= 0 else { throw FileError("open", self) }
        return opened
    }
}
