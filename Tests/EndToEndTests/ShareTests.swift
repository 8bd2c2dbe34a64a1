import Jobs
import SystemPackage
import TestKit
import Testing

extension EndToEnd {
    /// Disks that are full and shares that go away while there is work; nothing is lost by it, and work goes on by itself.
    @Suite(.serialized, .enabled(if: SmallDisk.isAvailable, "\(SmallDisk.remedy)"))
    struct ShareTests {
        let folder: HotreelFolder

        init() throws { folder = try HotreelFolder() }

        private func gates(_ folder: HotreelFolder) async throws -> [String] {
            try await folder.call("status", "--json").json()["gates"]?.arrayValue?.compactMap {
                $0["gate"]?.stringValue
            } ?? []
        }

        // MARK: Full

        @Test("A full outbox disk delays what is delivered to it, however full it is", .timeLimit(.minutes(2)))
        func fullOutbox() async throws {
            try await HotreelStandIn.running("--instant") { standIn in
                try await inLanes([0, 4096, 12_000, 40_000, 90_000]) { bytesLeft in
                    let folder = try HotreelFolder()
                    let disk = try SmallDisk(bytes: 8 << 20)
                    try disk.mount(at: folder.root["outbox"])
                    defer { try? disk.unmount(from: folder.root["outbox"]) }
                    let names = ["one", "two", "three"].map { "\($0) \(bytesLeft)" }
                    try await folder.serving(api: standIn.url, key: "any") { service in
                        try disk.fill(leaving: bytesLeft)
                        for name in names { try await folder.drop(pair: name) }
                        _ = try await service.line("is full")
                        let jobs = try await folder.jobs()
                        #expect(jobs.allSatisfy { $0["state"] != "failed" }, "\(bytesLeft): \(jobs)")
                        try disk.makeRoom()
                        do {
                            try await folder.waitUntilSettled(3)
                        } catch {
                            throw HotreelProcess.Failure(description: "\(bytesLeft) bytes left: \(error)")
                        }
                    }
                    #expect(try await folder.jobs().allSatisfy { $0["state"] == "delivered" }, "\(bytesLeft)")
                    try await folder.expectInOrder()
                }
                let names = [0, 4096, 12_000, 40_000, 90_000].flatMap { left in
                    ["one", "two", "three"].map { "\($0) \(left)" }
                }
                try await standIn.expectPaidOnce(names)
            }
        }

        @Test("A full inbox disk delays what has to be fitted there", .timeLimit(.minutes(1)))
        func fullInbox() async throws {
            let disk = try SmallDisk(bytes: 8 << 20)
            try disk.mount(at: folder.root["inbox"])
            defer { try? disk.unmount(from: folder.root["inbox"]) }
            try await HotreelStandIn.running("--instant") { standIn in
                try folder.drop(try await TestPictures.make(.tiff, options: ["-pix_fmt", "rgb24"]), "shot.tiff")
                try disk.fill(leaving: 8192)
                try folder.drop(sidecar(["prompt": "shot"]), "shot.json")
                try await folder.serving(api: standIn.url, key: "any") { service in
                    _ = try await service.line("is full")
                    #expect(try await folder.jobs().isEmpty)
                    #expect(folder.root.exists("inbox/shot.tiff") && folder.root.exists("inbox/shot.json"))
                    try disk.makeRoom()
                    try await folder.waitUntilSettled(1)
                }
                try await standIn.expectPaidOnce(["shot"])
                try await folder.expectInOrder(standIn)
            }
        }

        @Test(
            "With the ledger's disk full nothing is sent that could not be noted, and what was sent is noted once there is room",
            .timeLimit(.minutes(1)))
        func fullState() async throws {
            let disk = try SmallDisk(bytes: 8 << 20)
            try disk.mount(at: folder.root["state"])
            defer { try? disk.unmount(from: folder.root["state"]) }
            let scenario: JSONValue = [
                "faults": [["operation": "create", "fault": "late", "delay": "2s", "prompt": "sent"]]
            ]
            try await HotreelStandIn.running("--instant", scenario: scenario) { standIn in
                try await folder.serving(api: standIn.url, key: "any") { service in
                    try await folder.drop(pair: "sent")
                    try await folder.wait("the request to be taken") { try await standIn.requests().count == 1 }
                    try disk.fill()
                    try await folder.drop(pair: "next")
                    _ = try await service.line("the ledger cannot be written")
                    try await Task.sleep(for: .seconds(3))
                    #expect(try await standIn.posts() == 1)
                    #expect(folder.root.files(in: "outbox/errors").isEmpty)
                    try disk.makeRoom()
                    try await folder.waitUntilSettled(2)
                }
                try await standIn.expectPaidOnce(["next", "sent"])
                #expect(try await standIn.posts() == 2)
                #expect(try await folder.jobs().allSatisfy { $0["state"] == "delivered" })
                try await folder.expectInOrder(standIn)
            }
        }

        @Test("Killed while the ledger's disk is full, a paid job is found again", .timeLimit(.minutes(1)))
        func killedWhileFull() async throws {
            let disk = try SmallDisk(bytes: 8 << 20)
            try disk.mount(at: folder.root["state"])
            defer { try? disk.unmount(from: folder.root["state"]) }
            let scenario: JSONValue = ["faults": [["operation": "create", "fault": "late", "delay": "1s"]]]
            try await HotreelStandIn.running("--instant", scenario: scenario) { standIn in
                try await folder.drop(pair: "shot")
                _ = try await folder.running(api: standIn.url, key: "any") { service in
                    try await folder.wait("the request to be taken") { try await standIn.requests().count == 1 }
                    try disk.fill()
                    _ = try await service.line("the ledger cannot be written")
                    await service.kill()
                }
                try disk.makeRoom()
                try await folder.serving(api: standIn.url, key: "any") { _ in try await folder.waitUntilSettled(1) }
                try await standIn.expectPaidOnce(["shot"])
                #expect(try await standIn.posts() == 1)
                try await folder.expectInOrder(standIn)
            }
        }

        // MARK: Gone

        @Test(
            "An outbox that is unmounted while jobs run is waited for, and nothing is written below it",
            .timeLimit(.minutes(1)))
        func outboxGone() async throws {
            let disk = try SmallDisk(bytes: 8 << 20)
            let outbox = folder.root["outbox"]
            try disk.mount(at: outbox)
            defer { try? disk.unmount(from: outbox) }
            try await HotreelStandIn.running("--instant", "--render-time", "1s") { standIn in
                try await folder.serving(api: standIn.url, key: "any") { service in
                    for name in ["one", "two", "three"] { try await folder.drop(pair: name) }
                    _ = try await service.line("accepted by the API")
                    try disk.unmount(from: outbox)
                    _ = try await service.line("warning: waiting for")
                    try await folder.wait("all to be made") {
                        states(try await folder.jobs()).values.allSatisfy { $0 == "generated" || $0 == "generating" }
                    }
                    // Dropped meanwhile: it is not taken, since nobody could be told of it.
                    try await folder.drop(pair: "four")
                    try await Task.sleep(for: .seconds(1.5))
                    #expect(folder.entries("outbox") == [])
                    #expect(try await gates(folder).contains("outbox"))
                    try disk.mount(at: outbox)
                    try await folder.waitUntilSettled(4)
                }
                try await standIn.expectPaidOnce(["four", "one", "three", "two"])
                #expect(try await folder.jobs().allSatisfy { $0["state"] == "delivered" })
                try await folder.expectInOrder(standIn)
            }
            try disk.unmount(from: outbox)
            #expect(folder.entries("outbox") == [])
        }

        @Test("An inbox that is emptied by an unmount and comes back is the same inbox", .timeLimit(.minutes(1)))
        func inboxGone() async throws {
            let disk = try SmallDisk(bytes: 8 << 20)
            let inbox = folder.root["inbox"]
            try disk.mount(at: inbox)
            defer { try? disk.unmount(from: inbox) }
            try await HotreelStandIn.running("--instant", "--render-time", "1s") { standIn in
                try await folder.serving(api: standIn.url, key: "any") { service in
                    for name in ["one", "two"] { try await folder.drop(pair: name) }
                    _ = try await service.line("one: accepted by the API")
                    _ = try await service.line("two: accepted by the API")
                    try folder.drop(try await TestPictures.make(size: "320x320"), "half.jpg")
                    try disk.unmount(from: inbox)
                    _ = try await service.line("warning: waiting for")
                    try await Task.sleep(for: .seconds(2))
                    #expect(folder.entries("inbox") == [])
                    #expect(folder.root.files(in: "outbox/errors").isEmpty)
                    #expect(try await folder.jobs().count == 2)
                    try disk.mount(at: inbox)
                    try folder.drop(sidecar(["prompt": "half"]), "half.json")
                    try await folder.waitUntilSettled(3)
                }
                try await standIn.expectPaidOnce(["half", "one", "two"])
                #expect(try await folder.jobs().allSatisfy { $0["state"] == "delivered" })
                try await folder.expectInOrder(standIn)
            }
            try disk.unmount(from: inbox)
            #expect(folder.entries("inbox") == [])
        }

        @Test(
            "Started before its shares are mounted, it asks after paid work and waits with the rest",
            .timeLimit(.minutes(1)))
        func startedEarly() async throws {
            let disks = try ["inbox", "outbox"].map { (folder.root[$0], try SmallDisk(bytes: 8 << 20)) }
            for (place, disk) in disks { try disk.mount(at: place) }
            defer { for (place, disk) in disks { try? disk.unmount(from: place) } }
            try await HotreelStandIn.running("--instant", "--render-time", "1s") { standIn in
                try await folder.drop(pair: "shot")
                _ = try await folder.running(api: standIn.url, key: "any") { service in
                    _ = try await service.line("accepted by the API")
                    await service.kill()
                }
                try await folder.drop(pair: "next")
                for (place, disk) in disks { try disk.unmount(from: place) }
                let ending = try await folder.running(
                    api: standIn.url, key: "any", after: "warning: waiting for"
                ) { service in
                    _ = try await service.line("shot: generated")
                    #expect(!service.text.contains("ready"))
                    for (place, _) in disks { #expect(folder.entries(place.lastComponent?.string ?? "") == []) }
                    for (place, disk) in disks { try disk.mount(at: place) }
                    _ = try await service.line("ready")
                    try await folder.waitUntilSettled(2)
                }
                #expect(ending.status == 0)
                try await standIn.expectPaidOnce(["next", "shot"])
                #expect(try await folder.jobs().allSatisfy { $0["state"] == "delivered" })
                try await folder.expectInOrder(standIn)
            }
        }
    }
}
