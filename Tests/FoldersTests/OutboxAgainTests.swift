import Foundation
import Jobs
import SystemPackage
import TestKit
import Testing

@testable import Folders

/// What a crash cut short and start-up does once more.
@Suite("Giving back a drop again after a crash")
struct OutboxAgainTests {
    /// Whether inbox and outbox share a file system.
    private func drops(onOtherDisk: Bool) throws -> (ClaimedDrop, OtherFileSystem?) {
        guard onOtherDisk else { return (try ClaimedDrop(), nil) }
        let other = try OtherFileSystem()
        return (try ClaimedDrop(outbox: other["out"]), other)
    }

    /// All that ends a drop, as a settlement does it: a number, then the files.
    private func giveBack(_ drop: Drop, to part: Outbox.Part, _ drops: ClaimedDrop) throws {
        let number = try drops.outbox.freeNumber(for: drop, in: part, from: drops.claims)
        try drops.outbox.receive(drop, from: drops.claims, in: part, number: number)
    }

    private func copyAndGiveBack(_ drop: Drop, _ drops: ClaimedDrop) throws {
        let number = try drops.outbox.freeNumber(for: drop, in: .originals, from: drops.claims)
        try drops.outbox.receiveCopies(drop, from: drops.claims, in: .originals, number: number)
        try giveBack(drop, to: .errors, drops)
    }

    @Test("the pair stays a pair, whatever number it had", arguments: [false, true], [1, 2])
    func pairStaysTogether(onOtherDisk: Bool, number: Int) throws {
        let (drops, other) = try drops(onOtherDisk: onOtherDisk)
        if number == 2 { try giveBack(drops.pair("zero"), to: .errors, drops) }
        let drop = try drops.pair("one")
        #expect(try drops.outbox.freeNumber(for: drop, in: .errors, from: drops.claims) == number)
        // The crash comes after the first file.
        let first = Drop(id: drop.id, folder: drop.folder, sources: [drop.sources[0]])
        try drops.outbox.receive(first, from: drops.claims, in: .errors, number: number)
        for _ in 1...2 { try giveBack(drop, to: .errors, drops) }
        let names = ["errors/p/shot.json", "errors/p/shot.png"]
        let numbered = number == 2 ? ["errors/p/shot (2).json", "errors/p/shot (2).png"] : []
        #expect(try drops.delivered() == numbered + names)
        #expect(try drops.claimed().isEmpty)
        withExtendedLifetime(other) {}
    }

    @Test("a rename by hard link that was cut short leaves one file")
    func linkedTwice() throws {
        let drops = try ClaimedDrop()
        let drop = try drops.pair("one")
        try FileSystem.makeFolder(drops.outbox.folder(.errors, "p"))
        let (claimed, given) = (
            drops.claims.path(of: drop.sources[0], in: drop.id).path, drops.folder["out/errors/p/shot.png"]
        )
        #expect(link(claimed.string, given.string) == 0)
        try giveBack(drop, to: .errors, drops)
        #expect(try drops.delivered() == ["errors/p/shot.json", "errors/p/shot.png"])
        #expect(try drops.claimed().isEmpty)
        #expect(try drops.folder.text(of: "out/errors/p/shot.png") == "picture one")
    }

    /// How far a drop with both delivered and failed variations had come.
    enum Cut: CaseIterable { case inTheCopies, afterTheCopies, oneCopyGiven, allCopiesGiven, oneSourceGiven, allGiven }

    @Test(
        "copies for one part are made once, then the sources move to another", arguments: Cut.allCases, [false, true])
    func copies(cut: Cut, onOtherDisk: Bool) throws {
        let (drops, other) = try drops(onOtherDisk: onOtherDisk)
        let (outbox, claims) = (drops.outbox, drops.claims)
        let drop = try drops.pair("one")
        let first = Drop(id: drop.id, folder: drop.folder, sources: [drop.sources[0]])
        let twins = claims.folder(of: drop.id).appending("twins")
        func copy(upTo files: Int) throws {
            try outbox.receiveCopies(drop, from: claims, in: .originals, number: 1)
            // As it was before the last of them arrived.
            for source in drop.sources.dropFirst(files) {
                let given = outbox.folder(.originals, "p").appending(source.file)
                try FileSystem.copy(given, to: twins.appending(Claims.place(of: source)))
                try FileSystem.remove(given)
            }
        }
        switch cut {
        case .inTheCopies:
            try drops.folder.write("pict", to: claims.folder(of: drop.id).appending(".twins/sources/shot.png").path)
        case .afterTheCopies: try copy(upTo: 0)
        case .oneCopyGiven: try copy(upTo: 1)
        case .allCopiesGiven: try copy(upTo: 2)
        case .oneSourceGiven:
            try copy(upTo: 2)
            try outbox.receive(first, from: claims, in: .errors, number: 1)
        case .allGiven: try copyAndGiveBack(drop, drops)
        }
        for _ in 1...2 { try copyAndGiveBack(drop, drops) }
        let names = ["errors/p/shot.json", "errors/p/shot.png", "originals/p/shot.json", "originals/p/shot.png"]
        #expect(try drops.delivered() == names)
        #expect(try drops.claimed().isEmpty)
        try claims.remove(drop.id)
        try copyAndGiveBack(drop, drops)
        #expect(try drops.delivered() == names)
        #expect(try claims.drops().isEmpty)
        withExtendedLifetime(other) {}
    }

    @Test("a stem whose report lies beside other files is not used again, for that report would be lost")
    func reportedStem() throws {
        let drops = try ClaimedDrop()
        try giveBack(drops.claimed("one", [(.picture, "shot.png", "one")]), to: .errors, drops)
        try drops.outbox.report(text: "why", json: Array("{}".utf8), folder: "p", stem: "shot")
        let second = try drops.claimed("two", [(.picture, "shot.jpg", "two")])
        #expect(try drops.outbox.freeNumber(for: second, in: .errors, from: drops.claims) == 2)
        try FileSystem.remove(drops.folder["out/errors/p/shot.png"])
        #expect(try drops.outbox.freeNumber(for: second, in: .errors, from: drops.claims) == 1)
    }

    @Test("an inbox that is not there is not one whose files have all been handed over")
    func inboxGone() throws {
        let drops = try ClaimedDrop()
        let drop = try drops.pair("one")
        try FileSystem.makeFolder(drops.folder["elsewhere"])
        #expect(try FileSystem.rename(drops.claims.root, to: drops.folder["elsewhere/claims"]))
        let (outbox, claims) = (drops.outbox, drops.claims)
        let steps: [() throws -> Void] = [
            { try outbox.receive(drop, from: claims, in: .errors, number: 1) },
            { try outbox.receiveCopies(drop, from: claims, in: .originals, number: 1) },
            { try claims.remove(drop.id) }, { try claims.remove(drop.id, discardingSources: true) },
            { _ = try claims.sourceFiles(in: drop.id) }, { _ = try claims.take(drop.sources[0], of: drop) },
            { _ = try claims.putBack(drop.sources[0], of: drop) }, { try claims.files { _ in } },
        ]
        for (number, step) in steps.enumerated() {
            #expect(throws: FileError.self, "\(number)") { try step() }
        }
        #expect(drops.folder.files(in: "in").isEmpty && drops.folder.files(in: "out").isEmpty)
    }

    @Test("an outbox that is not there is not made anew beneath its mount point")
    func outboxGone() throws {
        let drops = try ClaimedDrop()
        let drop = try drops.pair("one")
        try FileSystem.removeTree(drops.outbox.root)
        #expect(throws: FileError.self) { try giveBack(drop, to: .errors, drops) }
        #expect(throws: FileError.self) { try drops.outbox.downloadPath(of: JobID(rawValue: "job"), folder: "p") }
        #expect(throws: FileError.self) { try drops.outbox.report(text: "", json: [], folder: "", stem: "shot") }
        #expect(throws: FileError.self) { try drops.outbox.writeStatus([]) }
        #expect(drops.folder.files() == ["in/.hotreel/one/sources/shot.json", "in/.hotreel/one/sources/shot.png"])
    }
}
