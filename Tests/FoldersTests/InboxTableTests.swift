import Jobs
import Testing

@testable import Folders

@Suite("The table of the inbox")
struct InboxTableTests {
    private let picture: InboxPath = "shots/a.png"
    private let whole = Examination.sidecar([:], sha256: "")

    private func status(_ inode: UInt64 = 1, size: Int64 = 10, modified: Int64 = 0, changed: Int64 = 0) -> FileStatus {
        FileStatus(
            kind: .regular,
            identity: FileIdentity(device: 1, inode: inode, size: size, modified: modified, changed: changed))
    }

    private func table(_ paths: InboxPath..., at now: Duration = .zero) -> InboxTable {
        var table = InboxTable()
        for path in paths { table.see(path, status(), at: now, news: true) }
        _ = table.takeDirty()
        return table
    }

    @Test("starts a file's clock again with each event, and decides anew")
    func events() {
        var table = table(picture)
        table.see(picture, status(), at: .seconds(3), news: true)
        #expect(table.file(picture)?.quietSince == .seconds(3))
        #expect(table.takeDirty() == [GroupKey(folder: "shots", stem: "a")])
    }

    @Test("is not moved by fifty listings of the same")
    func rescans() {
        var table = table(picture)
        for second in 1...50 { table.see(folder: "shots", listing: [("a.png", status())], at: .seconds(second)) }
        #expect(table.file(picture)?.quietSince == .zero)
        #expect(table.takeDirty().isEmpty)
    }

    @Test(
        "starts the clock again where a listing shows any difference, and forgets the look",
        arguments: [(2, 10, 0, 0), (1, 11, 0, 0), (1, 10, 1, 0), (1, 10, 0, 1)] as [(UInt64, Int64, Int64, Int64)])
    func differences(inode: UInt64, size: Int64, modified: Int64, changed: Int64) {
        var table = table(picture)
        table.examined(picture, identity: status().identity, whole)
        let now = status(inode, size: size, modified: modified, changed: changed)
        table.see(folder: "shots", listing: [("a.png", now)], at: .seconds(2))
        #expect(table.file(picture)?.quietSince == .seconds(2))
        #expect(table.file(picture)?.examination == nil)
    }

    @Test("keeps a look through an event that changed nothing")
    func lookKept() {
        var table = table(picture)
        table.examined(picture, identity: status().identity, whole)
        table.see(picture, status(), at: .seconds(1), news: true)
        #expect(table.file(picture)?.examination == whole)
    }

    @Test("takes no look at something that has changed since")
    func staleLook() {
        var table = table(picture)
        table.examined(picture, identity: status(2).identity, whole)
        #expect(table.file(picture)?.examination == nil)
    }

    @Test("forgets what a listing no longer shows, and what became a folder")
    func removal() {
        var table = table(picture, "shots/b.png")
        table.see(folder: "shots", listing: [("b.png", status())], at: .seconds(1))
        #expect(table.file(picture) == nil && table.fileCount == 1)
        #expect(table.takeDirty() == [GroupKey(folder: "shots", stem: "a")])
        let folder = FileStatus(kind: .folder, identity: status().identity)
        table.see("shots/b.png", folder, at: .seconds(2), news: true)
        #expect(table.fileCount == 0)
    }

    @Test("forgets a folder with all below it, and nothing beside it")
    func folderRemoval() {
        var table = table(picture, "shots/deep/c.png", "shots2/d.png")
        table.remove(folder: "shots")
        #expect(table.fileCount == 1 && table.file("shots2/d.png") != nil)
    }

    @Test("passes litter over")
    func litter() {
        var table = InboxTable()
        table.see(
            folder: "", listing: [(".DS_Store", status()), ("a.png.part", status()), ("a.png", status())], at: .zero)
        #expect(table.fileCount == 1)
    }

    @Test("finds a file by a name in another case or composition, also of its folder")
    func finding() {
        let table = table("Masks/Cafe\u{301}.PNG")
        #expect(table.find("Masks/caf\u{E9}.png") == "Masks/Cafe\u{301}.PNG")
        #expect(table.find("masks/caf\u{E9}.png") == "Masks/Cafe\u{301}.PNG")
        #expect(table.find("masks/cafe.png") == nil && table.find("other/caf\u{E9}.png") == nil)
    }

    @Test("finds a file in its own folder before one of nearly its name, and past one that is empty by now")
    func findingAmongFolders() {
        var table = table("masks/a.png", "Masks/A.png", "MASKS/b.png")
        #expect(table.find("masks/A.PNG") == "masks/a.png" && table.find("Masks/a.PNG") == "Masks/A.png")
        #expect(table.find("masks/B.png") == "MASKS/b.png")
        #expect(table.find("mAsKs/A.png") == "Masks/A.png" && table.find("mAsKs/a.png") == "masks/a.png")
        table.remove("masks/a.png")
        #expect(table.find("masks/a.png") == "Masks/A.png")
        #expect(Set(table.folderNames) == ["Masks", "MASKS"])
    }

    @Test("decides on every file that a sidecar may have meant, in all folders of nearly its name")
    func wantsAmongFolders() {
        var table = table("a/shot.json", "a/m.png", "A/m.png")
        let groups = Set(["a", "A"].map { GroupKey(folder: $0, stem: "m") })
        table.examined("a/shot.json", identity: status().identity, whole, naming: ["a/M.png"])
        #expect(table.takeDirty().isSuperset(of: groups))
        table.remove("a/shot.json")
        #expect(table.takeDirty().isSuperset(of: groups))
    }

    @Test("knows a named file whose name is Latin-1 in a folder whose name is UTF-8")
    func mixedNames() {
        let mask = InboxPath(folder: "caf\u{E9}", name: FileName(bytes: [0x66, 0xE9] + Array(".png".utf8)))
        let sidecar: InboxPath = "caf\u{E9}/a.json"
        var table = table(sidecar, mask)
        table.examined(sidecar, identity: status().identity, whole, naming: ["caf\u{E9}/f\u{E9}.png"])
        #expect(table.find("caf\u{E9}/f\u{E9}.png") == mask)
        #expect(table.sidecars(naming: mask) == [sidecar])
    }

    @Test("remembers which sidecars name a file, and decides on them when it comes, changes or goes")
    func wants() {
        var table = table("a.json")
        table.examined("a.json", identity: status().identity, whole, naming: ["masks/m.png"])
        #expect(table.sidecars(naming: "Masks/M.png") == ["a.json"])
        let own = GroupKey(folder: "", stem: "a")
        for step in 1...3 {
            _ = table.takeDirty()
            table.see("masks/m.png", step == 3 ? nil : status(UInt64(step)), at: .seconds(step), news: true)
            #expect(table.takeDirty().contains(own), "step \(step)")
        }
    }

    @Test("frees a named file once its sidecar has gone or changed its mind")
    func wantsEnd() {
        var table = table("a.json", "m.png")
        table.examined("a.json", identity: status().identity, whole, naming: ["m.png"])
        table.examined("a.json", identity: status().identity, whole, naming: [])
        #expect(table.sidecars(naming: "m.png").isEmpty)
        table.examined("a.json", identity: status().identity, whole, naming: ["m.png"])
        _ = table.takeDirty()
        table.remove("a.json")
        #expect(table.sidecars(naming: "m.png").isEmpty)
        #expect(table.takeDirty().contains(GroupKey(folder: "", stem: "m")))
    }

    @Test("decides on whoever names a file that settles anew because its sidecar has gone")
    func partnerRestarted() {
        var table = table("a.json", "m.png", "m.json")
        table.examined("a.json", identity: status().identity, whole, naming: ["m.png"])
        _ = table.takeDirty()
        table.see("m.json", nil, at: .seconds(9), news: true)
        #expect(table.file("m.png")?.quietSince == .seconds(9))
        #expect(table.takeDirty().contains(GroupKey(folder: "", stem: "a")))
    }

    @Test("a used file is used until its content changes; a touch does not make it new")
    func used() {
        var table = table(picture)
        table.markUsed(picture)
        table.see(picture, status(changed: 5), at: .seconds(1), news: true)
        #expect(table.file(picture)?.isUsed == true)
        table.see(picture, status(size: 11), at: .seconds(2), news: true)
        #expect(table.file(picture)?.isUsed == false)
    }

    @Test("a used file that is touched or written once more with the same content stays used")
    func usedAgain() throws {
        var table = table(picture)
        func look(_ sha256: String) throws {
            let facts = ImageFacts(format: .png, width: 1280, height: 720, bytes: 10)
            let identity = try #require(table.file(picture)?.status.identity)
            table.examined(picture, identity: identity, .picture(facts, sha256: sha256))
        }
        try look("a")
        table.markUsed(picture)
        table.see(picture, status(modified: 7), at: .seconds(1), news: true)
        try look("a")
        #expect(table.file(picture)?.isUsed == true)
        table.see(picture, status(modified: 8), at: .seconds(2), news: true)
        try look("b")
        #expect(table.file(picture)?.isUsed == false)
    }

    @Test("decides on everything below when folder defaults come or go, and on nothing beside")
    func defaults() {
        var table = table("in/a.png", "in/deep/b.png", "out/c.png")
        for step in 1...2 {
            table.see("in/_hotreel.json", step == 1 ? status() : nil, at: .seconds(step), news: true)
            #expect(
                table.takeDirty() == [GroupKey(folder: "in", stem: "a"), GroupKey(folder: "in/deep", stem: "b")],
                "step \(step)")
        }
    }
}
