import Catalog
import Folders
import Jobs
import Testing

@Suite("Trees of an inbox")
struct TreeRulesTests {
    private let trees = TreeMap([
        "": TreeRules(quiet: .seconds(1)), "nas": TreeRules(quiet: .seconds(61)),
        "nas/disk": TreeRules(quiet: .seconds(1)), "gone": TreeRules(quiet: .seconds(1), absence: "not mounted"),
    ])
    private let pairer: Pairer
    private var table = InboxTable()
    private var serial: Int64 = 0

    init() throws {
        pairer = Pairer(
            catalog: try .bundled(),
            rules: PairingRules(settle: .seconds(1), grace: .seconds(5), orphanAfter: .seconds(100)))
    }

    private mutating func put(_ path: InboxPath, _ content: Examination, at now: Duration) {
        serial += 1
        let identity = FileIdentity(device: 1, inode: UInt64(serial), size: 10, modified: serial, changed: serial)
        table.see(path, FileStatus(kind: .regular, identity: identity), at: now, news: true)
        table.examined(path, identity: identity, content)
    }

    private let picture = Examination.picture(
        ImageFacts(format: .png, width: 640, height: 360, bytes: 10), sha256: "aa")
    private func sidecar(_ more: [String: JSONValue] = [:]) -> Examination {
        .sidecar(["prompt": "x"].merging(more) { $1 }, sha256: "bb")
    }

    private func verdict(_ folder: FileName, at now: Duration) -> String {
        pairer.decide(GroupKey(folder: folder, stem: "shot"), in: table, at: now).map { verdict in
            switch verdict {
            case .examine: "examine"
            case .wait(_, let until, let reason): "wait \(until.map { "\($0)" } ?? "-") \(reason)"
            case .take: "take"
            case .refuse: "refuse"
            }
        }.joined(separator: ", ")
    }

    @Test("a folder's rules are those of the innermost tree that holds it")
    func innermost() {
        #expect(trees.quiet(in: "") == .seconds(1) && trees.quiet(in: "local/deep") == .seconds(1))
        #expect(trees.quiet(in: "nas") == .seconds(61) && trees.quiet(in: "nas/a/b") == .seconds(61))
        #expect(trees.quiet(in: "nas/disk/a") == .seconds(1) && trees.quiet(in: "nasty") == .seconds(1))
        #expect(trees.absence(of: "gone/deep") == "not mounted" && trees.absence(of: "nas") == nil)
    }

    @Test("a tree that is away takes those mounted in it along")
    func outerAbsence() {
        let trees = TreeMap([
            "": TreeRules(quiet: .zero), "nas": TreeRules(quiet: .zero, absence: "away"),
            "nas/disk": TreeRules(quiet: .zero),
        ])
        #expect(trees.absence(of: "nas/disk/a") == "away")
    }

    @Test("files on a mount settle for as long as the mount may show old sizes")
    mutating func quiet() {
        table.setTrees(trees, at: .zero)
        for folder: FileName in ["", "nas"] {
            put(InboxPath(folder: folder, name: "shot.png"), picture, at: .zero)
            put(InboxPath(folder: folder, name: "shot.json"), sidecar(), at: .zero)
        }
        #expect(verdict("", at: .seconds(1)) == "take")
        #expect(verdict("nas", at: .seconds(60)).hasPrefix("wait \(Duration.seconds(61))"))
        #expect(verdict("nas", at: .seconds(61)) == "take")
    }

    @Test("nothing is decided on what lies in a tree that is away, and all settles anew when it is back")
    mutating func absence() {
        put("nas/shot.png", picture, at: .zero)
        put("nas/shot.json", sidecar(), at: .zero)
        _ = table.takeDirty()
        table.setTrees(
            TreeMap([
                "": TreeRules(quiet: .seconds(1)), "nas": TreeRules(quiet: .seconds(1), absence: "not mounted"),
            ]), at: .seconds(2))
        #expect(table.takeDirty() == [GroupKey(folder: "nas", stem: "shot")])
        #expect(verdict("nas", at: .seconds(5000)) == "wait - not mounted")
        #expect(table.fileCount == 2)
        table.setTrees(
            TreeMap(["": TreeRules(quiet: .seconds(1)), "nas": TreeRules(quiet: .seconds(1))]), at: .seconds(6000))
        #expect(table.takeDirty() == [GroupKey(folder: "nas", stem: "shot")])
        #expect(verdict("nas", at: .seconds(6000.5)).hasPrefix("wait"))
        #expect(verdict("nas", at: .seconds(6001)) == "take")
    }

    @Test("a drop that names a file in a tree that is away waits, however long")
    mutating func reference() {
        table.setTrees(trees, at: .zero)
        put("shot.png", picture, at: .zero)
        put("shot.json", sidecar(["tail_image_url": "gone/end.png"]), at: .zero)
        #expect(verdict("", at: .seconds(5000)) == "wait - not mounted")
        table.setTrees(TreeMap(["": TreeRules(quiet: .seconds(1))]), at: .seconds(5000))
        #expect(verdict("", at: .seconds(5101)) == "refuse")
    }
}
