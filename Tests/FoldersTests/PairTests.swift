import Folders
import Testing

@Suite("Pictures and their sidecars")
struct PairTests {
    @Test("pair", arguments: pairs)
    func take(_ scenario: PairingScenario) throws { try scenario.check() }

    @Test("wait, and are told in the end", arguments: incomplete)
    func wait(_ scenario: PairingScenario) throws { try scenario.check() }

    static let pairs = [
        PairingScenario(
            "picture first",
            [(0, .put("shot.png", .picture())), (0.2, .put("shot.json", .sidecar([:])))],
            gives: "1.2 take shot.png+shot.json"),
        PairingScenario(
            "sidecar first", [(0, .put("shot.json", .sidecar([:]))), (0.2, .put("shot.png", .picture()))],
            gives: "1.2 take shot.png+shot.json"),
        PairingScenario(
            "a sidecar that comes minutes later",
            [(0, .put("shot.png", .picture())), (1800, .put("shot.json", .sidecar([:])))],
            gives: "1801 take shot.png+shot.json"),
        PairingScenario(
            "a picture that comes minutes later",
            [(0, .put("shot.json", .sidecar([:]))), (1800, .put("shot.png", .picture()))],
            gives: "1801 take shot.png+shot.json"),
        PairingScenario(
            "a sidecar that comes in the last second, when the picture's time is over before it is quiet",
            [(0, .put("shot.png", .picture())), (3599.5, .put("shot.json", .sidecar([:])))],
            gives: "3600.5 take shot.png+shot.json"),
        PairingScenario(
            "each event starts the quiet time again",
            [
                (0, .put("shot.png", .picture())), (0, .put("shot.json", .sidecar([:]))), (0.9, .touch("shot.png")),
                (1.8, .touch("shot.json")), (2.7, .touch("shot.json")),
            ], gives: "3.7 take shot.png+shot.json"),
        PairingScenario(
            "listings that show nothing new do not",
            [
                (0, .put("shot.png", .picture())), (0, .put("shot.json", .sidecar([:]))), (0.3, .rescan),
                (0.6, .rescan),
                (0.9, .rescan),
            ], gives: "1 take shot.png+shot.json"),
        PairingScenario(
            "overwritten in the quiet time",
            [
                (0, .put("shot.png", .cut)), (0, .put("shot.json", .sidecar([:]))), (0.9, .put("shot.png", .picture())),
            ], gives: "1.9 take shot.png+shot.json"),
        PairingScenario(
            "resumed after a cut, an age later",
            [
                (0, .put("shot.png", .cut)), (0, .put("shot.json", .sidecar([:]))),
                (3000, .put("shot.png", .picture())),
            ], gives: "3001 take shot.png+shot.json"),
        PairingScenario(
            "with no quiet time, at once", settle: 0,
            [(0, .put("shot.png", .picture())), (0.2, .put("shot.json", .sidecar([:])))],
            gives: "0.2 take shot.png+shot.json"),
        PairingScenario(
            "in any case", [(0, .put("SHOT.PNG", .picture())), (0, .put("shot.Json", .sidecar([:])))],
            gives: "1 take SHOT.PNG+shot.Json"),
        PairingScenario(
            "composed and decomposed",
            [(0, .put("cafe\u{301}.png", .picture())), (0, .put("caf\u{E9}.json", .sidecar([:])))],
            gives: "1 take cafe\u{301}.png+caf\u{E9}.json"),
        PairingScenario(
            "not across folders", [(0, .put("a/shot.png", .picture())), (0, .put("b/shot.json", .sidecar([:])))],
            gives: "3600 refuse a/shot.png: shot.png: no sidecar came",
            "3600 refuse b/shot.json: shot.json: no picture came"),
        PairingScenario(
            "the exact sidecar wins",
            [
                (0, .put("shot.png", .picture())), (0, .put("shot.json", .sidecar([:]))),
                (0, .put("shot.png.json", .sidecar([:]))),
            ], gives: "1 take shot.png+shot.png.json", "3600 refuse shot.json: shot.json: no picture came"),
        PairingScenario(
            "two pictures on a stem, each with its exact sidecar",
            [
                (0, .put("shot.png", .picture())), (0, .put("shot.jpg", .picture())),
                (0, .put("shot.png.json", .sidecar([:]))), (0, .put("shot.jpg.json", .sidecar([:]))),
            ], gives: "1 take shot.jpg+shot.jpg.json", "1 take shot.png+shot.png.json"),
        PairingScenario(
            "two pictures on a stem, one with its exact sidecar: the other has the stem's",
            [
                (0, .put("shot.png", .picture())), (0, .put("shot.jpg", .picture())),
                (0, .put("shot.png.json", .sidecar([:]))), (0, .put("shot.json", .sidecar([:]))),
            ], gives: "1 take shot.png+shot.png.json", "1 take shot.jpg+shot.json"),
        PairingScenario(
            "an exact sidecar takes no other picture",
            [(0, .put("shot.jpg", .picture())), (0, .put("shot.png.json", .sidecar([:])))],
            gives: "3600 refuse shot.png.json", "3600 refuse shot.jpg"),
        PairingScenario(
            "two pictures and one sidecar: nobody can tell, and both are named",
            [
                (0, .put("shot.png", .picture())), (0, .put("shot.jpg", .picture())),
                (0, .put("shot.json", .sidecar([:]))),
            ], gives: "1 refuse shot.jpg+shot.png+shot.json: shot.jpg: shot.jpg and shot.png share"),
        PairingScenario(
            "two pictures and one sidecar: a cut-off upload may go on",
            [
                (0, .put("shot.png", .picture())), (0, .put("shot.jpg", .cut)), (0, .put("shot.json", .sidecar([:]))),
                (60, .vanish("shot.jpg")),
            ], gives: "60 take shot.png+shot.json"),
        PairingScenario(
            "two pictures and one sidecar that is cut: it may yet name one as its tail",
            [
                (0, .put("shot.png", .picture())), (0, .put("shot.jpg", .picture())), (0, .put("shot.json", .cut)),
                (60, .put("shot.json", .sidecar(["tail_image_url": "shot.jpg"]))),
            ], gives: "61 take shot.png+shot.jpg+shot.json"),
        PairingScenario(
            "a picture under a wrong name, if there is no other",
            [(0, .put("shot.txt", .picture())), (0, .put("shot.json", .sidecar([:])))],
            gives: "1 take shot.txt+shot.json"),
        PairingScenario(
            "a note beside the picture is no second picture",
            [
                (0, .put("shot.png", .picture())), (0, .put("shot.txt", .cut)), (0, .put("shot.json", .sidecar([:]))),
            ], gives: "1 take shot.png+shot.json", "3600 refuse shot.txt"),
        PairingScenario(
            "the same drop again is a new drop",
            [
                (0, .put("shot.png", .picture())), (0, .put("shot.json", .sidecar([:]))),
                (10, .put("shot.png", .picture())),
                (10, .put("shot.json", .sidecar([:]))),
            ], gives: "1 take shot.png+shot.json", "11 take shot.png+shot.json"),
    ]

    static let incomplete = [
        PairingScenario(
            "a picture alone", [(0, .put("shot.png", .picture()))],
            gives: "3600 refuse shot.png: shot.png: no sidecar came"),
        PairingScenario(
            "a sidecar alone", [(0, .put("shot.json", .sidecar(["prompt": "pan"])))],
            gives: "3600 refuse shot.json: shot.json: no picture came"),
        PairingScenario(
            "counted from the last change", [(0, .put("shot.png", .picture())), (3000, .touch("shot.png"))],
            gives: "6600 refuse shot.png"),
        PairingScenario("taken away again", [(0, .put("shot.png", .picture())), (100, .vanish("shot.png"))]),
        PairingScenario(
            "a cut picture", [(0, .put("shot.png", .cut)), (10, .put("shot.json", .sidecar([:])))],
            gives: "3610 refuse shot.png+shot.json: shot.png: cut"),
        PairingScenario(
            "a cut picture alone", [(0, .put("shot.png", .cut))], gives: "3600 refuse shot.png: shot.png: cut"),
        PairingScenario(
            "two pictures and one sidecar, one of them cut for good",
            [
                (0, .put("shot.png", .picture())), (0, .put("shot.jpg", .cut)), (0, .put("shot.json", .sidecar([:]))),
            ], gives: "3600 refuse shot.jpg+shot.png+shot.json: shot.jpg: cut; shot.jpg: shot.jpg and shot.png share"),
        PairingScenario(
            "a cut sidecar", [(0, .put("shot.png", .picture())), (10, .put("shot.json", .cut))],
            gives: "3610 refuse shot.png+shot.json: shot.json: cut"),
        PairingScenario(
            "what is wrong for good, at once", [(0, .put("shot.png", .broken)), (0, .put("shot.json", .sidecar([:])))],
            gives: "1 refuse shot.png+shot.json: shot.png: broken"),
        PairingScenario(
            "what is wrong for good, at once, alone as well",
            [(0, .put("shot.png", .picture())), (0, .put("shot.json", .broken))],
            gives: "1 refuse shot.png+shot.json: shot.json: broken"),
        PairingScenario(
            "impossible settings, at once and all together",
            [
                (0, .put("shot.png", .picture(299, 720))),
                (0, .put("shot.json", .sidecar(["duration": 7, "promt": "pan"]))),
            ], gives: "1 refuse shot.png+shot.json: duration:"),
        PairingScenario(
            "an impossible picture, at once",
            [(0, .put("shot.png", .picture(299, 720))), (0, .put("shot.json", .sidecar([:])))],
            gives: "1 refuse shot.png+shot.json: shot.png: each side must be at least 300"),
        PairingScenario(
            "with no quiet time an unfinished file is still left alone", settle: 0,
            [(0, .put("shot.png", .cut)), (0, .put("shot.json", .sidecar([:]))), (60, .put("shot.png", .picture()))],
            gives: "60 take shot.png+shot.json"),
    ]
}
