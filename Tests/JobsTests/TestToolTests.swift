import Foundation
import Synchronization
import TestKit
import Testing

@Suite("The clock moved by hand", .timeLimit(.minutes(1)))
struct ManualClockTests {
    let clock = ManualClock()

    @Test("wakes sleepers when their time has come, and not before")
    func wakes() async throws {
        let (wakings, waking) = AsyncStream<Int>.makeStream()
        try await withThrowingTaskGroup { group in
            for seconds in [3, 1, 2] {
                group.addTask {
                    try await clock.sleep(for: .seconds(seconds))
                    waking.yield(seconds)
                }
            }
            await clock.waitForSleepers(3)
            var woken = wakings.makeAsyncIterator()
            for seconds in 1...3 {
                clock.advance(by: .seconds(1))
                #expect(await woken.next() == seconds)
                #expect(clock.sleepers == 3 - seconds)
            }
            try await group.waitForAll()
        }
        #expect(clock.date == .sample + 3)
    }

    @Test("lets a cancelled sleeper go, asleep or about to be")
    func cancels() async {
        let asleep = Task { try await clock.sleep(for: .seconds(9)) }
        await clock.waitForSleepers()
        asleep.cancel()
        await #expect(throws: CancellationError.self) { try await asleep.value }
        let early = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            try await clock.sleep(for: .seconds(9))
        }
        await #expect(throws: CancellationError.self) { try await early.value }
        #expect(clock.sleepers == 0)
    }

    @Test("holds nobody whose time is past")
    func past() async throws {
        try await clock.sleep(until: clock.now, tolerance: nil)
        #expect(clock.sleepers == 0)
    }
}

@Suite("A temporary folder")
struct TemporaryFolderTests {
    @Test("holds names of any bytes, lists them, and is gone in the end")
    func lifetime() throws {
        var folder: TemporaryFolder? = try TemporaryFolder()
        let path = try #require(folder?.path)
        try folder?.write("text", to: "a/b/.hidden")
        try folder?.write([0, 255], to: "shot 010.png")
        let odd = try #require(folder?.file(bytes: [0x63, 0xE9]))
        try folder?.write("odd", to: odd)
        try folder?.folder("empty")
        #expect(folder?.files() == ["a/b/.hidden", "c\u{FFFD}", "shot 010.png"])
        #expect(folder?.files(in: "a") == ["b/.hidden"])
        #expect(try folder?.text(of: "a/b/.hidden") == "text")
        #expect(folder?.exists("empty") == true)
        #expect(folder?.exists("nothing") == false)
        try FileManager.default.setAttributes([.posixPermissions: 0], ofItemAtPath: path.appending("a").string)
        folder = nil
        #expect(!FileManager.default.fileExists(atPath: path.string))
    }
}
