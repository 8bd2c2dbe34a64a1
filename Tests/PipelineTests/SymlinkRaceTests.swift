import Catalog
import Folders
import Foundation
import Jobs
import Synchronization
import SystemPackage
import TestKit
import Testing

@testable import Pipeline

/// Ten thousand times somebody puts a link to a place outside where the inbox's own file or folder was a moment ago, while the real
/// parts work on it: in one call of the kernel's, and folder by folder where that call is unknown or forbidden.
@Suite("Links swapped in between a look and its use", .serialized, .timeLimit(.minutes(3)))
struct SymlinkRaceTests {
    private static let swaps = 10_000
    /// So that the parts under test come to work too.
    private static let tries = 300

    /// What is swapped: the folder, or the file in it.
    enum Victim: String, CaseIterable, Sendable { case folder = "inbox/p", file = "inbox/p/shot.png" }

    private let folder: TemporaryFolder
    private let claims: Claims
    private let insideHash: String
    private let inside: FileStatus
    private let outside: FileStatus
    private let shot = InboxPath(folder: "p", name: "shot.png")

    init() async throws {
        folder = try TemporaryFolder()
        claims = Claims(inbox: folder["inbox"])
        let picture = try await TestPictures.make(.png, size: "320x320")
        insideHash = FileSystem.hash(of: picture)
        try folder.write(picture, to: "inbox/p/shot.png")
        try folder.write(try await TestPictures.make(.png, size: "640x320"), to: "outside/shot.png")
        try folder.write("known to nobody", to: "outside/secret.txt")
        inside = try #require(try FileSystem.status(of: folder["inbox/p/shot.png"]))
        outside = try #require(try FileSystem.status(of: folder["outside/shot.png"]))
    }

    /// Runs `work` again and again while `victim` is swapped for a link to the same name outside.
    private func whileSwapping(
        _ victim: Victim, _ resolution: PathResolutionAllowed, succeeding mustSucceed: Bool = true,
        _ work: @escaping @Sendable (Findings) throws -> Void
    ) async throws {
        let findings = Findings()
        let target = victim == .folder ? folder["outside"] : folder["outside/shot.png"]
        let wire = try Tripwire(folder["outside"])
        let hostile = try HostileSwaps(of: folder[victim.rawValue], linkTo: target, aside: folder["aside"])
        let result: Result<Void, any Error>
        do {
            try await resolution.run {
                var tries = 0
                // A swap that failed adds none.
                var (last, idle) = (-1, 0)
                while hostile.count < Self.swaps || tries < Self.tries, idle < 100_000 {
                    try work(findings)
                    tries += 1
                    idle = hostile.count == last ? idle + 1 : 0
                    last = hostile.count
                }
            }
            result = .success(())
        } catch {
            result = .failure(error)
        }
        try hostile.stop()
        #expect(hostile.count >= Self.swaps)
        try result.get()
        #expect(findings.complaints == [:])
        #expect(findings.successes > 0 || !mustSucceed, "nothing was ever found in its place")
        #expect(!wire.wasTouched, "something outside was opened or changed")
        #expect(folder.files(in: "outside") == ["secret.txt", "shot.png"])
    }

    @Test(
        "A look into a file is one into the inbox's, or none", arguments: PathResolutionAllowed.allCases,
        Victim.allCases)
    func examiner(resolution: PathResolutionAllowed, victim: Victim) async throws {
        let examiner = Examiner(catalog: try .bundled(), inbox: claims.inbox)
        let (shot, inside, outside, insideHash) = (shot, inside, outside, insideHash)
        // A file that is itself renamed all the time never stays as it was for as long as a look takes.
        try await whileSwapping(victim, resolution, succeeding: victim == .folder) { findings in
            switch examiner.look(into: shot, expecting: inside) {
            case .gone, .held: break
            case .seen(.picture(_, let hash), let identity, _) where hash == insideHash && identity == inside.identity:
                findings.succeed()
            case .seen(let other, _, _): findings.complain("\(other)")
            }
            if case .gone = examiner.look(into: shot, expecting: outside) { return }
            findings.complain("the file outside was looked into")
        }
    }

    @Test("A listing shows what is in the inbox only", arguments: PathResolutionAllowed.allCases)
    func listing(resolution: PathResolutionAllowed) async throws {
        let inbox = claims.inbox
        try await whileSwapping(.folder, resolution) { findings in
            let listing = InboxListing(of: inbox, below: "")
            if let error = listing.error { findings.complain("\(error)") }
            let names = listing.folders["p"]?.map(\.name) ?? []
            if names == ["shot.png"] { findings.succeed() } else if !names.isEmpty { findings.complain("\(names)") }
            try FileSystem.walk(RootedPath(inbox)) {
                if $0.name != "p", $0.name != "p/shot.png" { findings.complain("\($0.name)") }
            }
        }
    }

    @Test(
        "A claim takes the inbox's file, or none, and puts it back there", arguments: PathResolutionAllowed.allCases,
        Victim.allCases)
    func claim(resolution: PathResolutionAllowed, victim: Victim) async throws {
        let drop = DropID(rawValue: "drop1")
        try claims.prepare(drop)
        let (claims, insideHash) = (claims, insideHash)
        // The file that is swapped is always there: what is taken is a copy.
        let claim: Source.Claim = victim == .file ? .copy : .move
        func source(_ status: FileStatus) -> Source {
            Source(role: .picture, file: "shot.png", identity: status.identity, sha256: "", claim: claim)
        }
        let (wanted, unwanted) = (source(inside), source(outside))
        try await whileSwapping(victim, resolution) { findings in
            for source in [wanted, unwanted] {
                let drop = Drop(id: drop, folder: "p", sources: [source])
                var isTaken = false
                Self.unlessInTheWay(findings) { () throws(FileError) in
                    isTaken = try claims.take(source, of: drop) == .taken
                }
                let claimed = claims.path(of: source, in: drop.id)
                if isTaken, source == unwanted { findings.complain("the file outside was taken") }
                guard try FileSystem.status(of: claimed) != nil else { continue }
                if try FileSystem.hash(claimed).sha256 != insideHash { findings.complain("another file was taken") }
                findings.succeed()
                // Until its folder is there again.
                while try FileSystem.status(of: claimed) != nil {
                    Self.unlessInTheWay(findings) { () throws(FileError) in _ = try claims.putBack(source, of: drop) }
                }
            }
        }
        #expect(try FileSystem.hash(folder["inbox/p/shot.png"]).sha256 == insideHash)
    }

    @Test("What is written, made and removed is the inbox's", arguments: PathResolutionAllowed.allCases)
    func removal(resolution: PathResolutionAllowed) async throws {
        let claims = claims
        try await whileSwapping(.folder, resolution) { findings in
            Self.unlessInTheWay(findings) { () throws(FileError) in
                try FileSystem.remove(claims.place("p/secret.txt"))
            }
            Self.unlessInTheWay(findings) { () throws(FileError) in
                try FileSystem.makeFolder(claims.place("p/x"), synced: false)
                try FileSystem.replace(claims.place("p/x/mine"), with: [1], synced: false)
                findings.succeed()
            }
            Self.unlessInTheWay(findings) { () throws(FileError) in try FileSystem.removeTree(claims.place("p/x")) }
        }
    }

    /// A link in the way is what is to be expected here, and a folder that was emptied while a link was in the way.
    private static func unlessInTheWay(_ findings: Findings, _ work: () throws(FileError) -> Void) {
        do throws(FileError) {
            try work()
        } catch {
            if !error.isNoWay, error.code != .directoryNotEmpty { findings.complain("\(error)") }
        }
    }

    /// What a thread that belongs to no test has to tell.
    private final class Findings: Sendable {
        private let found = Mutex<(successes: Int, complaints: [String: Int])>((0, [:]))
        func succeed() { found.withLock { $0.successes += 1 } }
        func complain(_ what: String) { found.withLock { $0.complaints[what, default: 0] += 1 } }
        var successes: Int { found.withLock(\.successes) }
        var complaints: [String: Int] { found.withLock(\.complaints) }
    }
}
