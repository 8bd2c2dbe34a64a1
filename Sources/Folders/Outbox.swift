import Foundation
import Jobs
import SystemPackage

/// Where finished things go. Nothing in it is ever replaced, and a name exists only once its file is complete.
package struct Outbox: Sendable {
    package enum Part: String, Sendable, CaseIterable { case videos, errors, originals }

    package let root: FilePath
    package let permissions: SharePermissions

    package init(root: FilePath, permissions: SharePermissions = SharePermissions()) {
        self.root = root
        self.permissions = permissions
    }

    /// Where the outbox mirrors a folder of the inbox; see `PortableName`.
    package func folder(_ part: Part, _ folder: FileName) -> FilePath {
        root.appending(FileName(part.rawValue)).appending(PortableName.folder(folder))
    }

    /// Makes the parts, and the outbox itself where it is missing: only for a start at which its `FolderPlace` has been looked at.
    package func prepare() throws(FileError) {
        for part in Part.allCases { try FileSystem.makeFolder(folder(part, ""), permissions: permissions) }
    }

    /// Makes a folder of the outbox, which itself must be there.
    func makeFolder(_ place: FilePath) throws(FileError) {
        try FileSystem.makeFolder(place, below: root, permissions: permissions)
    }

    // MARK: Videos

    /// Where a job's video is written before it has its name, beside its destination.
    package func downloadPath(of job: JobID, folder: FileName) throws(FileError) -> FilePath {
        let place = self.folder(.videos, folder)
        try makeFolder(place)
        return place.appending(FileName(".\(job.rawValue).mp4.part"))
    }

    package func videoPath(folder: FileName, name: String) -> FilePath {
        self.folder(.videos, folder).appending(FileName(name + ".mp4"))
    }

    /// The first of `name`, `name (2)` … that neither a video nor a receipt has, nor one that differs from it only by case.
    package func freeVideoName(_ name: String, folder: FileName) throws(FileError) -> String {
        let names = try FolderNames(of: self.folder(.videos, folder))
        var number = 1
        while true {
            let choice = OutputName.choice(number, of: name)
            if try names.isFree(FileName(choice + ".mp4")), try names.isFree(FileName(choice + ".receipt.json")) {
                return choice
            }
            number += 1
        }
    }

    package func receiptPath(folder: FileName, name: String) -> FilePath {
        self.folder(.videos, folder).appending(FileName(name + ".receipt.json"))
    }

    package func writeReceipt(_ bytes: [UInt8], folder: FileName, name: String) throws(FileError) {
        try FileSystem.replace(receiptPath(folder: folder, name: name), with: bytes, permissions: permissions)
    }

    /// Gives a complete video its name. False when the name was taken meanwhile.
    package func publish(_ file: FilePath, folder: FileName, name: String) throws(FileError) -> Bool {
        let target = videoPath(folder: folder, name: name)
        permissions.apply(to: file, in: target.removingLastComponent())
        guard try FileSystem.rename(file, to: target) else { return false }
        try FileSystem.sync(folder: target.removingLastComponent())
        return true
    }
}
