import Folders
import Jobs
import Testing

@Suite("Files that sidecars name")
struct ReferenceTests {
    @Test("are waited for and taken along", arguments: scenarios)
    func take(_ scenario: PairingScenario) throws { try scenario.check() }

    @Test("are shared", arguments: shared)
    func share(_ scenario: PairingScenario) throws { try scenario.check() }

    @Test("or pictures elsewhere start a video", arguments: remote)
    func start(_ scenario: PairingScenario) throws { try scenario.check() }

    private static func masks(_ names: String...) -> JSONValue {
        .array(
            names.map { ["mask": .string($0), "trajectories": [["x": 1, "y": 1], ["x": 9, "y": 9]]] })
    }

    static let scenarios = [
        PairingScenario(
            "a tail that comes late",
            [
                (0, .put("shot.png", .picture())), (0, .put("shot.json", .sidecar(["tail_image_url": "end.png"]))),
                (50, .put("end.png", .picture())),
            ], gives: "51 take shot.png+end.png+shot.json"),
        PairingScenario(
            "a tail that came first is no drop of its own",
            [
                (0, .put("end.png", .picture())), (0, .put("shot.png", .picture())),
                (50, .put("shot.json", .sidecar(["tail_image_url": "end.png"]))),
            ], gives: "51 take shot.png+end.png+shot.json"),
        PairingScenario(
            "a tail on the same stem",
            [
                (0, .put("shot.png", .picture())), (0, .put("shot.jpg", .picture())),
                (0, .put("shot.json", .sidecar(["tail_image_url": "shot.jpg"]))),
            ], gives: "1 take shot.png+shot.jpg+shot.json"),
        PairingScenario(
            "the picture itself as its tail",
            [(0, .put("shot.png", .picture())), (0, .put("shot.json", .sidecar(["tail_image_url": "shot.png"])))],
            gives: "1 take shot.png+shot.png+shot.json"),
        PairingScenario(
            "a mask in a subfolder, in another case",
            [
                (0, .put("shot.png", .picture())), (0, .put("shot.json", .sidecar(["static_mask": "masks/still.png"]))),
                (9, .put("Masks/Still.PNG", .picture())),
            ], gives: "10 take shot.png+Masks/Still.PNG+shot.json"),
        PairingScenario(
            "several masks, one of them twice",
            [
                (0, .put("shot.png", .picture())), (0, .put("a.png", .picture())), (0, .put("b.png", .picture())),
                (0, .put("shot.json", .sidecar(["dynamic_masks": masks("a.png", "b.png", "a.png")]))),
            ], gives: "1 take shot.png+a.png+b.png+shot.json"),
        PairingScenario(
            "one that never comes",
            [(0, .put("shot.png", .picture())), (0, .put("shot.json", .sidecar(["tail_image_url": "end.png"])))],
            gives: "3600 refuse shot.png+shot.json: tail_image_url: no file of this name came"),
        PairingScenario(
            "one that is cut",
            [
                (0, .put("shot.png", .picture())), (0, .put("shot.json", .sidecar(["tail_image_url": "end.png"]))),
                (0, .put("end.png", .cut)), (30, .put("end.png", .picture())),
            ], gives: "31 take shot.png+end.png+shot.json"),
        PairingScenario(
            "one that stays cut is given back with the drop",
            [
                (0, .put("shot.png", .picture())), (0, .put("shot.json", .sidecar(["tail_image_url": "end.png"]))),
                (10, .put("end.png", .cut)),
            ], gives: "3610 refuse shot.png+shot.json+end.png: end.png: cut"),
        PairingScenario(
            "one that is wrong for good is given back with the drop, and in its report alone",
            [
                (0, .put("end.png", .broken)), (0, .put("shot.png", .picture())),
                (0, .put("shot.json", .sidecar(["tail_image_url": "end.png"]))),
            ], gives: "1 refuse shot.png+shot.json+end.png: end.png: broken"),
        PairingScenario(
            "a sidecar is no tail",
            [
                (0, .put("shot.png", .picture())), (0, .put("shot.json", .sidecar(["tail_image_url": "end.json"]))),
                (0, .put("end.json", .sidecar(["image_url": "https://example.com/a.png"]))),
            ], gives: "1 take end.json", "1 refuse shot.png+shot.json: tail_image_url: this must name a picture"),
        PairingScenario(
            "a sidecar that another names by mistake is taken once",
            [
                (0, .put("end.json", .sidecar(["image_url": "https://example.com/a.png"]))),
                (0, .put("shot.json", .sidecar(["static_mask": "end.json"]))), (30, .touch("shot.json")),
                (60, .put("shot.png", .picture())),
            ], gives: "1 take end.json", "61 refuse shot.png+shot.json: static_mask: this must name a picture"),
        PairingScenario(
            "outside the folder are refused at once",
            [(0, .put("shot.png", .picture())), (0, .put("shot.json", .sidecar(["tail_image_url": "../end.png"])))],
            gives: "1 refuse shot.png+shot.json: tail_image_url: a file lies beside the sidecar"),
        PairingScenario(
            "no longer named: a sidecar that was corrected frees the file",
            [
                (0, .put("shot.json", .sidecar(["tail_image_url": "end.png"]))), (0, .put("end.png", .picture())),
                (10, .put("shot.json", .sidecar([:]))), (10, .put("shot.png", .picture())),
            ], gives: "11 take shot.png+shot.json", "3600 refuse end.png"),
    ]

    static let shared = [
        PairingScenario(
            "by two drops at once: one borrows, the last one takes",
            [
                (0, .put("still.png", .picture())), (0, .put("a.png", .picture())), (0, .put("b.png", .picture())),
                (0, .put("a.json", .sidecar(["static_mask": "still.png"]))),
                (0, .put("b.json", .sidecar(["static_mask": "still.png"]))),
            ], gives: "1 take a.png+still.png*+a.json", "1 take b.png+still.png+b.json"),
        PairingScenario(
            "with a drop that still waits for its picture",
            [
                (0, .put("still.png", .picture())), (0, .put("a.png", .picture())),
                (0, .put("a.json", .sidecar(["static_mask": "still.png"]))),
                (0, .put("b.json", .sidecar(["static_mask": "still.png"]))), (60, .put("b.png", .picture())),
            ], gives: "1 take a.png+still.png*+a.json", "61 take b.png+still.png+b.json"),
        PairingScenario(
            "with a drop that is refused",
            [
                (0, .put("still.png", .picture())), (0, .put("a.png", .picture())),
                (0, .put("a.json", .sidecar(["static_mask": "still.png", "duration": 7]))),
                (0, .put("b.png", .picture())),
                (0, .put("b.json", .sidecar(["static_mask": "still.png"]))),
            ], gives: "1 refuse a.png+a.json+still.png*: duration", "1 take b.png+still.png+b.json"),
        PairingScenario(
            "with a drop that is taken away again: it starts no video, and is given back in the end",
            [
                (0, .put("_hotreel.json", .sidecar(["prompt": "pan"]))), (0, .put("still.png", .picture())),
                (0, .put("a.png", .picture())), (0, .put("a.json", .sidecar(["static_mask": "still.png"]))),
                (0, .put("b.json", .sidecar(["static_mask": "still.png"]))), (60, .vanish("b.json")),
            ], gives: "1 take a.png+still.png*+a.json", "3660 refuse still.png: still.png: other drops named this file"),
        PairingScenario(
            "with a drop that is refused, and one that is told in the end",
            [
                (0, .put("still.png", .broken)), (0, .put("still.json", .broken)),
                (0, .put("b.json", .sidecar(["static_mask": "still.png"]))),
            ], gives: "1 refuse still.png*+still.json",
            "3600 refuse b.json: still.png: broken; b.json: no picture came",
            "3600 refuse still.png: still.png: other drops named this file"),
        PairingScenario(
            "the tail is the start of another shot",
            [
                (0, .put("a.png", .picture())), (0, .put("a.json", .sidecar(["tail_image_url": "b.png"]))),
                (0, .put("b.png", .picture())), (0, .put("b.json", .sidecar([:]))),
            ], gives: "1 take a.png+b.png*+a.json", "1 take b.png+b.json"),
        PairingScenario(
            "the tail is the start of another shot that goes first",
            [
                (0, .put("a.json", .sidecar(["tail_image_url": "b.png"]))), (0, .put("b.png", .picture())),
                (0, .put("b.json", .sidecar([:]))), (60, .put("a.png", .picture())),
            ], gives: "1 take b.png*+b.json", "61 take a.png+b.png+a.json"),
    ]

    static let remote = [
        PairingScenario(
            "on the web", [(0, .put("shot.json", .sidecar(["image_url": "https://example.com/a.png"])))],
            gives: "1 take shot.json"),
        PairingScenario(
            "on the web, with a picture beside it as well",
            [
                (0, .put("shot.png", .picture())),
                (0, .put("shot.json", .sidecar(["image_url": "https://example.com/a.png"]))),
            ],
            gives: "1 refuse shot.png+shot.json: image_url: the sidecar names a picture"),
        PairingScenario(
            "under another name",
            [(0, .put("other.png", .picture())), (0, .put("shot.json", .sidecar(["image_url": "other.png"])))],
            gives: "1 take other.png+shot.json"),
        PairingScenario(
            "under another name, with a picture beside it as well",
            [
                (0, .put("other.png", .picture())), (0, .put("shot.png", .picture())),
                (0, .put("shot.json", .sidecar(["image_url": "other.png"]))),
            ], gives: "1 refuse shot.png+shot.json+other.png: image_url: the sidecar names a picture"),
        PairingScenario(
            "beside it, which says nothing new",
            [(0, .put("shot.png", .picture())), (0, .put("shot.json", .sidecar(["image_url": "shot.png"])))],
            gives: "1 take shot.png+shot.json"),
        PairingScenario(
            "on the web, by the folder's defaults: a sidecar alone will do",
            [
                (0, .put("_hotreel.json", .sidecar(["image_url": "https://example.com/a.png"]))),
                (10, .put("shot.json", .sidecar(["prompt": "pan"]))),
            ], gives: "11 take shot.json"),
    ]
}
