import Foundation
import Jobs
import SystemPackage
import TestKit
import Testing

@testable import Folders

/// What a FUSE mount answers that no local disk does.
@Suite(.enabled(if: MountedShare.isPossible, "takes rclone and FUSE"))
struct MountedShareTests {
    @Test(.timeLimit(.minutes(1)))
    func `Files are moved there although it has neither renames that keep what is there nor links`() async throws {
        let folder = try TemporaryFolder()
        let share = try await MountedShare(of: try folder.folder("behind"), at: try folder.folder("seen"))
        try folder.write("ours", to: "seen/shot.png")
        try folder.write("theirs", to: "seen/taken.png")
        #expect(try !FileSystem.rename(folder["seen/shot.png"], to: folder["seen/taken.png"]))
        #expect(try FileSystem.rename(folder["seen/shot.png"], to: folder["seen/free.png"]))
        #expect(folder.files(in: "seen") == ["free.png", "taken.png"])
        #expect(try folder.text(of: "seen/taken.png") == "theirs")
        #expect(try FileSystem.space(of: folder["seen"]).files == nil)
        share.unmount()
    }
}
