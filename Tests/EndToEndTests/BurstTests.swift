import Foundation
import Jobs
import Subprocess
import SystemPackage
import TestKit
import Testing

extension EndToEnd {
    /// More at once than anybody can look at: every file is accounted for, in bounded memory.
    @Suite(.serialized) struct BurstTests {
        /// Pairs are claimed and held: what comes after is the same for many as for few, and this is about the many.
        private let held: JSONValue = ["prompt": "x", "hotreel": ["hold": true]]

        let folder: HotreelFolder
        let picture: [UInt8]

        init() async throws {
            folder = try HotreelFolder()
            picture = try await TestPictures.make(size: "320x320", source: "color=c=0x306090")
        }

        private func drop(_ name: String, in place: String = "inbox") throws {
            try folder.root.write(picture, to: "\(place)/\(name).jpg")
            try folder.root.write(held.text.utf8, to: "\(place)/\(name).json")
        }

        private func waitForHeld(_ names: [String], within limit: Duration = .seconds(240)) async throws {
            try await folder.wait(within: limit, "\(names.count) claims") {
                folder.root.files(in: "inbox").allSatisfy { $0.hasPrefix(".hotreel/") }
            }
            let jobs = try await folder.jobs()
            #expect(jobs.allSatisfy { $0["state"] == "held" })
            let found = jobs.compactMap { job -> String? in
                guard let name = job["name"]?.stringValue, let place = job["folder"]?.stringValue else { return nil }
                return place.isEmpty ? name : "\(place)/\(name)"
            }
            #expect(found.sorted() == names.sorted())
        }

        /// Most memory it has had, in bytes.
        private func peak(of process: HotreelProcess) throws -> Int {
            let status = try String(contentsOfFile: "/proc/\(process.id)/status", encoding: .utf8)
            let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") })
            return try #require(Int(line.filter(\.isNumber))) * 1024
        }

        // 2,000 of the 20,000: the most that a small machine claims in about a minute.
        @Test("Two thousand pairs at once, half of them in folders moved in ready-filled", .timeLimit(.minutes(5)))
        func burst() async throws {
            for number in 0..<1000 { try drop("set \(number % 50)/shot\(number)", in: "aside") }
            let near = (0..<1000).map { "shot\($0)" }
            _ = try await folder.running(settings: ["LOG_LEVEL": "notice"]) { service in
                for name in near { try drop(name) }
                for number in 0..<50 {
                    try FileManager.default.moveItem(
                        atPath: folder.root["aside/set \(number)"].string,
                        toPath: folder.root["inbox/set \(number)"].string)
                }
                let moved = (0..<1000).map { "set \($0 % 50)/shot\($0)" }
                try await waitForHeld(near + moved)
                #expect(try peak(of: service) < 400 << 20)
            }
        }

        @Test("Events that are lost because the kernel's queue is full lose no drop", .timeLimit(.minutes(3)))
        func overflow() async throws {
            let limit = try Int(
                String(contentsOfFile: "/proc/sys/fs/inotify/max_queued_events", encoding: .utf8)
                    .trimmingCharacters(in: .whitespacesAndNewlines))
            try folder.root.write("x", to: "inbox/a.tmp")
            try folder.root.write("x", to: "inbox/b.tmp")
            let names = (0..<60).map { "new \($0 % 6)/deep/shot\($0)" }
            _ = try await folder.running(settings: ["INTAKE_RESCAN": "1h"]) { service in
                service.freeze()
                // Alternating, since equal neighbours are told as one.
                for _ in 0...(try #require(limit) / 2 + 1) {
                    for file in ["a.tmp", "b.tmp"] { chmod(folder.root["inbox/\(file)"].string, 0o644) }
                }
                for name in names { try drop(name) }
                service.thaw()
                try await folder.wait("60 claims") {
                    folder.root.files(in: "inbox").filter { !$0.hasPrefix(".hotreel/") } == ["a.tmp", "b.tmp"]
                }
                #expect(try await folder.jobs().count == 60)
                // And events are heard again.
                try drop("new 1/deep/after")
                try await folder.wait("one more") { try await folder.jobs().count == 61 }
            }
        }

        @Test(
            "Folders beyond the kernel's limit of watches are listed, with the remedy told once, and watched when it is raised",
            .timeLimit(.minutes(2)), .enabled(if: Self.hasOwnLimits))
        func exhausted() async throws {
            for number in 0..<60 { try folder.root.folder("inbox/set\(number)/deep") }
            let launcher = [
                "unshare", "--user", "--map-root-user", "sh", "-c",
                "echo 40 > /proc/sys/user/max_inotify_watches && exec \"$0\" \"$@\"",
            ]
            let ending = try await folder.running(
                settings: ["INTAKE_RESCAN": "1h", "INTAKE_LISTING": "300ms"], launcher: launcher
            ) { service in
                let words = try await service.line("max_user_watches")
                #expect(words.contains("sysctl fs.inotify.max_user_watches=") && words.contains("listed every 300 ms"))
                let names = (0..<60).map { "set\($0)/deep/shot\($0)" }
                for name in names { try drop(name) }
                try await waitForHeld(names, within: .seconds(60))
                try folder.root.folder("inbox/more/deep")
                try drop("more/deep/shot")
                try await waitForHeld(names + ["more/deep/shot"], within: .seconds(30))

                let raised = try await Subprocess.run(
                    .name("nsenter"),
                    arguments: [
                        "--user", "--target", "\(service.id)", "sh", "-c",
                        "echo 100000 > /proc/sys/user/max_inotify_watches",
                    ], output: .discarded, error: .discarded)
                #expect(raised.terminationStatus.isSuccess)
                _ = try await service.line("are watched again")
                try drop("set59/deep/after")
                try await waitForHeld(names + ["more/deep/shot", "set59/deep/after"], within: .seconds(30))
            }
            #expect(ending.status == 0)
            #expect(ending.log.components(separatedBy: "sysctl fs.inotify").count == 2, "\(ending.log)")
        }

        /// Whether a limit can be set that is nobody else's.
        static let hasOwnLimits: Bool = {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            process.arguments = [
                "unshare", "--user", "--map-root-user", "sh", "-c", "echo 40 > /proc/sys/user/max_inotify_watches",
            ]
            process.standardError = FileHandle.nullDevice
            guard (try? process.run()) != nil else { return false }
            process.waitUntilExit()
            return process.terminationStatus == 0
        }()
    }
}
