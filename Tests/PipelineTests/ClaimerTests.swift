import Folders
import Foundation
import Jobs
import Synchronization
import TestKit
import Testing

@testable import Pipeline

@Suite("Claiming", .timeLimit(.minutes(1)))
struct ClaimerTests {
    private func drop(_ sidecar: JSONValue, into fixture: PipelineFixture, size: String = "640x360") async throws {
        try fixture.folder.write(try await TestPictures.make(.png, size: size), to: "inbox/shot.png")
        try fixture.folder.write(sidecar.text, to: "inbox/shot.json")
    }

    @Test func `A claim has its row, then its files, and may then be sent`() async throws {
        let fixture = try PipelineFixture()
        try await drop(["prompt": "push in", "hotreel": ["priority": 9, "name": "opening"]], into: fixture)
        let jobs = try await claimed(fixture)
        let job = try await fixture.now(try #require(jobs.first))
        #expect(job.state.name == .queued)
        #expect(job.priority == 9)
        #expect(job.wishedName == "opening")
        #expect(job.request?.body["prompt"] == "push in")
        #expect(job.request?.attachments.map(\.file) == ["sources/shot.png"])
        #expect(fixture.inbox == ["shot.json", "shot.png"].map { ".hotreel/\(job.drop.id)/sources/\($0)" })
        let now = fixture.clock.date
        #expect(try await fixture.store.claimDue(.queued, now: now, leaseEnd: now + 1, limit: 9) == [job])
    }

    @Test func `Variations are jobs of their own, listed in their order`() async throws {
        let fixture = try PipelineFixture()
        try await drop(["prompt": "push in", "hotreel": ["variations": 16]], into: fixture)
        let jobs = try await claimed(fixture)
        #expect(try await fixture.store.jobs(of: jobs[0].drop.id).map(\.wishedName) == (1...16).map { "shot_v\($0)" })
    }

    @Test func `A held drop is claimed and not sent`() async throws {
        let fixture = try PipelineFixture()
        try await drop(["prompt": "push in", "hotreel": ["hold": true]], into: fixture)
        let jobs = try await claimed(fixture)
        #expect(try await fixture.state(jobs[0]) == .held)
    }

    @Test func `What the API does not take as it is goes fitted, and the receipt will say so`() async throws {
        let fixture = try PipelineFixture()
        try fixture.folder.write(
            try await TestPictures.make(.tiff, options: ["-pix_fmt", "rgb24"]), to: "inbox/shot.tiff")
        try fixture.folder.write("{\"prompt\": \"push in\"}", to: "inbox/shot.json")
        let jobs = try await claimed(fixture)
        let request = try #require(jobs.first?.request)
        #expect(request.attachments.map(\.file) == ["fitted/1"])
        #expect(request.attachments.map(\.name) == ["shot.tiff"])
        #expect(["image/png", "image/jpeg"].contains(request.attachments[0].mimeType))
        #expect(!request.warnings.isEmpty)
        let fitted = fixture.context.claims.folder(of: jobs[0].drop.id).appending(FileName("fitted/1"))
        #expect(try FileSystem.hash(fitted).sha256 == request.attachments[0].sha256)
    }

    @Test(arguments: ["shot.png", "shot.json"])
    func `A file changed since it was examined stops the claim before anything is moved`(name: String) async throws {
        let fixture = try PipelineFixture()
        try await drop(["prompt": "push in"], into: fixture)
        let decision = try Decision(fixture)
        try fixture.folder.write("something else", to: "inbox/\(name)")
        guard case .changed(let path) = try await decision.act(fixture) else {
            Issue.record("claimed")
            return
        }
        #expect(path.name == FileName(name))
        #expect(fixture.inbox == ["shot.json", "shot.png"])
        #expect(try await fixture.store.jobs(JobQuery()).isEmpty)
    }

    @Test(arguments: ["shot.png", "shot.json"])
    func `A file changed between the row and the rename is put back, and the rows end unspent`(name: String)
        async throws
    {
        let meddler = Meddler()
        let fixture = try PipelineFixture(trace: { meddler.hear($0) })
        try await drop(["prompt": "push in", "hotreel": ["variations": 2]], into: fixture)
        meddler.before("INSERT INTO job") { [folder = fixture.folder] in
            _ = try? folder.write("something else", to: "inbox/\(name)")
        }
        guard case .changed(let path) = try await Decision(fixture).act(fixture) else {
            Issue.record("claimed")
            return
        }
        #expect(path.name == FileName(name))
        #expect(fixture.inbox == ["shot.json", "shot.png"])
        #expect(try fixture.folder.text(of: "inbox/\(name)") == "something else")
        #expect(fixture.outbox.isEmpty)
        let jobs = try await fixture.store.jobs(JobQuery())
        #expect(jobs.map(\.state.name) == [.cancelled, .cancelled])
        #expect(try await fixture.store.unsettled().isEmpty)
        try await fixture.submit()
        #expect(fixture.api.submissions.isEmpty)
    }

    @Test func `A claim whose files cannot be moved leaves no row that could be sent`() async throws {
        let meddler = Meddler()
        let fixture = try PipelineFixture(trace: { meddler.hear($0) })
        // Nothing but the sidecar is needed to send this one.
        try fixture.folder.write(
            "{\"prompt\": \"push in\", \"image_url\": \"https://pictures.example/shot.png\"}", to: "inbox/shot.json")
        meddler.before("INSERT INTO job") { [claims = fixture.context.claims, folder = fixture.folder] in
            for drop in (try? claims.drops()) ?? [] {
                try? FileSystem.removeTree(claims.folder(of: drop).appending("sources"))
                _ = try? folder.write("in the way", to: claims.folder(of: drop).appending("sources").path)
            }
        }
        let decision = try Decision(fixture)
        await #expect(throws: FileError.self) { _ = try await decision.act(fixture) }
        fixture.clock.advance(by: .seconds(100_000))
        try await fixture.submit()
        #expect(fixture.api.submissions.isEmpty)
        #expect(fixture.inbox.contains("shot.json"))
    }

    @Test func `A refused drop is given back with its report and its problems`() async throws {
        let fixture = try PipelineFixture()
        try await drop(["prompt": "push in", "duration": 7, "cfg_scale": 3], into: fixture, size: "640x200")
        let jobs = try await claimed(fixture)
        guard case .failed(let failure, .rejected) = try await fixture.now(jobs[0]).state else {
            Issue.record("not rejected")
            return
        }
        #expect(Set(failure.problems.map(\.key)).isSuperset(of: ["duration", "cfg_scale"]))
        #expect(failure.problems.contains { $0.file == "shot.png" })
        #expect(
            fixture.outbox == [
                "errors/shot.error.json", "errors/shot.error.txt", "errors/shot.json", "errors/shot.png",
            ])
        #expect(fixture.inbox.isEmpty)
    }

    private func claimed(_ fixture: PipelineFixture) async throws -> [Job] {
        guard case .claimed(let jobs) = try await Decision(fixture).act(fixture) else { return [] }
        return jobs
    }
}

/// What the pairer decides about the one drop in the inbox, once everything is quiet and examined.
struct Decision {
    let verdict: PairingVerdict
    let files: [InboxPath: InboxFile]

    init(_ fixture: PipelineFixture) throws {
        let catalog = fixture.context.catalog
        let inbox = fixture.context.claims.inbox
        let pairer = Pairer(catalog: catalog, rules: fixture.context.configuration.pairing)
        let examiner = Examiner(catalog: catalog, inbox: inbox)
        var table = InboxTable()
        let entries = try FileSystem.list(inbox).filter { $0.status.kind != .folder }
        table.see(folder: "", listing: entries, at: .zero)
        let paths = entries.map { InboxPath(folder: "", name: $0.name) }
        for path in paths {
            guard let status = table.file(path)?.status,
                case .seen(let examination, let identity, let naming) = examiner.look(into: path, expecting: status)
            else { continue }
            table.examined(path, identity: identity, examination, naming: naming)
        }
        let group = GroupKey(folder: "", stem: "shot")
        verdict = try #require(pairer.decide(group, in: table, at: .seconds(60)).first)
        files = Dictionary(uniqueKeysWithValues: paths.compactMap { path in table.file(path).map { (path, $0) } })
    }

    func act(_ fixture: PipelineFixture) async throws -> Claimer.Outcome { try await act(fixture.context) }

    func act(_ context: Context) async throws -> Claimer.Outcome {
        let claimer = Claimer(context: context)
        switch verdict {
        case .take(let candidate): return try await claimer.claim(candidate, files: files)
        case .refuse(let refusal): return try await claimer.refuse(refusal, files: files)
        default: throw Undecided(verdict: "\(verdict)")
        }
    }

    struct Undecided: Error { let verdict: String }
}

/// Does something once, just before the ledger runs a certain statement.
final class Meddler: Sendable {
    private let plan = Mutex<(statement: String, deed: @Sendable () -> Void)?>(nil)

    func before(_ statement: String, _ deed: @escaping @Sendable () -> Void) {
        plan.withLock { $0 = (statement, deed) }
    }

    func hear(_ sql: String) {
        let deed = plan.withLock { plan in
            guard let now = plan, sql.contains(now.statement) else { return nil as (@Sendable () -> Void)? }
            plan = nil
            return now.deed
        }
        deed?()
    }
}
