import Foundation
import Jobs
import Subprocess
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

        private static let artist: UInt32 = 4712
        private static let artists: UInt32 = 4711

        private func status(_ folder: HotreelFolder, _ name: String) -> stat {
            var status = stat()
            #expect(lstat(folder.root[name].string, &status) == 0, "\(name)")
            return status
        }

        /// What an artist does on the share, by a program of the system's.
        private func asArtist(_ folder: HotreelFolder, _ program: String, _ names: String...) async throws -> Bool {
            try await Subprocess.run(
                .name("setpriv"),
                arguments: Arguments(
                    ["--reuid", "\(Self.artist)", "--regid", "\(Self.artists)", "--clear-groups", program]
                        + names.map { folder.root[$0].string }), output: .discarded
            ).terminationStatus.isSuccess
        }

        @Test(
            "On a share whose folders hand on their group, people can move and delete what Hotreel's user made or gave back",
            .timeLimit(.minutes(1)))
        func group() async throws {
            let folder = try HotreelFolder()
            own(folder)
            // A group of which Hotreel's user is no member.
            for name in ["inbox", "outbox"] {
                #expect(chown(folder.root[name].string, Self.nobody, Self.artists) == 0)
                #expect(chmod(folder.root[name].string, 0o2775) == 0)
            }
            for name in ["good", "bad"] {
                try folder.drop(try await TestPictures.make(), "\(name).jpg")
                try folder.drop(name == "good" ? sidecar() : ["promt": "typo"], "\(name).json")
                for end in ["jpg", "json"] {
                    #expect(chown(folder.root["inbox/\(name).\(end)"].string, Self.artist, Self.artists) == 0)
                }
            }
            try await folder.serving(user: Self.nobody) { _ in
                try await folder.waitForVideos("good")
                try await folder.wait(for: "errors/bad.error.txt", "errors/bad.jpg", "errors/bad.json")
            }
            for name in ["videos", "errors", "originals"] {
                let status = status(folder, "outbox/\(name)")
                #expect(status.st_mode & 0o7777 == 0o2775 && status.st_gid == Self.artists, "\(name)")
            }
            for name in ["videos/good.mp4", "videos/good.receipt.json", "errors/bad.error.txt", "status.json"] {
                let status = status(folder, "outbox/\(name)")
                #expect(status.st_mode & 0o7777 == 0o664 && status.st_gid == Self.artists, "\(name)")
            }
            #expect(status(folder, "outbox/errors/bad.jpg").st_uid == Self.artist)
            #expect(status(folder, "inbox/.hotreel").st_mode & 0o022 == 0)
            #expect(try await asArtist(folder, "mv", "outbox/errors/bad.jpg", "inbox/again.jpg"))
            #expect(try await asArtist(folder, "cp", "outbox/videos/good.mp4", "inbox/copy.mp4"))
            #expect(try await asArtist(folder, "rm", "outbox/videos/good.mp4", "outbox/errors/bad.error.txt"))
        }

        @Test("A group that Hotreel's user may not give files to is refused at the start", .timeLimit(.minutes(1)))
        func foreignGroup() async throws {
            let folder = try HotreelFolder()
            own(folder)
            let ending = try await folder.running(
                settings: ["DELIVERY_GROUP": "\(Self.artists)"], user: Self.nobody, after: nil
            ) { service in try await service.line("usermod -aG") }
            #expect(ending.log.contains("delivery.group"))
        }
    }
}
