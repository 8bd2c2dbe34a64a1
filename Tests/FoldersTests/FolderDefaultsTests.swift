import Catalog
import Folders
import Jobs
import Testing

@Suite("Folder defaults")
struct FolderDefaultsTests {
    @Test("make a job of a picture alone", arguments: scenarios)
    func decide(_ scenario: PairingScenario) throws { try scenario.check() }

    static let scenarios = [
        PairingScenario(
            "after the grace",
            [(0, .put("_hotreel.json", .sidecar(["prompt": "pan"]))), (10, .put("shot.png", .picture()))],
            gives: "15 take shot.png"),
        PairingScenario(
            "from a folder above",
            [(0, .put("_hotreel.json", .sidecar(["prompt": "pan"]))), (10, .put("a/b/shot.png", .picture()))],
            gives: "15 take a/b/shot.png"),
        PairingScenario(
            "not from a folder beside",
            [(0, .put("a/_hotreel.json", .sidecar(["prompt": "pan"]))), (10, .put("ab/shot.png", .picture()))],
            gives: "3610 refuse ab/shot.png"),
        PairingScenario(
            "never while its own sidecar is being written",
            [
                (0, .put("_hotreel.json", .sidecar(["prompt": "pan"]))), (10, .put("shot.png", .picture())),
                (14.9, .put("shot.json", .sidecar([:]))),
            ], gives: "15.9 take shot.png+shot.json"),
        PairingScenario(
            "never while its own sidecar is there cut off",
            [
                (0, .put("_hotreel.json", .sidecar(["prompt": "pan"]))), (10, .put("shot.png", .picture())),
                (11, .put("shot.json", .cut)), (900, .put("shot.json", .sidecar([:]))),
            ], gives: "901 take shot.png+shot.json"),
        PairingScenario(
            "never while its own sidecar is gone for a moment, because a program writes it anew",
            [
                (0, .put("_hotreel.json", .sidecar(["prompt": "pan"]))), (10, .put("shot.png", .picture())),
                (10, .put("shot.json", .cut)), (100, .vanish("shot.json")), (102, .put("shot.json", .sidecar([:]))),
            ], gives: "103 take shot.png+shot.json"),
        PairingScenario(
            "never of a tail whose sidecar is being written anew",
            [
                (0, .put("_hotreel.json", .sidecar(["prompt": "pan"]))), (0, .put("end.png", .picture())),
                (0, .put("shot.json", .sidecar(["tail_image_url": "end.png"]))), (100, .put("shot.json", .cut)),
                (150, .touch("end.png")), (200, .put("shot.json", .sidecar(["tail_image_url": "end.png"]))),
                (200, .put("shot.png", .picture())),
            ], gives: "201 take shot.png+end.png+shot.json"),
        PairingScenario(
            "with no quiet time the grace holds all the same", settle: 0,
            [(0, .put("_hotreel.json", .sidecar(["prompt": "pan"]))), (10, .put("shot.png", .picture()))],
            gives: "15 take shot.png"),
        PairingScenario(
            "that come late find the pictures that wait",
            [(0, .put("shot.png", .picture())), (100, .put("_hotreel.json", .sidecar(["prompt": "pan"])))],
            gives: "101 take shot.png"),
        PairingScenario(
            "that go in time leave the picture waiting",
            [
                (0, .put("_hotreel.json", .sidecar(["prompt": "pan"]))), (10, .put("shot.png", .picture())),
                (12, .vanish("_hotreel.json")),
            ], gives: "3610 refuse shot.png"),
        PairingScenario(
            "that are being edited hold everything up until they are whole",
            [
                (0, .put("_hotreel.json", .cut)), (0, .put("shot.png", .picture())),
                (0, .put("shot.json", .sidecar([:]))),
                (50, .put("_hotreel.json", .sidecar(["prompt": "pan"]))),
            ], gives: "51 take shot.png+shot.json"),
        PairingScenario(
            "that are wrong are told with the drop, and stay",
            [
                (0, .put("_hotreel.json", .broken)), (0, .put("shot.png", .picture())),
                (0, .put("shot.json", .sidecar([:]))),
            ], gives: "1 refuse shot.png+shot.json: _hotreel.json: broken"),
        PairingScenario(
            "that name a mask lend it to each, and it is no drop of its own",
            [
                (0, .put("_hotreel.json", .sidecar(["prompt": "pan", "static_mask": "still.png"]))),
                (0, .put("still.png", .picture())), (10, .put("a.png", .picture())), (20, .put("b.png", .picture())),
            ], gives: "15 take a.png+still.png*", "25 take b.png+still.png*"),
        PairingScenario(
            "that name a mask whose upload was cut leave it where it is",
            [
                (0, .put("still.png", .cut)),
                (0, .put("_hotreel.json", .sidecar(["prompt": "pan", "static_mask": "still.png"]))),
                (4000, .put("still.png", .picture())), (4000, .put("a.png", .picture())),
            ], gives: "4005 take a.png+still.png*"),
        PairingScenario(
            "that name a mask for the folders below find it beside themselves",
            [
                (0, .put("_hotreel.json", .sidecar(["prompt": "pan", "static_mask": "masks/still.png"]))),
                (0, .put("masks/still.png", .picture())), (10, .put("a/b.png", .picture())),
            ], gives: "15 take a/b.png+masks/still.png*"),
        PairingScenario(
            "make no job of a mask that two drops shared",
            [
                (0, .put("_hotreel.json", .sidecar(["prompt": "pan"]))), (0, .put("still.png", .picture())),
                (0, .put("a.png", .picture())), (0, .put("a.json", .sidecar(["static_mask": "still.png"]))),
                (0, .put("b.png", .picture())), (0, .put("b.json", .sidecar(["static_mask": "still.png"]))),
            ], gives: "1 take a.png+still.png*+a.json", "1 take b.png+still.png+b.json"),
    ]

    @Test("merge key by key down the tree, and the sidecar wins")
    func merging() throws {
        var table = InboxTable()
        var inode: UInt64 = 0
        func put(_ path: InboxPath, _ examination: Examination) {
            inode += 1
            let identity = FileIdentity(device: 1, inode: inode, size: 9, modified: 0, changed: 0)
            table.see(path, FileStatus(kind: .regular, identity: identity), at: .zero, news: true)
            table.examined(path, identity: identity, examination)
        }
        put(
            "_hotreel.json",
            .sidecar(["prompt": "outer", "duration": 10, "hotreel": ["priority": 9, "variations": 2]], sha256: ""))
        put(
            "a/_hotreel.json",
            .sidecar(["prompt": "inner", "cfg_scale": 0.3, "hotreel": ["variations": 3]], sha256: ""))
        put("a/shot.json", .sidecar(["cfg_scale": 0.9], sha256: ""))
        put("a/shot.png", .picture(ImageFacts(format: .png, width: 1280, height: 720, bytes: 9), sha256: ""))
        let pairer = Pairer(
            catalog: try .bundled(), rules: PairingRules(settle: .zero, grace: .zero, orphanAfter: .seconds(9)))
        let verdicts = pairer.decide(GroupKey(folder: "a", stem: "shot"), in: table, at: .seconds(1))
        guard case .take(let candidate)? = verdicts.first else {
            Issue.record("\(verdicts)")
            return
        }
        #expect(candidate.settings.parameters == ["prompt": "inner", "duration": 10, "cfg_scale": 0.9])
        #expect(candidate.settings.options.priority == 9 && candidate.settings.options.variations == 3)
    }

    @Test("of a whole inbox lie below those of its folders, and make no picture alone a job")
    func ofTheInbox() throws {
        var table = InboxTable()
        func put(_ path: InboxPath, _ inode: UInt64, _ examination: Examination) {
            let identity = FileIdentity(device: 1, inode: inode, size: 9, modified: 0, changed: 0)
            table.see(path, FileStatus(kind: .regular, identity: identity), at: .zero, news: true)
            table.examined(path, identity: identity, examination)
        }
        let picture = Examination.picture(ImageFacts(format: .png, width: 1280, height: 720, bytes: 9), sha256: "")
        put("a/_hotreel.json", 1, .sidecar(["prompt": "folder"], sha256: ""))
        put("a/shot.png", 2, picture)
        put("shot.png", 3, picture)
        put("shot.json", 4, .sidecar(["cfg_scale": 0.9], sha256: ""))
        put("alone.png", 5, picture)
        let pairer = Pairer(
            catalog: try .bundled(), rules: PairingRules(settle: .zero, grace: .zero, orphanAfter: .seconds(9)),
            defaults: SettingsLayer(
                file: "defaults of the inbox", values: ["prompt": "inbox", "duration": 10, "cfg_scale": 0.2]))
        func parameters(_ folder: FileName, _ stem: String) -> [String: JSONValue]? {
            guard
                case .take(let candidate)? =
                    pairer.decide(GroupKey(folder: folder, stem: stem), in: table, at: .seconds(1)).first
            else { return nil }
            return candidate.settings.parameters
        }
        #expect(parameters("a", "shot") == ["prompt": "folder", "duration": 10, "cfg_scale": 0.2])
        #expect(parameters("", "shot") == ["prompt": "inbox", "duration": 10, "cfg_scale": 0.9])
        #expect(parameters("", "alone") == nil)
    }
}
