import Folders
import Foundation
import Jobs
import ServiceLifecycleTestKit
import SystemPackage
import TestKit
import Testing

@testable import Pipeline

/// The whole intake on a real folder, with real pictures and a real ledger, while programs do what they like there. The clock is
/// moved by hand. What comes of it must be true whenever which event came.
///
/// `HOTREEL_SEEDS=1000..<1500` tries others.
@Suite("The intake, by chance", .timeLimit(.minutes(10)))
struct IntakeChanceTests {
    @Test(arguments: SeededChance.seeds(else: 1..<4), [WatchMode.poll, .inotify])
    func `Whatever programs do in the inbox, each whole pair is claimed once and nothing stays behind`(
        seed: UInt64, watch: WatchMode
    ) async throws {
        let programs = try await InboxPrograms(seed: seed, watch: watch)
        let complaints = try await testGracefulShutdown { trigger in
            try await withThrowingTaskGroup(of: [String].self) { group in
                let intake = programs.intake
                group.addTask {
                    try await intake.run()
                    return []
                }
                for _ in 1...60 { try await programs.happen() }
                let complaints = try await programs.end()
                trigger.triggerGracefulShutdown()
                try await group.waitForAll()
                return complaints
            }
        }
        #expect(complaints.isEmpty, "seed \(seed): \(complaints)\n\(programs.story.joined(separator: "\n"))")
    }
}

/// Programs that write, rename, cut off and remove pairs in an inbox by chance, and what they know of their files.
private final class InboxPrograms {
    private static let settle = Duration.seconds(2)
    private static let orphanAfter = Duration.seconds(60)

    private let fixture: PipelineFixture
    private var chance: SeededChance
    private let pictures: [[UInt8]]
    private var open: [FileDescriptor] = []
    private var wholeHashes: Set<String>
    /// When a file of this name was last touched, or came to it.
    private var lastChange: [String: Duration] = [:]
    private var prompts = 0
    private(set) var story: [String] = []
    private var complaints: [String] = []
    private var judged: Set<JobID> = []

    var context: Context { fixture.context }
    let intake: Intake

    init(seed: UInt64, watch: WatchMode) async throws {
        chance = SeededChance(seed: seed)
        fixture = try PipelineFixture {
            $0.pairing = PairingRules(settle: Self.settle, grace: .seconds(5), orphanAfter: Self.orphanAfter)
            $0.watch = watch
            $0.listing = .milliseconds(500)
            $0.rescan = .seconds(20)
        }
        intake = Intake(context: fixture.context, onReady: {})
        var pictures: [[UInt8]] = []
        for size in ["640x360", "640x480"] { pictures.append(try await TestPictures.make(.png, size: size)) }
        self.pictures = pictures
        wholeHashes = Set(pictures.map { FileSystem.hash(of: $0) })
    }

    // MARK: What programs do

    func happen() async throws {
        let (name, other) = (name(), name())
        let path = fixture.folder["inbox/" + name]
        let roll = Int.random(in: 0..<100, using: &chance)
        switch roll {
        case ..<30: try write(name, whole: true)
        case ..<38: try write(name, whole: false)
        case ..<46: try finish(name)
        case ..<50: try closeAll()
        case ..<56:
            // Only names of one kind: a sidecar called .png would be cut for good.
            guard name.suffix(4) == other.suffix(4), name != other, fixture.folder.exists("inbox/" + name) else {
                break
            }
            try FileSystem.makeFolder(fixture.folder["inbox/" + other].removingLastComponent())
            try check(rename(path.string, fixture.folder["inbox/" + other].string))
            changed(name, other)
        case ..<61: if utimes(path.string, nil) == 0 { changed(name) }
        case ..<65: if unlink(path.string) == 0 { changed(name) }
        case ..<69: try moveFolder()
        case ..<72: try fixture.folder.write("litter", to: "inbox/" + name + ".part")
        default:
            await pass(.milliseconds([250, 500, 1000, 2250, 2500, 7000, 30_000].randomElement(using: &chance) ?? 250))
        }
        story.append("\(roll) \(name) \(other) at \(fixture.clock.now.offset)")
        try await judge()
    }

    private func name() -> String {
        let folder = ["", "", "a/", "b c/"].randomElement(using: &chance) ?? ""
        let stem = ["one", "Two"].randomElement(using: &chance) ?? ""
        return folder + stem + (chance.once(in: 2) ? ".png" : ".json")
    }

    private func changed(_ names: String...) { for name in names { lastChange[name] = fixture.clock.now.offset } }

    private func content(_ name: String) -> [UInt8] {
        guard name.hasSuffix(".json") else { return pictures.randomElement(using: &chance) ?? [] }
        prompts += 1
        let text = Array("{\"prompt\": \"number \(prompts)\"}".utf8)
        wholeHashes.insert(FileSystem.hash(of: text))
        return text
    }

    private func write(_ name: String, whole: Bool) throws {
        let bytes = content(name)
        if whole {
            try fixture.folder.write(bytes, to: "inbox/" + name)
        } else {
            try FileSystem.makeFolder(fixture.folder["inbox/" + name].removingLastComponent())
            let file = try FileDescriptor.open(
                fixture.folder["inbox/" + name], .writeOnly, options: [.create, .truncate, .closeOnExec],
                permissions: [.ownerReadWrite, .groupRead, .otherRead])
            // Some set the size first.
            if chance.once(in: 2) { try file.resize(to: Int64(bytes.count)) }
            try file.writeAll(bytes[..<(bytes.count / 2)])
            open.append(file)
        }
        changed(name)
    }

    /// The rest of an upload comes, as by resuming: in place.
    private func finish(_ name: String) throws {
        guard fixture.folder.exists("inbox/" + name) else { return }
        let file = try FileDescriptor.open(fixture.folder["inbox/" + name], .writeOnly, options: [.closeOnExec])
        let bytes = content(name)
        try file.closeAfter {
            try file.writeAll(toAbsoluteOffset: 0, bytes)
            try file.resize(to: Int64(bytes.count))
        }
        changed(name)
    }

    private func closeAll() throws {
        for file in open { try file.close() }
        open = []
    }

    private func moveFolder() throws {
        let (old, new) = chance.once(in: 2) ? ("a", "b c") : ("b c", "a")
        guard fixture.folder.exists("inbox/" + old), !fixture.folder.exists("inbox/" + new) else { return }
        try check(rename(fixture.folder["inbox/" + old].string, fixture.folder["inbox/" + new].string))
        for name in ["one.png", "Two.png", "one.json", "Two.json"] { changed("\(old)/\(name)", "\(new)/\(name)") }
    }

    private func check(_ code: Int32) throws { if code != 0 { throw Errno(rawValue: errno) } }

    private func pass(_ time: Duration) async {
        let end = fixture.clock.now.offset + time
        while fixture.clock.now.offset < end {
            await rest()
            fixture.clock.advance(by: .milliseconds(250))
        }
        await rest()
    }

    /// Returns once all that was to be seen is seen, all that was seen is decided on, and both who do that sleep.
    private func rest() async {
        while true {
            if fixture.clock.sleepers >= 2, !context.sightings.isWaiting, await intake.isIdle { return }
            await Task.yield()
        }
    }

    // MARK: What must hold

    private func judge() async throws {
        let jobs = try await fixture.store.jobs(JobQuery())
        for job in jobs where job.request != nil && judged.insert(job.id).inserted {
            let at = Duration.seconds(job.created.timeIntervalSince(fixture.clock.date)) + fixture.clock.now.offset
            for source in job.drop.sources {
                let name = job.drop.folder.appending(source.file).text
                if !wholeHashes.contains(source.sha256) { complaints.append("\(name) was claimed half") }
                if let last = lastChange[name], last <= at, last + Self.settle > at + .milliseconds(1) {
                    complaints.append("\(name) was claimed at \(at), last changed at \(last)")
                }
            }
        }
        for (prompt, same) in Dictionary(
            grouping: jobs.filter { $0.request != nil }, by: { $0.request?.body["prompt"] })
        where same.count > 1 { complaints.append("\(prompt?.text ?? "nothing") was claimed \(same.count) times") }
    }

    /// Lets the programs come to rest; what is wrong then.
    func end() async throws -> [String] {
        try closeAll()
        // One more, so that no story is without a drop.
        for name in ["last.png", "last.json"] { try write(name, whole: true) }
        let files = Set(fixture.inbox)
        var due: [String] = []
        var lying: [String] = []
        for file in files where file.hasSuffix(".json") && !file.hasPrefix(".hotreel/") {
            let text = try fixture.folder.text(of: "inbox/" + file)
            lying.append(text)
            let picture = String(file.dropLast(5)) + ".png"
            guard files.contains(picture), wholeHashes.contains(FileSystem.hash(of: Array(text.utf8))),
                try wholeHashes.contains(FileSystem.hash(fixture.folder["inbox/" + picture]).sha256)
            else { continue }
            due.append(text)
        }
        await pass(.seconds(25))
        if due.isEmpty { complaints.append("the last pair is not there") }
        let claimed = try await fixture.store.jobs(JobQuery()).compactMap { $0.request?.body["prompt"]?.text }
        for text in due where !claimed.contains(where: { text.contains($0) }) {
            complaints.append("\(text) lay there with its picture and was not claimed")
        }
        await pass(Self.orphanAfter + .seconds(25))
        try await judge()
        let rest = fixture.inbox.filter { !$0.hasPrefix(".hotreel/") && !$0.hasSuffix(".part") }
        if !rest.isEmpty { complaints.append("still there: \(rest)") }
        let kept = try (fixture.inbox.map { "inbox/" + $0 } + fixture.outbox.map { "outbox/" + $0 })
            .filter { $0.hasSuffix(".json") }.map { try fixture.folder.text(of: $0) }
        for text in lying where !kept.contains(text) { complaints.append("\(text) is gone") }
        return complaints
    }
}

extension Intake {
    fileprivate nonisolated var isIdle: Bool {
        get async { await lookout.isIdle }
    }
}

extension Lookout {
    fileprivate var isIdle: Bool { !watches.isEmpty && watches.values.allSatisfy { $0.underway == nil } }
}
