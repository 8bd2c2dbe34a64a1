import Foundation
import Jobs
import SystemPackage
import TestKit
import Testing

extension EndToEnd {
    /// Shares of which nothing is told: as the inbox and below it, that hang, break and come back.
    @Suite(.serialized, .enabled(if: RemoteShare.isAvailable, "\(RemoteShare.remedy)"))
    struct MountTests {
        /// The shares of these tests keep nothing in a cache, which cannot be seen from their mounts.
        static let settings = [
            "INTAKE_MOUNT_CACHE": "0", "INTAKE_LISTING": "300ms", "API_POLL_INTERVAL": "100ms",
        ]

        let folder: HotreelFolder
        let share: RemoteShare
        let picture: [UInt8]

        init() async throws {
            folder = try HotreelFolder()
            share = try RemoteShare()
            picture = try await TestPictures.make(size: "320x320", source: "color=c=0x306090")
        }

        private var inbox: FilePath { folder.root["inbox"] }

        /// Somebody else puts a pair onto the share.
        private func dropBehind(_ name: String) throws {
            try share.folder.write(picture, to: "\(name).jpg")
            try share.folder.write(sidecar(["prompt": .string(name)]).text.utf8, to: "\(name).json")
        }

        private func waitForDelivered(_ count: Int, within limit: Duration = .seconds(50)) async throws {
            try await folder.wait(within: limit, "\(count) delivered jobs") {
                let jobs = try await folder.jobs()
                return jobs.filter { $0["state"] == "delivered" }.count == count
                    && folder.root.files(in: "inbox/.hotreel").isEmpty
            }
        }

        @Test(
            "What others put onto a share that is the inbox is found by listing, and never taken half",
            .timeLimit(.minutes(2)))
        func shareAsInbox() async throws {
            try await share.mount(at: inbox)
            defer { try? share.unmount(from: inbox) }
            let big = try await TestPictures.make(size: "1280x1280")
            try await HotreelStandIn.running("--instant") { standIn in
                let ending = try await folder.running(
                    api: standIn.url, settings: Self.settings.merging(["INTAKE_SETTLE": "1s"]) { $1 }, key: "any"
                ) { service in
                    let words = try await service.line("the inbox on ")
                    #expect(words.contains("listed every 300 ms") && words.contains("SSHFS does not tell"), "\(words)")
                    try dropBehind("small")
                    try share.folder.write(sidecar(["prompt": "slow"]).text.utf8, to: "deep/er/slow.json")
                    let file = try FileDescriptor.open(
                        share.folder["deep/er/slow.jpg"], .writeOnly, options: [.create], permissions: .ownerReadWrite)
                    for part in 0..<8 {
                        _ = try file.writeAll(big[(big.count * part / 8)..<(big.count * (part + 1) / 8)])
                        try await Task.sleep(for: .milliseconds(400))
                        #expect(try share.folder.files().contains("deep/er/slow.jpg"))
                    }
                    try file.close()
                    try await waitForDelivered(2)
                }
                #expect(ending.status == 0)
                try await standIn.expectPaidOnce(["small", "slow"])
            }
            #expect(try folder.bytes("outbox/originals/deep/er/slow.jpg") == big)
            #expect(folder.root.files(in: "outbox/errors").isEmpty)
            #expect(share.folder.files().isEmpty)
        }

        @Test(
            "A share below the inbox that hangs, breaks and comes back delays only what lies on it",
            .timeLimit(.minutes(3)))
        func shareBelow() async throws {
            let point = try folder.root.folder("inbox/nas")
            try await share.mount(at: point)
            defer { try? share.unmount(from: point) }
            try await HotreelStandIn.running("--instant") { standIn in
                let ending = try await folder.running(api: standIn.url, settings: Self.settings, key: "any") {
                    service in
                    _ = try await service.line("inbox/nas on ")
                    try dropBehind("far")
                    try await folder.drop(pair: "near")
                    try await waitForDelivered(2)

                    share.freeze()
                    try dropBehind("far hung")
                    try await folder.drop(pair: "near hung")
                    try await waitForDelivered(3)
                    _ = try await service.line("does not answer for 10 s")
                    #expect(!service.text.contains("waiting for the inbox"))
                    share.thaw()
                    try await waitForDelivered(4)

                    try share.folder.write(picture, to: "half.jpg")
                    share.kill()
                    try await folder.drop(pair: "near killed")
                    try await waitForDelivered(5)
                    _ = try await service.line("cannot be listed")
                    try share.unmount(from: point)
                    _ = try await service.line("no longer mounted")
                    try await folder.drop(pair: "near unmounted")
                    try await waitForDelivered(6)
                    try share.folder.write(sidecar(["prompt": "half"]).text.utf8, to: "half.json")
                    try await share.mount(at: point)
                    try await waitForDelivered(7)
                    // Told to stop while it hangs once more.
                    share.freeze()
                    try await folder.wait("a second word on it") {
                        service.text.components(separatedBy: "does not answer for 10 s").count > 2
                    }
                }
                share.thaw()
                #expect(ending.status == 0 && ending.stopping < .seconds(15), "\(ending.log)")
                #expect(ending.log.components(separatedBy: "does not answer for 10 s").count == 3)
                try await standIn.expectPaidOnce([
                    "far", "near", "far hung", "near hung", "near killed", "near unmounted", "half",
                ])
            }
            #expect(share.folder.files().isEmpty)
            #expect(folder.root.files(in: "outbox/errors").isEmpty)
        }

        @Test(
            "An inbox that does not answer is waited for, and a shutdown does not wait for it", .timeLimit(.minutes(2)))
        func hungInbox() async throws {
            try await share.mount(at: inbox)
            defer { try? share.unmount(from: inbox) }
            try await HotreelStandIn.running("--instant") { standIn in
                let ending = try await folder.running(api: standIn.url, settings: Self.settings, key: "any") {
                    service in
                    try dropBehind("first")
                    try await waitForDelivered(1)
                    share.freeze()
                    _ = try await service.line("warning: waiting for")
                    try await Task.sleep(for: .seconds(2))
                }
                #expect(ending.status == 0 && ending.stopping < .seconds(15), "\(ending.log)")
                share.thaw()
                try dropBehind("second")
                _ = try await folder.running(api: standIn.url, settings: Self.settings, key: "any") { _ in
                    try await waitForDelivered(2)
                }
                try await standIn.expectPaidOnce(["first", "second"])
            }
        }

        @Test(
            "An inbox whose mount breaks with jobs in every state goes on when it is mounted again",
            .timeLimit(.minutes(3)))
        func brokenMidway() async throws {
            try await share.mount(at: inbox)
            defer { try? share.unmount(from: inbox) }
            let names = (0..<12).map { "shot\($0)" }
            try await HotreelStandIn.running("--instant", "--render-time", "1s") { standIn in
                let ending = try await folder.running(
                    api: standIn.url, settings: Self.settings.merging(["API_SUBMITS_PER_SECOND": "3"]) { $1 },
                    key: "any"
                ) { service in
                    for name in names { try dropBehind(name) }
                    _ = try await service.line(": delivered")
                    share.kill()
                    _ = try await service.line("warning: waiting for")
                    try await Task.sleep(for: .seconds(2))
                    try share.unmount(from: inbox)
                    try dropBehind("late")
                    try await Task.sleep(for: .seconds(1))
                    #expect(folder.entries("inbox") == [])
                    try await share.mount(at: inbox)
                    try await waitForDelivered(13, within: .seconds(90))
                }
                #expect(ending.status == 0, "\(ending.log)")
                try await standIn.expectPaidOnce(names + ["late"])
            }
            #expect(folder.root.files(in: "outbox/errors").isEmpty)
            #expect(share.folder.files().isEmpty)
        }
    }
}
