import Folders
import Foundation
import Jobs
import ServiceLifecycleTestKit
import SystemPackage
import TestKit
import Testing

@testable import Pipeline

/// Real mounts below a real inbox, in real time.
@Suite(
    "Mounts in the inbox", .serialized, .timeLimit(.minutes(1)),
    .enabled(if: RemoteShare.isAvailable, "\(RemoteShare.remedy)"))
struct LookoutTests {
    private let heard = Bell()
    private let picture: [UInt8]
    private let sidecar = "{\"prompt\": \"push in\"}"

    init() async throws { picture = try await TestPictures.make(.png, size: "640x360") }

    private func fixture(_ watch: WatchMode = .auto) throws -> PipelineFixture {
        let fixture = try PipelineFixture(
            {
                $0.pairing = PairingRules(
                    settle: .milliseconds(100), grace: .milliseconds(300), orphanAfter: .seconds(5))
                $0.watch = watch
                $0.listing = .milliseconds(50)
                $0.mountCache = .zero
                $0.mountPatience = .milliseconds(300)
                $0.pollInterval = .milliseconds(20)
                $0.retryInterval = .milliseconds(50)
            }, time: .system, hasPlaces: true, trace: { [heard] _ in heard.ring() })
        fixture.api.onPoll { _ in .success(.completed(.link(1))) }
        return fixture
    }

    /// Runs the pipeline for `body`, which begins once drops are picked up.
    private func running(
        _ fixture: PipelineFixture, _ body: @escaping @Sendable (PipelineFixture) async throws -> Void
    ) async throws {
        let ready = Bell()
        try await testGracefulShutdown { trigger in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await Pipeline(context: fixture.context, onReady: { ready.ring() }).run() }
                await ready.wait(after: 0)
                do {
                    try await body(fixture)
                } catch {
                    trigger.triggerGracefulShutdown()
                    throw error
                }
                trigger.triggerGracefulShutdown()
                try await group.waitForAll()
            }
        }
    }

    /// Waits for something that the ledger or the lookout brings about.
    private func wait(_ isSo: () async throws -> Bool) async throws {
        while try await !isSo() {
            let rings = heard.rings
            await heard.wait(after: rings, atMost: .milliseconds(20), by: .system)
            try Task.checkCancellation()
        }
    }

    private func delivered(_ fixture: PipelineFixture, _ count: Int) async throws {
        try await wait {
            let jobs = try await fixture.store.jobs(JobQuery()).filter { $0.state.name == .delivered }
            let unsettled = try await fixture.store.unsettled()
            return jobs.count == count && unsettled.isEmpty
        }
    }

    private func drop(_ name: String, in folder: TemporaryFolder, _ place: String = "") throws {
        try folder.write(picture, to: "\(place)\(name).png")
        try folder.write(sidecar, to: "\(place)\(name).json")
    }

    @Test func `A share below a local inbox is listed, the rest is watched, and drops of both come out`() async throws {
        let (fixture, share) = (try fixture(), try RemoteShare())
        try fixture.folder.folder("inbox/nas")
        try await share.mount(at: fixture.folder["inbox/nas"])
        try await running(fixture) { fixture in
            try drop("far", in: share.folder)
            try drop("deep", in: share.folder, "a/b/")
            try drop("near", in: fixture.folder, "inbox/")
            try await delivered(fixture, 3)
        }
        #expect(fixture.inbox.isEmpty && share.folder.files().isEmpty)
        #expect(
            fixture.folder.files(in: "outbox/videos").filter { $0.hasSuffix(".mp4") } == [
                "nas/a/b/deep.mp4", "nas/far.mp4", "near.mp4",
            ])
        #expect(fixture.api.submissions.count == 3)
    }

    @Test func `A local disk below an inbox on a share tells of its own changes`() async throws {
        let (fixture, share, disk) = (try fixture(), try RemoteShare(), try SmallDisk(bytes: 8 << 20))
        let inbox = fixture.folder["inbox"]
        try await share.mount(at: inbox)
        try FileSystem.makeFolder(inbox.appending("disk"))
        try FileSystem.makeFolder(inbox.appending(".hotreel"))
        try disk.mount(at: inbox.appending("disk"))
        let plans = try MountTable.current().trees(of: inbox.string).map {
            WatchPlan.choose(.auto, on: $0.mount, times: fixture.context.configuration.watchTimes).method
        }
        #expect(plans == [.listing, .events])
        try disk.unmount(from: inbox.appending("disk"))
    }

    @Test func `A share that does not answer keeps only its own drops waiting`() async throws {
        let (fixture, share) = (try fixture(), try RemoteShare())
        try fixture.folder.folder("inbox/nas")
        try await share.mount(at: fixture.folder["inbox/nas"])
        try await running(fixture) { fixture in
            share.freeze()
            try drop("far", in: share.folder)
            try drop("near", in: fixture.folder, "inbox/")
            try await delivered(fixture, 1)
            try await wait { fixture.context.sightings.absence(of: "nas") != nil }
            #expect(fixture.context.sightings.absence(of: "") == nil)
            try drop("nearer", in: fixture.folder, "inbox/")
            try await delivered(fixture, 2)
            #expect(fixture.context.gates.closed.isEmpty)
            share.thaw()
            try await delivered(fixture, 3)
            #expect(fixture.context.sightings.absence(of: "nas") == nil)
        }
        #expect(share.folder.files().isEmpty)
    }

    @Test func `An inbox that does not answer closes its gate, and a shutdown does not wait for it`() async throws {
        let (fixture, share) = (try fixture(), try RemoteShare())
        try FileSystem.makeFolder(fixture.folder["inbox"])
        try await share.mount(at: fixture.folder["inbox"])
        defer { try? share.unmount(from: fixture.folder["inbox"]) }
        let again = try PipelineFixture(
            {
                $0.mountPatience = .milliseconds(300)
                $0.mountCache = .zero
                $0.listing = .milliseconds(50)
                $0.retryInterval = .milliseconds(50)
            }, time: .system, inbox: fixture.folder["inbox"], hasPlaces: true)
        try await running(again) { again in
            share.freeze()
            try await wait { again.context.gates.isClosed(.inbox) }
            share.thaw()
            try await wait { !again.context.gates.isClosed(.inbox) }
            share.freeze()
            try await wait { again.context.gates.isClosed(.inbox) }
        }
        share.thaw()
    }

    @Test(arguments: [false, true])
    func `An empty mount point is not an emptied folder`(isKilled: Bool) async throws {
        let (fixture, share) = (try fixture(), try RemoteShare())
        try fixture.folder.folder("inbox/nas")
        let point = fixture.folder["inbox/nas"]
        try await share.mount(at: point)
        try await running(fixture) { fixture in
            try drop("first", in: share.folder)
            try await delivered(fixture, 1)
            try share.folder.write(picture, to: "shot.png")
            // Some listings long.
            try await fixture.context.time.sleep(.milliseconds(400))
            if isKilled { share.kill() }
            if isKilled { try await wait { fixture.context.sightings.absence(of: "nas") != nil } }
            try share.unmount(from: point)
            try await wait { fixture.context.sightings.absence(of: "nas")?.contains("not mounted") == true }
            // Beneath the mount point: nobody's drop.
            try drop("beneath", in: fixture.folder, "inbox/nas/")
            try drop("near", in: fixture.folder, "inbox/")
            try await delivered(fixture, 2)
            // Longer than a lone picture waits for its sidecar.
            try await fixture.context.time.sleep(.seconds(6))
            #expect(fixture.folder.exists("inbox/nas/beneath.png"))
            #expect(fixture.folder.files(in: "outbox/errors").isEmpty)
            try await share.mount(at: point)
            try share.folder.write(sidecar, to: "shot.json")
            try await delivered(fixture, 3)
        }
        try share.unmount(from: point)
        #expect(fixture.inbox == ["nas/beneath.json", "nas/beneath.png"])
        #expect(fixture.api.submissions.count == 3)
    }

    @Test func `A mount that appears over a folder, or over another mount, is a tree of its own`() async throws {
        let (fixture, share, disk) = (try fixture(), try RemoteShare(), try SmallDisk(bytes: 8 << 20))
        let point = try fixture.folder.folder("inbox/nas")
        try await running(fixture) { fixture in
            try drop("local", in: fixture.folder, "inbox/nas/")
            try await delivered(fixture, 1)
            try await share.mount(at: point)
            try drop("far", in: share.folder)
            try await delivered(fixture, 2)
            try share.folder.write(picture, to: "covered.png")
            try disk.mount(at: point)
            try drop("disk", in: fixture.folder, "inbox/nas/")
            try await delivered(fixture, 3)
            try disk.unmount(from: point)
            try share.folder.write(sidecar, to: "covered.json")
            try await delivered(fixture, 4)
        }
        #expect(fixture.api.submissions.count == 4)
        #expect(fixture.folder.files(in: "outbox/errors").isEmpty)
    }

    @Test func `A file that grows behind a share is taken whole`() async throws {
        let (fixture, share) = (try fixture(), try RemoteShare())
        try fixture.folder.folder("inbox/nas")
        try await share.mount(at: fixture.folder["inbox/nas"])
        try await running(fixture) { fixture in
            try share.folder.write(sidecar, to: "shot.json")
            let file = try FileDescriptor.open(
                share.folder["shot.png"], .writeOnly, options: [.create], permissions: [.ownerReadWrite])
            for start in stride(from: 0, to: picture.count, by: max(1, picture.count / 5)) {
                let end = min(picture.count, start + max(1, picture.count / 5))
                _ = try file.writeAll(picture[start..<end])
                try await fixture.context.time.sleep(.milliseconds(70))
            }
            try file.close()
            try await delivered(fixture, 1)
        }
        let original = try Data(contentsOf: URL(filePath: fixture.folder["outbox/originals/nas/shot.png"].string))
        #expect(Array(original) == picture)
    }
}
