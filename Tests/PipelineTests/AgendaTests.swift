import Folders
import Jobs
import Testing

@testable import Pipeline

@Suite("The agenda")
struct AgendaTests {
    private func group(_ number: Int) -> GroupKey { GroupKey(folder: "", stem: "\(number)") }

    @Test func `Groups come up in the order they were heard of, each once, so many at a time`() {
        var agenda = Agenda()
        for number in 0..<10 { agenda.add([group(number)]) }
        agenda.add([group(3)])
        #expect(agenda.next == .zero)
        #expect(agenda.take(4, at: .zero) == (0..<4).map(group))
        agenda.add([group(0)])
        #expect(agenda.take(100, at: .zero) == (4..<10).map(group) + [group(0)])
        #expect(agenda.next == nil && agenda.take(100, at: .zero).isEmpty)
    }

    @Test func `A group comes up at the earliest time that was asked for, once`() {
        var agenda = Agenda()
        agenda.schedule(group(1), at: .seconds(5))
        agenda.schedule(group(1), at: .seconds(3))
        agenda.schedule(group(1), at: .seconds(9))
        agenda.schedule(group(2), at: .seconds(4))
        #expect(agenda.next == .seconds(3))
        #expect(agenda.take(10, at: .seconds(2)).isEmpty)
        #expect(agenda.take(10, at: .seconds(4)) == [group(1), group(2)])
        #expect(agenda.take(10, at: .seconds(100)).isEmpty)
        #expect(agenda.next == nil)
    }

    @Test func `A group that is decided on before its time is not decided on again at it`() {
        var agenda = Agenda()
        agenda.schedule(group(1), at: .seconds(5))
        agenda.add([group(1)])
        #expect(agenda.take(10, at: .zero) == [group(1)])
        #expect(agenda.next == nil)
    }

    @Test(.timeLimit(.minutes(1))) func `Twenty thousand pairs are seen and decided on in rounds`() throws {
        let pairer = Pairer(
            catalog: try .bundled(),
            rules: PairingRules(settle: .seconds(1), grace: .seconds(5), orphanAfter: .seconds(3600)))
        var table = InboxTable()
        var agenda = Agenda()
        var listing: [(name: FileName, status: FileStatus)] = []
        for number in 0..<20_000 {
            for (offset, suffix) in ["png", "json"].enumerated() {
                let identity = FileIdentity(
                    device: 1, inode: UInt64(number * 2 + offset), size: 10, modified: 1, changed: 1)
                listing.append(
                    (FileName("shot\(number).\(suffix)"), FileStatus(kind: .regular, identity: identity)))
            }
        }
        var examined: Set<InboxPath> = []
        for round in 0..<20 {
            table.see(folder: "", listing: listing, at: .zero)
            agenda.add(table.takeDirty())
            if round == 0 { #expect(table.fileCount == 40_000) }
        }
        var now = Duration.zero
        while let next = agenda.next {
            now = max(now, next)
            for group in agenda.take(128, at: now) {
                for verdict in pairer.decide(group, in: table, at: now) {
                    switch verdict {
                    case .examine(let path):
                        #expect(examined.insert(path).inserted)
                        if let file = table.file(path) {
                            table.examined(
                                path, identity: file.status.identity,
                                .unfinished(Problem(file: "x", rule: "cut", remedy: "Copy it again.")))
                        }
                    case .wait(_, let until, _):
                        if let until, until < .seconds(10) { agenda.schedule(group, at: until) }
                    case .take, .refuse: Issue.record("\(group)")
                    }
                }
            }
            _ = table.takeDirty()
        }
        #expect(examined.count == 40_000)
    }

    @Test func `What a look saw before it was claimed is not brought back, and a new file of that name is`() {
        var table = InboxTable()
        let path = InboxPath(folder: "", name: "a.png")
        let old = FileStatus(
            kind: .regular, identity: FileIdentity(device: 1, inode: 1, size: 1, modified: 1, changed: 1))
        let new = FileStatus(
            kind: .regular, identity: FileIdentity(device: 1, inode: 2, size: 1, modified: 1, changed: 1))
        table.see(path, old, at: .zero, news: true)
        var claimed = ClaimedMeanwhile()
        claimed.add([path], of: table, at: .seconds(5))
        #expect(claimed.wasTaken(path, old, since: .seconds(4)))
        #expect(!claimed.wasTaken(path, new, since: .seconds(4)))
        #expect(!claimed.wasTaken(path, old, since: .seconds(6)))
        claimed.forget(before: .seconds(6))
        #expect(!claimed.wasTaken(path, old, since: .seconds(4)))
    }
}
