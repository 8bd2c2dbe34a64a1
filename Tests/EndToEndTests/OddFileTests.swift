import Foundation
import Jobs
import SystemPackage
import TestKit
import Testing

extension EndToEnd {
    @Suite(.serialized) struct OddFileTests {
        let folder: HotreelFolder

        init() throws { folder = try HotreelFolder() }

        @Test(
            "A link, a pipe, a socket and a device are told what they are, never opened, and given back",
            .timeLimit(.minutes(1)))
        func special() async throws {
            let target = try await TestPictures.make(size: "400x400")
            try folder.root.write(target, to: "target.jpg")
            var kinds = ["link": "symbolic link", "pipe": "pipe", "socket": "socket"]
            try FileManager.default.createSymbolicLink(
                atPath: folder.root["inbox/link.jpg"].string, withDestinationPath: folder.root["target.jpg"].string)
            #expect(mkfifo(folder.root["inbox/pipe.jpg"].string, 0o644) == 0)
            #expect(mknod(folder.root["inbox/socket.jpg"].string, S_IFSOCK | 0o644, 0) == 0)
            // /dev/null by its number. Only root may make devices, and not in every container.
            if mknod(folder.root["inbox/device.jpg"].string, S_IFCHR | 0o644, 0x103) == 0 { kinds["device"] = "device" }
            for name in kinds.keys { try folder.drop(sidecar(), "\(name).json") }
            try folder.drop(try await TestPictures.make(), "good.jpg")
            try folder.drop(sidecar(), "good.json")

            try await folder.serving { _ in
                try await folder.waitForVideos("good")
                for name in kinds.keys { try await folder.wait(for: "errors/\(name).error.txt", "errors/\(name).json") }
                try await folder.wait("an empty inbox") { folder.root.files(in: "inbox").isEmpty }
            }
            try await folder.expectVideo("good")
            for (name, kind) in kinds {
                try folder.expectReport(
                    name, file: "\(name).jpg", words: ["only ordinary files", kind],
                    sources: ["\(name).json": Array(sidecar().text.utf8)])
                #expect(folder.root.exists("outbox/errors/\(name).jpg"), "\(name)")
            }
            #expect(try folder.bytes("target.jpg") == target)
            #expect(
                try FileManager.default.destinationOfSymbolicLink(atPath: folder.root["outbox/errors/link.jpg"].string)
                    == folder.root["target.jpg"].string)
        }

        @Test("Read-only files are taken and given back read-only", .timeLimit(.minutes(1)))
        func readOnly() async throws {
            try await folder.serving { _ in
                for name in ["shot.jpg", "shot.json"] {
                    let bytes = name == "shot.jpg" ? try await TestPictures.make() : Array(sidecar().text.utf8)
                    try folder.root.write(bytes, to: name)
                    #expect(chmod(folder.root[name].string, 0o444) == 0)
                    #expect(rename(folder.root[name].string, folder.root["inbox/\(name)"].string) == 0)
                }
                try await folder.waitForVideos("shot")
            }
            try await folder.expectVideo("shot")
            #expect(
                !FileManager.default.isWritableFile(atPath: folder.root["outbox/originals/shot.jpg"].string)
                    || geteuid() == 0)
            var status = stat()
            #expect(
                stat(folder.root["outbox/originals/shot.jpg"].string, &status) == 0 && status.st_mode & 0o777 == 0o444)
        }

        @Test(
            "A file that may not be read is told so and given back", .enabled(if: geteuid() != 0),
            .timeLimit(.minutes(1)))
        func unreadable() async throws {
            try folder.drop(try await TestPictures.make(), "shot.jpg")
            try folder.drop(sidecar(), "shot.json")
            #expect(chmod(folder.root["inbox/shot.jpg"].string, 0) == 0)
            try await folder.serving { _ in try await folder.wait(for: "errors/shot.jpg", "errors/shot.error.txt") }
            try folder.expectReport("shot", file: "shot.jpg", words: ["cannot read"], sources: [:])
        }

        @Test("Hidden files, temporary names and desktop litter are passed over and stay", .timeLimit(.minutes(1)))
        func litter() async throws {
            let litter = [
                ".DS_Store", "._shot.jpg", "Thumbs.db", "desktop.ini", "a.jpg.part", "b.tmp", "~$c.json", ".d/e.jpg",
            ]
            for name in litter { try folder.drop(try await TestPictures.make(), name) }
            try await folder.serving(settings: ["INTAKE_ORPHAN_AFTER": "300ms"]) { _ in
                // This lone file is given back, so the others would have been by then.
                try folder.drop(try await TestPictures.make(), "lone.jpg")
                try await folder.wait(for: "errors/lone.jpg", "errors/lone.error.txt")
            }
            #expect(folder.root.files(in: "inbox") == litter.sorted())
            try folder.expectReport("lone", file: "lone.jpg", words: ["no sidecar came", "lone.json"], sources: [:])
            #expect(folder.outbox == ["errors/lone.error.json", "errors/lone.error.txt", "errors/lone.jpg"])
        }
    }
}
