import Foundation
import Jobs
import SystemPackage
import TestKit
import Testing

@testable import Folders

struct StagedFilesTests {
    private let folder: TemporaryFolder
    private var inbox: FilePath { folder["inbox"] }

    init() throws {
        folder = try TemporaryFolder()
        try folder.folder("inbox")
        for name in ["shot.png", "shot.json"] { try folder.write(name, to: "source/\(name)") }
    }

    private func staged(_ place: FileName = "") throws -> StagedFiles {
        let staged = try StagedFiles(inbox: inbox, folder: place)
        for name: FileName in ["shot.png", "shot.json"] {
            try staged.add(folder["source"].appending(name), as: name, modified: 1_700_000_000_123_000_000)
        }
        return staged
    }

    @Test func `Nothing has a name that counts before it is published, and then all of it is there with its time`()
        throws
    {
        let staged = try staged("day")
        #expect(folder.files(in: "inbox").allSatisfy { $0.contains("/.hotreel-drop-") })
        #expect(NameRules.isLitterFolder(FileName(staged.folder.lastComponent?.string ?? "")))
        #expect(try staged.publish(["shot.json", "shot.png"]) == nil)
        try staged.remove()
        #expect(folder.files(in: "inbox") == ["day/shot.json", "day/shot.png"])
        #expect(try folder.text(of: "inbox/day/shot.png") == "shot.png")
        #expect(
            try FileSystem.status(of: inbox.appending("day/shot.png"))?.identity.modified == 1_700_000_000_123_000_000)
    }

    @Test func `A name that is taken is never replaced, and what came before it is taken back`() throws {
        try folder.write("theirs", to: "inbox/shot.png")
        let staged = try staged()
        #expect(try staged.publish(["shot.json", "shot.png"]) == "shot.png")
        try staged.remove()
        #expect(folder.files(in: "inbox") == ["shot.png"])
        #expect(try folder.text(of: "inbox/shot.png") == "theirs")
    }

    @Test func `Where nothing is published, folders made for it go, and those that were there stay`() throws {
        try folder.folder("inbox/old")
        try staged("old/new/newer").remove()
        #expect(try FileManager.default.subpathsOfDirectory(atPath: inbox.string) == ["old"])
    }

    @Test func `An inbox that is not there is not made`() throws {
        #expect(throws: FileError("find the inbox", folder["gone"], .noSuchFileOrDirectory)) {
            try StagedFiles(inbox: folder["gone"], folder: "day")
        }
        #expect(!folder.exists("gone"))
    }
}
