import Folders
import Foundation
import SystemPackage
import TestKit
import Testing

@Suite("What a failed call means")
struct FileErrorTests {
    @Test(
        "a full disk, a share that is gone, a read-only one and missing rights are told apart",
        arguments: [
            (ENOSPC, FileError.Meaning.diskFull), (EDQUOT, .diskFull), (ESTALE, .shareGone), (ENOTCONN, .shareGone),
            (EHOSTDOWN, .shareGone), (EHOSTUNREACH, .shareGone), (ETIMEDOUT, .shareGone), (EIO, .shareGone),
            (ENODEV, .shareGone), (ENXIO, .shareGone), (ENOMEDIUM, .shareGone), (EROFS, .readOnly), (EACCES, .denied),
            (EPERM, .denied), (EKEYEXPIRED, .denied), (ENOENT, .other), (ENAMETOOLONG, .other), (EFBIG, .other),
            (EMFILE, .other), (EEXIST, .other),
        ])
    func meaning(code: Int32, meaning: FileError.Meaning) {
        #expect(FileError("write", "/srv/out/a", Errno(rawValue: code)).meaning == meaning)
    }

    @Test("free space is that of the file system a path lies on, in bytes and files")
    func space() throws {
        let folder = try TemporaryFolder()
        #expect(try FileSystem.freeSpace(of: folder.path) > 0)
        let error = #expect(throws: FileError.self) { _ = try FileSystem.freeSpace(of: folder["missing"]) }
        #expect(error?.code == .noSuchFileOrDirectory)
    }

    @Test(
        "free space goes down to nothing, and up again",
        .enabled(if: MountedFolder.isPossible, MountedFolder.reason))
    func shrinkingSpace() throws {
        let folder = try TemporaryFolder()
        let mount = try MountedFolder(memory: folder["small"], bytes: 1 << 20, files: 10)
        #expect(try FileSystem.space(of: folder["small"]) == FreeSpace(bytes: 1 << 20, files: 9))
        try mount.fill()
        #expect(try FileSystem.space(of: folder["small"]) == FreeSpace(bytes: 0, files: 8))
        try mount.empty()
        #expect(try FileSystem.freeSpace(of: folder["small"]) == 1 << 20)
    }
}
