import CLinux
import Foundation
import SystemPackage

/// A folder held open, for those who can only be given a path: whatever its name comes to mean, `path` leads into this one.
package final class OpenFolder: Sendable {
    private let descriptor: Int32

    package init(_ place: some FileLocation) throws(FileError) {
        descriptor = try place.descriptor(clinux_o_path | O_DIRECTORY)
    }

    deinit { close(descriptor) }

    /// Good for as long as this object lives.
    package var path: FilePath { FilePath("/proc/self/fd/\(descriptor)") }
}
