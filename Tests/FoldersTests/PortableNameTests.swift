import Jobs
import SystemPackage
import TestKit
import Testing

@testable import Folders

@Suite("Names that every client can show")
struct PortableNameTests {
    @Test(
        "replace what Windows has no name for, in a picture and its sidecar alike",
        arguments: [
            ("shot", "shot"), ("shot.v2.final", "shot.v2.final"), ("Ünïcode 🎬", "Ünïcode 🎬"),
            ("cafe\u{301}", "cafe\u{301}"), ("a<b>c:d\"e\\f|g?h*i", "a_b_c_d_e_f_g_h_i"), ("tab\there", "tab_here"),
            ("take 2.", "take 2_"), ("take 2 . ", "take 2___"), ("con", "con_"), ("NUL", "NUL_"),
            ("com1.v2", "com1_.v2"), ("Lpt²", "Lpt²_"), ("AUX .x", "AUX_ .x"), ("console", "console"),
            ("com10", "com10"), ("com", "com"),
        ])
    func pairs(_ stem: String, portable: String) {
        #expect(PortableName.stem(stem) == portable)
        #expect(PortableName.stem(portable) == portable)
        for suffix in [".png", ".json", ".png.json", ".jpeg"] {
            let file = OutputName.choice(1, of: FileName(stem + suffix))
            #expect(file == FileName(portable + suffix))
            #expect(NameRules.stem(of: file).folded == portable.folded)
            #expect(OutputName.choice(2, of: FileName(stem + suffix)) == FileName("\(portable) (2)\(suffix)"))
        }
    }

    @Test("hold for each folder on the way, and for what follows the last dot")
    func folders() {
        #expect(PortableName.folder("day: 1/aux/fine ") == "day_ 1/aux_/fine_")
        #expect(PortableName.folder("") == "")
        #expect(OutputName.choice(1, of: FileName("a:b/still?.png ")) == "a_b/still_.png_")
        #expect(OutputName.choice(1, of: FileName("nothing.")) == "nothing_")
        #expect(Outbox(root: "/out").folder(.videos, "a:b/c") == "/out/videos/a_b/c")
    }

    @Test("keep bytes that are not UTF-8")
    func bytes() {
        let name = FileName(bytes: [0x66, 0xFC, 0x3F, 0x72] + Array(".png".utf8))
        #expect(OutputName.choice(1, of: name).bytes == [0x66, 0xFC, 0x5F, 0x72] + Array(".png".utf8))
        #expect(OutputName.choice(2, of: name).bytes == [0x66, 0xFC, 0x5F, 0x72] + Array(" (2).png".utf8))
    }

    @Test("of a pair are cut alike where they would become too long")
    func long() {
        for stem in [String(repeating: "長", count: 83), "con." + String(repeating: "x", count: 246)] {
            for number in [1, 2, 1000] {
                let stems = [".png", ".json"].map { suffix in
                    let file = OutputName.choice(number, of: FileName(stem + suffix))
                    #expect(file.bytes.count <= 255 && String(validating: file.bytes, as: UTF8.self) != nil)
                    return NameRules.stem(of: file)
                }
                #expect(stems[0] == stems[1] && stems[0].hasPrefix(stem.prefix(3)))
            }
        }
    }

    @Test("are explained, and only where something changes")
    func explained() {
        #expect(OutputName.changes(of: "shot", in: "p/q").isEmpty)
        let notes = OutputName.changes(of: "what?", in: "day: 1")
        #expect(notes.count == 2 && notes[0].contains("\"what_\"") && notes[1].contains("\"day_ 1\""))
        #expect(OutputName.changes(of: String(repeating: "x", count: 221), in: "").first?.contains("too long") == true)
    }

    @Test("count as taken also where they differ only by case or by how accents are written")
    func lookalikes() throws {
        let folder = try TemporaryFolder()
        let outbox = Outbox(root: folder["out"])
        for name in ["Shot.mp4", "cafe\u{301}.mp4", "ÉTÉ.receipt.json"] {
            try folder.write("there", to: "out/videos/p/\(name)")
        }
        for (wish, free) in [
            ("shot", "shot (2)"), ("SHOT", "SHOT (2)"), ("caf\u{E9}", "caf\u{E9} (2)"), ("été", "été (2)"),
            ("shots", "shots"),
        ] {
            #expect(try outbox.freeVideoName(wish, folder: "p") == free)
        }
        #expect(try outbox.freeVideoName("shot", folder: "elsewhere") == "shot")
    }

    @Test("of sources given back are numbered beside others that differ only by case")
    func sources() throws {
        let folder = try TemporaryFolder()
        let claims = Claims(inbox: folder["in"])
        let outbox = Outbox(root: folder["out"])
        try folder.write("there", to: "out/errors/SHOT.PNG")
        try folder.folder("in/.hotreel")
        let sources = try ["shot.png", "shot.json"].map { name in
            let path = try folder.write(name, to: "in/\(name)")
            let status = try #require(try FileSystem.status(of: path))
            return Source(
                role: name == "shot.png" ? .picture : .sidecar, file: FileName(name), identity: status.identity,
                sha256: try FileSystem.hash(path).sha256, claim: .move)
        }
        let drop = Drop(id: DropID(rawValue: "d"), folder: "", sources: sources)
        try claims.prepare(drop.id)
        for source in sources { #expect(try claims.take(source, of: drop) == .taken) }
        let number = try outbox.freeNumber(for: drop, in: .errors, from: claims)
        #expect(number == 2)
        try outbox.receive(drop, from: claims, in: .errors, number: number)
        #expect(folder.files(in: "out/errors") == ["SHOT.PNG", "shot (2).json", "shot (2).png"])
    }
}
