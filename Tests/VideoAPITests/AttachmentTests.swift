import Foundation
import Jobs
import SystemPackage
import TestKit
import Testing

@testable import VideoAPI

@Suite("Pictures that cannot be sent")
struct AttachmentTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// The message when `name` is to be sent; nothing may reach the server.
    private func message(_ name: String, bytes: Int) async throws -> String? {
        let server = try await ScriptedServer { _ in .answer(#"{"id":"1","status":"queued"}"#) }
        let sent = submission(["model": "m"], [([.key("image_url")], name, bytes)], in: folder)
        let outcome = try await withClient(port: server.port) { await $0.submit(sent) }
        try await server.stop()
        #expect(server.connections == 0)
        guard case .notTaken(let trouble) = outcome, [.files, .changed].contains(trouble.kind) else { return nil }
        return trouble.message
    }

    @Test("A missing file, a folder, a file of another size", .timeLimit(.minutes(1)))
    func unfit() async throws {
        try folder.folder("folder")
        try folder.write("12345", to: "five.png")
        #expect(try await message("none.png", bytes: 5)?.contains("none.png cannot be opened") == true)
        #expect(try await message("folder", bytes: 4096) != nil)
        #expect(try await message("five.png", bytes: 6)?.contains("5 bytes instead of the 6") == true)
    }

    @Test("A symbolic link, at the end or on the way, is not followed", .timeLimit(.minutes(1)))
    func links() async throws {
        try folder.write("12345", to: "real/five.png")
        try #require(symlink("real/five.png", folder["link.png"].string) == 0)
        try #require(symlink("real", folder["way"].string) == 0)
        #expect(try await message("link.png", bytes: 5) != nil)
        #expect(try await message("way/five.png", bytes: 5) != nil)
        #expect(try await message("../\(folder.path.lastComponent?.string ?? "")/real/five.png", bytes: 5) != nil)
    }

    @Test("A pipe does not hold the client up", .timeLimit(.minutes(1)))
    func pipe() async throws {
        try #require(mkfifo(folder["pipe.png"].string, 0o600) == 0)
        #expect(try await message("pipe.png", bytes: 5) != nil)
    }

    @Test("A place that the body does not have", .timeLimit(.minutes(1)))
    func noPlace() async throws {
        try folder.write("12345", to: "five.png")
        let sent = submission(
            ["model": "m"], [([.key("dynamic_masks"), .index(0), .key("mask")], "five.png", 5)], in: folder)
        #expect(throws: AttachmentProblem.self) { try SubmissionBody(sent) }
    }

    @Test("A name that is not UTF-8 is opened by its bytes")
    func bytesOfAName() throws {
        try folder.write("12345".utf8, to: folder.file(bytes: [0xFF, 0x2E]))
        let attachment = Attachment(
            place: [.key("image_url")], file: FileName(bytes: [0xFF, 0x2E]), name: "x",
            mimeType: "image/png", bytes: 5, sha256: ""
        )
        let file = try AttachmentFile(attachment, in: folder.path)
        #expect(try file.data(at: 0, count: 3) == Data("123".utf8))
        #expect(try file.data(at: 3, count: 3) == Data("45".utf8))
    }
}
