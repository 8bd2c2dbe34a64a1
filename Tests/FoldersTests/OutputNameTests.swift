import Folders
import Jobs
import Testing

@Suite("Output names")
struct OutputNameTests {
    @Test("are as wished where they can stand in a file system")
    func fitting() {
        for name in [
            "shot", "Schöner Tag – 2", "emoji 🌅", "-rf", "it's 100% $HOME", String(repeating: "x", count: 220),
        ] {
            #expect(OutputName.fitting(name) == name)
        }
        #expect(OutputName.fitting("a\nb\tc\u{7F}d/e") == "a_b_c_d_e")
    }

    @Test("too long are cut between characters, and told apart")
    func cut() {
        let names = ["a", "b"].map { OutputName.fitting(String(repeating: "🌅", count: 80) + $0) }
        #expect(Set(names).count == 2)
        for name in names {
            #expect(name.utf8.count <= 220 && name.hasPrefix("🌅🌅") && !name.contains("\u{FFFD}"))
            #expect((OutputName.variation(16, of: 16, name: name) + " (99).receipt.json").utf8.count <= 255)
        }
    }

    @Test("of variations carry their number")
    func variations() {
        #expect(OutputName.variation(1, of: 1, name: "shot") == "shot")
        #expect((1...3).map { OutputName.variation($0, of: 3, name: "shot") } == ["shot_v1", "shot_v2", "shot_v3"])
    }

    @Test(
        "have a choice's number after the stem",
        arguments: [
            ("shot.png", "shot (2).png"), ("shot.png.json", "shot (2).png.json"), ("shot.json", "shot (2).json"),
            ("masks/still.png", "masks/still (2).png"), ("noextension", "noextension (2)"), ("a.éé", "a (2).éé"),
            ("cafe\u{301}.png", "cafe\u{301} (2).png"), ("shot.v2.png", "shot.v2 (2).png"),
        ] as [(FileName, FileName)])
    func choices(_ name: FileName, second: FileName) {
        #expect(OutputName.choice(1, of: name) == name)
        #expect(OutputName.choice(2, of: name) == second)
    }

    @Test("of a drop are known by its sidecar's stem, else its picture's")
    func stem() {
        func stem(_ sources: [(Source.Role, FileName)]) -> String {
            Drop(
                id: DropID(rawValue: "d"), folder: "",
                sources: sources.map { role, file in
                    Source(
                        role: role, file: file,
                        identity: FileIdentity(device: 1, inode: 1, size: 1, modified: 1, changed: 1), sha256: "",
                        claim: .move)
                }
            ).stem
        }
        #expect(stem([(.picture, "other.png"), (.tail, "end.png"), (.sidecar, "shot.json")]) == "shot")
        #expect(stem([(.tail, "sub/end.png"), (.picture, "sub/shot.png")]) == "shot")
    }
}
