import Foundation
import Jobs
import SystemPackage
import TestKit
import Testing

/// Whether this is root, and anybody may run the program where it lies.
private let canRunAsAnybody: Bool = {
    guard geteuid() == 0 else { return false }
    var path = HotreelBinary.path
    while !path.isEmpty, path.components.count > 0 {
        var status = stat()
        guard path.withPlatformString({ stat($0, &status) }) == 0, status.st_mode & 0o001 != 0 else { return false }
        path = path.removingLastComponent()
    }
    return true
}()

extension EndToEnd {
    /// Hotreel under a user of its own, among folders that others made. Needs root to set up.
    @Suite(.serialized, .enabled(if: canRunAsAnybody)) struct PermissionTests {
        private static let nobody: UInt32 = 65_534

        private func own(_ folder: HotreelFolder) {
            for name in ["", "inbox", "outbox", "state"] {
                _ = chown(folder.root[name].string, Self.nobody, Self.nobody)
            }
            _ = chmod(folder.root[""].string, 0o755)
        }

        @Test(
            "A folder that may not be read, and one that files may not leave, hold nothing else up, and are told once",
            .timeLimit(.minutes(1)))
        func foreignFolders() async throws {
            let folder = try HotreelFolder()
            own(folder)
            try folder.root.folder("inbox/secret")
            _ = chmod(folder.root["inbox/secret"].string, 0o700)
            let picture = try await TestPictures.make()
            for name in ["theirs/kept", "shot"] {
                try folder.drop(picture, "\(name).jpg")
                try folder.drop(sidecar(), "\(name).json")
            }
            _ = chmod(folder.root["inbox/theirs"].string, 0o755)
            let log = try await folder.serving(user: Self.nobody) { _ in try await folder.waitForVideos("shot") }
            #expect(log.contains("cannot watch") && log.contains("secret: Permission denied"))
            #expect(log.split(separator: "\n").filter { $0.contains("may not move files out of theirs") }.count == 1)
            #expect(try await folder.jobs().count == 1)
            #expect(folder.root.files(in: "inbox") == ["theirs/kept.jpg", "theirs/kept.json"])

            _ = chmod(folder.root["inbox/theirs"].string, 0o777)
            try await folder.serving(user: Self.nobody) { _ in try await folder.waitForVideos("theirs/kept") }
            #expect(try await folder.jobs().map { $0["state"] } == ["delivered", "delivered"])
        }

        @Test(
            "A picture that may not be read is told at once and given back; its neighbour goes on",
            .timeLimit(.minutes(1)))
        func unreadable() async throws {
            let folder = try HotreelFolder()
            own(folder)
            for name in ["closed", "open"] {
                try folder.drop(try await TestPictures.make(), "\(name).jpg")
                try folder.drop(sidecar(), "\(name).json")
            }
            _ = chmod(folder.root["inbox/closed.jpg"].string, 0o600)
            try await folder.serving(user: Self.nobody) { _ in
                try await folder.wait(for: "errors/closed.error.txt", "errors/closed.jpg", "errors/closed.json")
                try await folder.waitForVideos("open")
            }
            let text = try folder.root.text(of: "outbox/errors/closed.error.txt")
            #expect(text.contains("closed.jpg") && text.contains("cannot read this file"))
        }
    }
}
