import CLinux
import Foundation
import Glibc
import Jobs
import SystemPackage

/// Who may do what with what appears in the outbox, so that people on the share can read, move and delete it.
///
/// What lets people move and delete a file are the rights of its folder. Those are set on folders that Hotreel makes and on no others: an
/// admin's folder with the setgid bit hands its group on to whatever comes into it, also to what is renamed into it, which the
/// kernel leaves to the group it had.
package struct SharePermissions: Hashable, Sendable {
    /// Mode bits of files: reading and writing.
    package let files: UInt32
    /// nil for the folder's group where that has the setgid bit, else the service's own.
    package let group: UInt32?

    package init(files: UInt32 = 0o664, group: UInt32? = nil) {
        self.files = files
        self.group = group
    }

    /// Mode bits of folders: who may read files may look into their folders.
    package var folders: UInt32 { files | (files & 0o444) >> 2 }

    /// What the process's umask must leave for these to come about without being set afterwards.
    package var umask: UInt32 { 0o777 & ~folders }

    /// Sets mode and group of a regular file of one name that is about to appear in `folder`.
    ///
    /// What the system does not allow stays as it is: a file that an artist owns and that is given back is his as it was, and the
    /// folder's rights are enough to take it. A file with another name somewhere else is left alone, since its rights are those of
    /// that one too.
    func apply(to file: some FileLocation, in folder: FilePath) {
        guard let descriptor = try? file.descriptor(clinux_o_path | O_NOFOLLOW) else { return }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_nlink == 1 else { return }
        // What its owner has made read-only stays so.
        let mode = status.st_mode & 0o200 == 0 ? files & 0o444 : files
        set(mode, group(in: folder), of: descriptor, now: status)
    }

    /// The same for a folder that was just made, which has inherited group and setgid bit from the one above.
    func apply(toFolder folder: FilePath) {
        guard let descriptor = try? folder.descriptor(clinux_o_path | O_NOFOLLOW | O_DIRECTORY) else { return }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return }
        let inherited = status.st_mode & S_ISGID
        set(folders | (group == nil ? inherited : S_ISGID), group, of: descriptor, now: status)
    }

    private func set(_ mode: UInt32, _ group: UInt32?, of descriptor: Int32, now: stat) {
        // First, since a change of group takes the setgid bit away.
        if let group, group != now.st_gid { _ = clinux_change_owner(descriptor, .max, group) }
        guard now.st_mode & 0o7777 != mode || group.map({ $0 != now.st_gid }) == true else { return }
        _ = chmod("/proc/self/fd/\(descriptor)", mode)
    }

    /// The group that a file in a folder ought to have; nil where it is left to be.
    private func group(in folder: FilePath) -> UInt32? {
        if let group { return group }
        var status = stat()
        guard folder.withPlatformString({ fstatat(AT_FDCWD, $0, &status, 0) }) == 0, status.st_mode & S_ISGID != 0
        else { return nil }
        return status.st_gid
    }
}

extension SharePermissions {
    /// Whether this process may give its files to a group: a member of it may, and whoever has CAP_CHOWN, as root does.
    package static func mayGive(to group: UInt32) -> Bool {
        if geteuid() == 0 || getegid() == group { return true }
        var groups = [gid_t](repeating: 0, count: Int(max(0, getgroups(0, nil))))
        let count = getgroups(Int32(groups.count), &groups)
        return groups.prefix(Int(max(0, count))).contains(group) || hasCapabilityToChangeOwners
    }

    private static var hasCapabilityToChangeOwners: Bool {
        guard let status = try? FileSystem.read(FilePath("/proc/self/status"), limit: 1 << 16) else { return false }
        let line = String(decoding: status, as: UTF8.self).split(separator: "\n").first { $0.hasPrefix("CapEff:") }
        // CAP_CHOWN is the lowest bit.
        return line?.split(whereSeparator: \.isWhitespace).last.flatMap { UInt64($0, radix: 16) }.map { $0 & 1 == 1 }
            ?? false
    }

    /// A group's number, by its name on this machine or by the number itself; nil where there is no such group.
    package static func group(named name: String) -> UInt32? {
        if let number = UInt32(name), number < .max { return number }
        var group = Glibc.group()
        var buffer = [CChar](repeating: 0, count: 1 << 16)
        var found: UnsafeMutablePointer<Glibc.group>?
        guard getgrnam_r(name, &group, &buffer, buffer.count, &found) == 0, found != nil else { return nil }
        return group.gr_gid
    }
}
