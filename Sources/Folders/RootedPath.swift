import CLinux
import Foundation
import Jobs
import SystemPackage

/// A path below a folder that must not be left: the inbox.
///
/// The root itself is believed, links and all, and opened anew for each call, so that it may be mounted again meanwhile. From there on
/// nothing is followed: where a folder on the way is or becomes a symbolic link, every call fails with `ELOOP`, whoever put it
/// there and however fast, since no path is looked at first and used later. Other file systems may be mounted below.
package struct RootedPath: Hashable, Sendable {
    package let root: FilePath
    /// Below the root; empty for the root itself.
    package let name: FileName

    package init(_ root: FilePath, _ name: FileName = "") {
        self.root = root
        self.name = name
    }

    package func appending(_ name: FileName) -> RootedPath {
        name.isEmpty ? self : RootedPath(root, self.name.appending(name))
    }
}

extension RootedPath: FileLocation {
    package var path: FilePath { root.appending(name) }

    package var parent: RootedPath? { name.parent.map { RootedPath(root, $0) } }

    package func removingLastComponent() -> RootedPath { RootedPath(root, name.parent ?? "") }

    package func withEntry<Value>(
        _ work: (FileEntry) throws(FileError) -> Value
    ) throws(FileError) -> Value {
        let folder = try (parent ?? self).descriptor(clinux_o_path | O_DIRECTORY)
        defer { close(folder) }
        let last = name.isEmpty ? "." : name.lastComponent
        return try work(FileEntry(folder: folder, name: FilePath("").appending(last), path: path))
    }

    package func descriptor(_ flags: Int32) throws(FileError) -> Int32 { try descriptor(flags, by: .kernel) }

    /// How a path below the root is followed.
    enum Resolution: CaseIterable {
        /// In one call.
        case kernel
        /// Folder by folder, where the kernel is too old for that or a seccomp filter stops it.
        case steps
    }

    func descriptor(_ flags: Int32, by resolution: Resolution) throws(FileError) -> Int32 {
        let steps = name.bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard name.isEmpty || steps.allSatisfy(Self.isName) else { throw FileError("open", path, .invalidArgument) }
        // The dot makes the kernel start an automount, which O_PATH alone would not.
        let start = root.appending(".").withPlatformString { open($0, clinux_o_path | O_DIRECTORY | O_CLOEXEC) }
        guard start >= 0 else { throw FileError("open", root) }
        defer { close(start) }
        if resolution == .kernel {
            var opened: Int32
            repeat {
                opened = clinux_open_beneath(start, (name.isEmpty ? "." : name).cString, flags | O_CLOEXEC, 0)
            } while opened < 0 && (Errno.current == .interrupted || Errno.current == .resourceTemporarilyUnavailable)
            if opened >= 0 { return opened }
            switch Errno.current {
            case .noFunction, .notPermitted: break
            // Out of the root; to rename(2) the same code means another disk.
            case .improperLink: throw FileError("open", path, .tooManySymbolicLinkLevels)
            case let failure: throw FileError("open", path, failure)
            }
        }
        return try stepByStep(name.isEmpty ? [[UInt8(ascii: ".")]] : steps.map(Array.init), from: start, flags)
    }

    private func stepByStep(_ steps: [[UInt8]], from start: Int32, _ flags: Int32) throws(FileError) -> Int32 {
        var current = start
        defer { if current != start { close(current) } }
        for (number, step) in steps.enumerated() {
            let isLast = number == steps.count - 1
            let next = openat(
                current, FileName(bytes: step).cString,
                (isLast ? flags : clinux_o_path | O_DIRECTORY) | O_NOFOLLOW | O_CLOEXEC)
            guard next >= 0 else { throw FileError("open", path) }
            if isLast { return next }
            if current != start { close(current) }
            current = next
        }
        throw FileError("open", path, .invalidArgument)
    }

    private static func isName(_ step: ArraySlice<UInt8>) -> Bool {
        !step.isEmpty && !step.elementsEqual([0x2E]) && !step.elementsEqual([0x2E, 0x2E])
    }
}

extension RootedPath: CustomStringConvertible {
    package var description: String { path.description }
}

extension FileName {
    fileprivate var cString: [CChar] { bytes.map { CChar(bitPattern: $0) } + [0] }
}
