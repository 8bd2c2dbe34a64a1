import Folders
import Jobs
import Testing

@Suite("Names alone")
struct NameRulesTests {
    @Test(
        "of what programs leave behind are litter",
        arguments: [
            ".DS_Store", "._shot.png", ".shot.png.swp", ".shot.png.Xy12Zq", ".davfs.tmp3f2a", ".syncthing.shot.png.tmp",
            ".smbdeleteA1", ".nfs0000000001", "~$shot.json", "~syncthing~shot.png.tmp", "#shot.json#", "shot.json~",
            "Thumbs.db", "thumbs.DB", "desktop.ini", "Desktop.ini", "4913", "sedX3k9Qa", "sedAbCdEf", "shot.png.tmp",
            "shot.TMP", "shot.png.part", "shot.png.partial", "Unconfirmed 1234.crdownload", "shot.png.download",
            "shot.png.filepart", "shot.png.aria2", "shot.json.lock", "shot.json.bak", "shot.png.upload", "",
            "shot.error.txt", "Shot.error.json", "shot.receipt.json",
        ])
    func litter(_ name: String) {
        #expect(NameRules.isLitter(FileName(name)))
    }

    @Test(
        "that merely look like litter pass",
        arguments: [
            "shot.v2.final.png", "~shot.png", "template.png", "sedan0001", "sedan.png", "sedation", "sedé12345",
            "49131",
            "4913.png", "part.png", "my.download.png", "shot #3.png", "#hashtag.png", "#", "tmp", "bak", "lock.json",
            "desktop.ini.png", "thumbs.db.json", "_hotreel.json", "-rf.png", "shot~1.png", "$RECYCLE.png",
        ])
    func passing(_ name: String) {
        #expect(!NameRules.isLitter(FileName(name)))
    }

    @Test("are litter also when they are not UTF-8")
    func bytes() {
        #expect(NameRules.isLitter(FileName(bytes: [0x2E, 0xE9])))
        #expect(NameRules.isLitter(FileName(bytes: [0xE9] + Array(".part".utf8))))
        #expect(!NameRules.isLitter(FileName(bytes: [0xE9] + Array(".png".utf8))))
    }

    @Test(
        "of folders that programs keep for themselves are passed over",
        arguments: [
            ".hotreel", ".~tmp~", ".rsync-partial", "__MACOSX", "@eaDir", "#recycle", ".Trash-1000", ".stversions",
            ".AppleDouble", ".git", "$RECYCLE.BIN",
        ])
    func litterFolders(_ name: String) {
        #expect(NameRules.isLitterFolder(FileName(name)))
    }

    @Test(
        "of a person's folders are not",
        arguments: ["portraits", "_dailies", "recycle", "shots.v2", "#1", "tmp", "Trash", "@home"])
    func folders(_ name: String) {
        #expect(!NameRules.isLitterFolder(FileName(name)))
    }

    @Test(
        "have a stem",
        arguments: [
            ("shot.png", "shot"), ("shot.v2.final.png", "shot.v2.final"), ("shot.json", "shot"),
            ("shot.png.json", "shot"),
            ("shot.PNG.JSON", "shot"), ("shot.v2.final.json", "shot.v2.final"),
            ("shot.v2.final.png.json", "shot.v2.final"),
            ("noextension", "noextension"), ("trailing.", "trailing."), ("a b.jpeg", "a b"),
            ("shot.note.json", "shot.note"),
        ])
    func stems(_ name: String, stem: String) {
        #expect(NameRules.stem(of: FileName(name)) == stem)
    }

    @Test("tell pictures, sidecars and defaults apart, whatever their case")
    func kinds() {
        for name in ["a.png", "a.JPG", "a.Tiff", "a.heic", "a.webp"] {
            #expect(NameRules.hasPictureSuffix(FileName(name)))
        }
        for name in ["a.txt", "png", "a.png.json", ".png", "a.", "a.mp4"] {
            #expect(!NameRules.hasPictureSuffix(FileName(name)))
        }
        for name in ["a.json", "A.JSON", "a.png.json"] { #expect(NameRules.isSidecar(FileName(name))) }
        for name in ["_hotreel.json", "_HOTREEL.json", "json", "a.jsonl"] {
            #expect(!NameRules.isSidecar(FileName(name)))
        }
        #expect(NameRules.isDefaults("_Hotreel.JSON") && !NameRules.isDefaults("hotreel.json"))
    }

    @Test("know the exact sidecar, composed or decomposed, in any case")
    func exactSidecar() {
        #expect(NameRules.isExactSidecar("Shot.PNG.json", of: "shot.png"))
        #expect(NameRules.isExactSidecar("caf\u{E9}.png.json", of: "cafe\u{301}.png"))
        #expect(!NameRules.isExactSidecar("shot.json", of: "shot.png"))
        #expect(!NameRules.isExactSidecar("shot.jpg.json", of: "shot.png"))
    }
}
