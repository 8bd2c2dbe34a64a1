import Jobs
import SystemPackage

/// The mounts as this process sees them, from `/proc/self/mountinfo` (proc_pid_mountinfo(5)).
package struct MountTable: Sendable {
    package struct Mount: Hashable, Sendable {
        package let id: UInt64
        /// The mount this one lies on.
        package let parent: UInt64
        /// Major and minor number, `0:35`: another one for each share that is mounted, though numbers come back.
        package let device: String
        /// The folder of the file system that is to be seen here: `/`, or more for a bind mount or a subvolume.
        package let root: String
        package let point: String
        /// `ext4`, `nfs4`, `cifs`, `fuse.sshfs` …
        package let type: String
        /// A device, `server:/export`, `//server/share`, or a mere word for file systems that have none.
        package let source: String
        /// Those of the file system itself, such as `acregmax=60`.
        package let options: [String]

        /// The path within the file system of an absolute path below the mount point.
        package func inside(_ path: String) -> String {
            let below = point == "/" ? path.dropFirst() : path.dropFirst(point.utf8.count + 1)
            return below.isEmpty ? root : root == "/" ? "/" + below : root + "/" + below
        }
    }

    package let mounts: [Mount]

    /// Lines that are not as documented are passed over.
    package init(parsing text: String) {
        mounts = text.split(separator: "\n").compactMap { line in
            // id parent major:minor root point options, optional fields, a dash, type source options
            let fields = line.split(separator: " ", omittingEmptySubsequences: false)
            guard let dash = fields.dropFirst(6).firstIndex(of: "-"), dash + 2 < fields.count,
                let id = UInt64(fields[0]), let parent = UInt64(fields[1])
            else { return nil }
            return Mount(
                id: id, parent: parent, device: String(fields[2]), root: Self.unescaped(fields[3]),
                point: Self.unescaped(fields[4]), type: Self.unescaped(fields[dash + 1]),
                source: Self.unescaped(fields[dash + 2]),
                options: fields.dropFirst(dash + 3).flatMap { $0.split(separator: ",").map(Self.unescaped) })
        }
    }

    package static func current() throws(FileError) -> MountTable {
        MountTable(
            parsing: String(
                decoding: try FileSystem.read(FilePath("/proc/self/mountinfo"), limit: 1 << 24), as: UTF8.self))
    }

    /// The mount that an absolute path without links leads to: the one of that id where it is known, else the one found by
    /// walking down from mount to mount. Of several on one point that is the last; what another mount hides is not found.
    package func mount(covering path: String, id: UInt64? = nil) -> Mount? {
        if let id, let mount = mounts.first(where: { $0.id == id }), Self.path(path, isWithin: mount.point) {
            return mount
        }
        let known = Set(mounts.map(\.id))
        let covering = mounts.filter { Self.path(path, isWithin: $0.point) }
        // The nearer to the root the sooner on the way, and later ones lie above earlier ones.
        func next(_ isNext: (Mount) -> Bool) -> Mount? {
            let steps = covering.filter(isNext)
            guard let first = steps.map(\.point.utf8.count).min() else { return nil }
            return steps.last { $0.point.utf8.count == first }
        }
        var found = next { !known.contains($0.parent) || $0.parent == $0.id }
        var seen: Set<UInt64> = []
        while let here = found, seen.insert(here.id).inserted,
            let above = next({ $0.parent == here.id && $0.id != here.id })
        {
            found = above
        }
        return found
    }

    private static func path(_ path: String, isWithin point: String) -> Bool {
        point == "/" || path == point || path.utf8.starts(with: (point + "/").utf8)
    }

    /// Blanks, tabs, newlines, backslashes and number signs are written as three octal digits.
    private static func unescaped(_ field: Substring) -> String {
        guard field.utf8.contains(UInt8(ascii: "\\")) else { return String(field) }
        var bytes: [UInt8] = []
        var rest = Array(field.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "\\"), rest.count >= 3,
                let value = UInt8(String(decoding: rest.prefix(3), as: UTF8.self), radix: 8)
            {
                bytes.append(value)
                rest = rest.dropFirst(3)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
