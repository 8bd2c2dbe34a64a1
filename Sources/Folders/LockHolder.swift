import Foundation
import Jobs
import SystemPackage

extension FileSystem {
    /// The process that holds a lock by flock(2) on a file into which its holder writes its id, by the kernel's own list; nil where
    /// nobody does. Takes no lock itself, which could keep somebody else from starting.
    package static func lockHolder(of path: FilePath) throws(FileError) -> Int? {
        guard let status = try status(of: path) else { return nil }
        let written = String(decoding: try read(path, limit: 32), as: UTF8.self).trimmingCharacters(in: .newlines)
        let (inode, device) = (String(status.identity.inode), kernelDevice(status.identity.device))
        let list = String(decoding: try read(FilePath("/proc/locks"), limit: 1 << 22), as: UTF8.self)
        for line in list.split(separator: "\n") {
            // 1: FLOCK ADVISORY WRITE 1234 08:01:131 0 EOF
            let fields = line.split(separator: " ")
            guard fields.count > 5, fields[1] == "FLOCK" else { continue }
            let file = fields[5].split(separator: ":")
            guard file.count == 3, file[2] == inode, let process = Int(fields[4]) else { continue }
            // Some file systems have another device here than stat(2) tells; a container's processes have other ids.
            if "\(file[0]):\(file[1])" == device || fields[4] == written { return process }
        }
        return nil
    }

    /// As in `/proc/locks`: major and minor in two hex digits or more.
    private static func kernelDevice(_ device: UInt64) -> String {
        let major = (device >> 8) & 0xFFF | (device >> 32) & ~0xFFF
        let minor = device & 0xFF | (device >> 12) & ~0xFF
        return String(format: "%02x:%02x", major, minor)
    }
}
