import Catalog
import Folders
import Foundation
import Jobs
import SystemPackage
import TestKit
import Testing

@testable import Pipeline

@Suite("Looking into a file", .timeLimit(.minutes(1)))
struct ExaminerTests {
    private let folder: TemporaryFolder
    private let examiner: Examiner

    init() throws {
        folder = try TemporaryFolder()
        examiner = Examiner(catalog: try .bundled(), inbox: folder.path)
    }

    /// Once nobody holds it: a program that another test is just starting may have inherited the file that was written.
    private func lookWhenFree(_ name: String) async throws -> Examiner.Finding {
        while case .held = try look(name) { await Task.yield() }
        return try look(name)
    }

    private func look(_ name: String) throws -> Examiner.Finding {
        let status = try #require(try FileSystem.status(of: folder[name]))
        return examiner.look(into: InboxPath(from: "", following: FileName(name)), expecting: status)
    }

    private func examination(_ name: String) async throws -> Examination? {
        guard case .seen(let examination, _, _) = try await lookWhenFree(name) else { return nil }
        return examination
    }

    @Test func `A whole picture is known by its content`() async throws {
        let bytes = try await TestPictures.make(.png, size: "640x360")
        try folder.write(bytes, to: "shot.jpg")
        guard case .picture(let facts, let hash) = try await examination("shot.jpg") else {
            Issue.record("not a picture")
            return
        }
        #expect(facts.format == .png)
        #expect((facts.width, facts.height, facts.bytes) == (640, 360, bytes.count))
        #expect(hash == FileSystem.hash(of: bytes))
    }

    @Test(arguments: [0, 1, 20, 500])
    func `A picture that ends too soon may yet be completed`(length: Int) async throws {
        try folder.write(try await TestPictures.make(.png).prefix(length), to: "shot.png")
        guard case .unfinished = try await examination("shot.png") else {
            Issue.record("not unfinished")
            return
        }
    }

    @Test func `A sidecar names the files it needs`() async throws {
        try folder.write("{\"prompt\": \"x\", \"tail_image_url\": \"ends/last.png\"}", to: "a/shot.json")
        guard case .seen(.sidecar(let values, _), _, let naming) = try await lookWhenFree("a/shot.json") else {
            Issue.record("not a sidecar")
            return
        }
        #expect(values["prompt"] == "x")
        #expect(naming == [InboxPath(folder: "a/ends", name: "last.png")])
    }

    @Test func `A sidecar that breaks off may go on; one that is wrong is wrong`() async throws {
        try folder.write("{\"prompt\": \"slow pu", to: "cut.json")
        try folder.write("[1, 2]", to: "list.json")
        guard case .unfinished = try await examination("cut.json"),
            case .faulty(let problem) = try await examination("list.json")
        else {
            Issue.record("\(String(describing: try await examination("cut.json")))")
            return
        }
        #expect(problem.file == "list.json")
    }

    @Test func `What is no ordinary file is refused without being opened`() async throws {
        try folder.write("x", to: "real.png")
        try #require(folder["link.png"].withPlatformString { symlink("real.png", $0) } == 0)
        try #require(folder["pipe.png"].withPlatformString { mkfifo($0, 0o644) } == 0)
        for (name, kind) in [("link.png", "symbolic link"), ("pipe.png", "named pipe")] {
            guard case .faulty(let problem) = try await examination(name) else {
                Issue.record("\(name) is not refused")
                continue
            }
            #expect(problem.value == kind)
            #expect(problem.file == name)
        }
    }

    @Test func `A file that somebody writes to is left alone`() async throws {
        try folder.write("half", to: "shot.png")
        let writer = try FileDescriptor.open(folder["shot.png"], .writeOnly, options: .closeOnExec)
        guard case .held = try look("shot.png") else {
            Issue.record("not held")
            return
        }
        try writer.close()
        guard case .seen = try await lookWhenFree("shot.png") else {
            Issue.record("still held")
            return
        }
    }

    @Test func `A file that is gone or was changed since is left to whoever sees it next`() async throws {
        try folder.write("one", to: "shot.png")
        let status = try #require(try FileSystem.status(of: folder["shot.png"]))
        try folder.write("another", to: "shot.png")
        guard case .gone = examiner.look(into: InboxPath(folder: "", name: "shot.png"), expecting: status) else {
            Issue.record("a change was missed")
            return
        }
        try FileSystem.remove(folder["shot.png"])
        guard case .gone = examiner.look(into: InboxPath(folder: "", name: "shot.png"), expecting: status) else {
            Issue.record("it is not there any more")
            return
        }
    }
}
