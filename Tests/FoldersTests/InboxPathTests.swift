import Folders
import Jobs
import SystemPackage
import Testing

@Suite("Paths below the inbox")
struct InboxPathTests {
    @Test("follow a sidecar's relative names")
    func following() {
        #expect(
            InboxPath(from: "a/b", following: "masks/still.png") == InboxPath(folder: "a/b/masks", name: "still.png"))
        #expect(InboxPath(from: "", following: "still.png") == InboxPath(folder: "", name: "still.png"))
        #expect(InboxPath(from: "", following: "m//n/still.png").relative == "m/n/still.png")
    }

    @Test("know their parents and all folders on the way down")
    func way() {
        #expect(FileName("a/b/c").wayDown == ["", "a", "a/b", "a/b/c"])
        #expect(FileName("").wayDown == [""])
        #expect(FileName("a").parent == "" && FileName("").parent == nil)
        #expect(FileName("a/b").lastComponent == "b" && FileName("b").lastComponent == "b")
    }

    @Test("lie within a folder, not merely beside one whose name begins alike")
    func within() {
        #expect(FileName("a/b").isWithin("a") && FileName("a").isWithin("a") && FileName("a").isWithin(""))
        #expect(!FileName("ab").isWithin("a") && !FileName("a").isWithin("a/b"))
    }

    @Test("compare without case, with accents composed, and as Latin-1 where they are not UTF-8")
    func folding() {
        #expect(FileName("CAFÉ.PNG").folded == FileName("cafe\u{301}.png").folded)
        #expect(FileName("STRASSE").folded != FileName("straße").folded)
        #expect(FileName(bytes: [0xC9]).folded == FileName("é").folded)
    }

    @Test("keep bytes that are not UTF-8")
    func bytes() {
        let name = FileName(bytes: [0x66, 0xE9, 0xFF])
        let path = FilePath("/inbox").appending(FileName("sub").appending(name))
        #expect(
            path.withPlatformString { Array(UnsafeBufferPointer(start: $0, count: 14)) }.map { UInt8(bitPattern: $0) }
                == Array("/inbox/sub/".utf8) + name.bytes)
        #expect(FilePath("/inbox").appending(FileName("")) == "/inbox")
    }
}
