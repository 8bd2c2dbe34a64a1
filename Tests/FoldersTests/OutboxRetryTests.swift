import Foundation
import Jobs
import SystemPackage
import TestKit
import Testing

@testable import Folders

@Suite("Taking back out of errors")
struct OutboxRetryTests {
    private let folder: TemporaryFolder
    private let outbox: Outbox
    private let claims: Claims

    init() throws {
        folder = try TemporaryFolder()
        outbox = Outbox(root: folder["out"])
        claims = Claims(inbox: folder["in"])
        try outbox.prepare()
        try folder.folder("in/.hotreel")
    }

    private func path(_ name: String) -> InboxPath { InboxPath(from: "", following: FileName(name)) }

    private func given(_ names: String...) throws {
        for name in names { try folder.write(name, to: "out/errors/\(name)") }
    }

    private let report = Array(#"{"job": "1", "stage": "intake", "problems": []}"#.utf8)

    @discardableResult
    private func bringBack(_ path: String, _ what: Lack.What) throws -> [String] {
        try folder.write("waits", to: "in/\(path)")
        let came = try outbox.bringBack([Lack(path: self.path(path), what: what)], to: claims)
        for place in came { #expect(folder.exists("in/\(place.relative.text)")) }
        return came.map(\.relative.text).sorted()
    }

    @Test(
        "finds the picture of a sidecar, by name before number, in whatever case",
        arguments: [
            ("p/shot.json", ["p/shot.png", "p/other.png"], ["p/shot.png"]),
            ("p/shot.json", ["p/SHOT.PNG", "p/shot.error.txt"], ["p/SHOT.PNG"]),
            ("p/shot.png.json", ["p/shot.png", "p/shot.jpg"], ["p/shot.png"]),
            ("p/shot.json", ["p/shot (2).png", "p/shot (10).png"], ["p/shot.png"]),
            ("p/shot.json", ["p/shot.png", "p/shot (2).png"], ["p/shot.png"]),
            ("p/shot (2).json", ["p/shot.png", "p/shot (2).png"], ["p/shot (2).png"]),
            ("p/wh?t.json", ["p/wh_t.png"], ["p/wh?t.png"]),
            ("p/shot.json", ["p/shot.txt", "p/shot.jpg"], ["p/shot.jpg"]),
            ("p/shot.json", ["q/shot.png", "p/shot.json", "p/.shot.png"], []),
        ] as [(String, [String], [String])])
    func pictures(sidecar: String, there: [String], expected: [String]) throws {
        for name in there { try given(name) }
        #expect(try bringBack(sidecar, .picture) == expected)
        #expect(folder.files(in: "out/errors").count == there.count - expected.count)
    }

    @Test("finds the sidecar of a picture only where a report lies beside it")
    func sidecars() throws {
        try given("p/shot.json")
        #expect(try bringBack("p/shot.png", .sidecar) == [])
        try outbox.report(text: "why", json: report, folder: "p", stem: "shot")
        #expect(try bringBack("p/shot.png", .sidecar) == ["p/shot.json"])
        #expect(folder.files(in: "out/errors") == ["p/shot.error.json", "p/shot.error.txt"])
    }

    @Test("finds what a sidecar names, first under the sidecar's own number")
    func named() throws {
        try given("p/end.png", "p/end (2).png", "p/masks/still.png")
        #expect(try bringBack("p/shot (2).json", .file(path("p/end.png"))) == ["p/end.png"])
        #expect(try folder.text(of: "in/p/end.png") == "p/end (2).png")
        #expect(try bringBack("p/shot.json", .file(path("p/masks/STILL.png"))) == ["p/masks/STILL.png"])
        #expect(folder.files(in: "out/errors") == ["p/end.png"])
    }

    @Test("never replaces what lies in the inbox, takes no link, and nothing that is being written")
    func careful() throws {
        try given("p/shot.png")
        try folder.write("mine", to: "in/p/shot.png")
        #expect(try bringBack("p/shot.json", .picture) == [])
        #expect(try folder.text(of: "in/p/shot.png") == "mine")
        folder.remove("in/p/shot.png")
        let file = try FileDescriptor.open(folder["out/errors/p/shot.png"], .writeOnly)
        #expect(try bringBack("p/shot.json", .picture) == [])
        try file.close()
        #expect(try bringBack("p/shot.json", .picture) == ["p/shot.png"])
        try FileManager.default.createSymbolicLink(
            atPath: folder["out/errors/p/link.png"].string, withDestinationPath: "/etc/hostname")
        #expect(try bringBack("p/link.json", .picture) == [])
        #expect(folder.files(in: "in/.hotreel").isEmpty)
    }

    @Test("takes from another disk what is whole, and leaves it nowhere twice")
    func otherDisk() throws {
        let away = FilePath("/dev/shm/hotreel-\(UInt64.random(in: 0...(.max)))")
        try FileSystem.makeFolder(away)
        defer { try? FileSystem.removeTree(away) }
        try #require(
            try FileSystem.status(of: away)?.identity.device
                != FileSystem.status(of: folder.path)?.identity.device)
        let outbox = Outbox(root: away)
        try outbox.prepare()
        try folder.write(String(repeating: "content", count: 100_000), to: away.appending("errors/shot.png"))
        try folder.write("waits", to: "in/shot.json")
        let came = try outbox.bringBack([Lack(path: path("shot.json"), what: .picture)], to: claims)
        #expect(came == [path("shot.png")])
        #expect(try folder.text(of: "in/shot.png").utf8.count == 700_000)
        #expect(try FileSystem.list(away.appending("errors")).isEmpty && folder.files(in: "in/.hotreel").isEmpty)
    }

    private func drop(_ files: [(Source.Role, String, String)]) throws -> Drop {
        Drop(
            id: DropID(rawValue: "d"), folder: "p",
            sources: try files.map { role, name, content in
                let file = try folder.write(content, to: "in/p/\(name)")
                let status = try #require(try FileSystem.status(of: file))
                return Source(
                    role: role, file: FileName(name), identity: status.identity,
                    sha256: try FileSystem.hash(file).sha256, claim: .move)
            })
    }

    @Test("removes copies of what is dropped again, with their report, and nothing that differs")
    func copies() throws {
        try given("p/shot.png", "p/shot.json", "p/end.png", "p/other.png")
        try outbox.report(text: "why", json: report, folder: "p", stem: "shot")
        let again = try drop([
            (.picture, "shot.png", "p/shot.png"), (.sidecar, "shot.json", "fixed"), (.tail, "end.png", "p/end.png"),
        ])
        try outbox.withdrawCopies(of: again)
        #expect(folder.files(in: "out/errors/p") == ["other.png", "shot.json"])
    }

    @Test("removes the report whose other half has been taken away, and leaves the half that differs")
    func half() throws {
        try given("p/shot.json")
        try outbox.report(text: "why", json: report, folder: "p", stem: "shot")
        try outbox.withdrawCopies(of: try drop([(.picture, "shot.png", "any"), (.sidecar, "shot.json", "fixed")]))
        #expect(folder.files(in: "out/errors/p") == ["shot.json"])
    }

    @Test("leaves a tail that another report may speak of, and another drop of the same name")
    func others() throws {
        try given("p/shot.png", "p/shot.json", "p/end.png")
        for stem in ["shot", "second"] { try outbox.report(text: "why", json: report, folder: "p", stem: stem) }
        let files = folder.files(in: "out/errors/p")
        try outbox.withdrawCopies(of: try drop([(.picture, "shot.png", "new"), (.sidecar, "shot.json", "new")]))
        #expect(folder.files(in: "out/errors/p") == files)
        try outbox.withdrawCopies(
            of: try drop([
                (.picture, "shot.png", "p/shot.png"), (.sidecar, "shot.json", "p/shot.json"),
                (.tail, "end.png", "p/end.png"),
            ]))
        #expect(folder.files(in: "out/errors/p") == ["end.png", "second.error.json", "second.error.txt"])
    }
}
