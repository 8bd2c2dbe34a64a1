import Foundation
import Jobs
import Subprocess
import SystemPackage
import TestKit
import Testing

extension EndToEnd {
    /// `hotreel doctor` on a good setup, and with each fault made on purpose.
    @Suite(.serialized) struct DoctorCommandTests {
        let folder: HotreelFolder

        init() throws { folder = try HotreelFolder() }

        private struct Diagnosis {
            let status: Int32?
            let findings: [String: JSONValue]

            func level(_ check: String) -> String? { findings[check]?["level"]?.stringValue }
            func message(_ check: String) -> String { findings[check]?["message"]?.stringValue ?? "" }
            func remedy(_ check: String) -> String { findings[check]?["remedy"]?.stringValue ?? "" }
            var failures: [String] {
                findings.values.filter { $0["level"] == "failure" }.compactMap { $0["check"]?.stringValue }
            }
        }

        private func diagnose(
            api: String = "local", environment: [String: String] = [:]
        ) async throws -> Diagnosis {
            let arguments = ["doctor", "--json", "--api-url", api] + folder.options
            let answer = try await HotreelBinary.call(arguments, environment: environment)
            return try Self.diagnosis(status: answer.status, answer.output)
        }

        private static func diagnosis(status: Int32?, _ output: String) throws -> Diagnosis {
            let document = try JSONDecoder().decode(JSONValue.self, from: Data(output.utf8))
            let findings = try #require(document["findings"]?.arrayValue)
            let names = findings.compactMap { $0["check"]?.stringValue }
            #expect(Set(names).count == names.count, "a check speaks twice: \(names)")
            return Diagnosis(
                status: status,
                findings: Dictionary(zip(names, findings), uniquingKeysWith: { first, _ in first }))
        }

        /// The same by way of another program.
        private func diagnose(by way: [String], platform: PlatformOptions = PlatformOptions()) async throws -> Diagnosis
        {
            let words = way + [HotreelBinary.path.string, "doctor", "--json", "--api-url", "local"] + folder.options
            let result = try await Subprocess.run(
                .name("env"), arguments: Arguments(words), platformOptions: platform,
                output: .string(limit: 1 << 20), error: .string(limit: 1 << 20))
            let status: Int32? = if case .exited(let code) = result.terminationStatus { code } else { nil }
            return try Self.diagnosis(status: status, result.standardOutput)
        }

        @Test("A good setup has no failure, and nothing is left behind", .timeLimit(.minutes(1)))
        func good() async throws {
            let before = try everything()
            let diagnosis = try await diagnose()
            #expect(diagnosis.status == 0 && diagnosis.failures == [])
            for check in [
                "inbox_write", "outbox_write", "inbox_rename", "outbox_rename", "inbox_names", "outbox_names",
                "inbox_times",
                "inbox_clock", "inbox_watch", "inbox_events", "inotify_watches", "inbox_space", "outbox_space",
                "state_space",
                "state_locks", "ffmpeg", "ffprobe", "libvips", "api",
            ] { #expect(diagnosis.level(check) == "ok", "\(check): \(diagnosis.message(check))") }
            #expect(diagnosis.level("service") == "warning")
            #expect(try everything() == before)
        }

        @Test("What people may do in the outbox goes by its folders and by delivery.mode", .timeLimit(.minutes(1)))
        func outboxRights() async throws {
            try #require(chmod(folder.root["outbox"].string, 0o755) == 0)
            let closed = try await diagnose()
            #expect(
                closed.level("outbox_rights") == "warning" && closed.remedy("outbox_rights").contains("chmod -R g+rwXs")
            )
            try #require(chmod(folder.root["outbox"].string, 0o2775) == 0)
            #expect(try await diagnose().level("outbox_rights") == "ok")
            let readOnly = try await diagnose(environment: ["HOTREEL_DELIVERY_MODE": "0644"])
            #expect(readOnly.level("outbox_rights") == "ok" && readOnly.message("outbox_rights").contains("0644"))
        }

        @Test("Beside a running service it says so, and disturbs nothing", .timeLimit(.minutes(1)))
        func running() async throws {
            try await folder.serving { service in
                let diagnosis = try await diagnose()
                #expect(diagnosis.status == 0)
                #expect(diagnosis.message("service").contains("\(service.id)"))
                #expect(diagnosis.level("ledger") == "ok")
                try await folder.drop(pair: "shot")
                try await folder.waitForVideos("shot")
                #expect(!service.text.contains("warning:"), "\(service.text)")
            }
        }

        @Test("For people it has 80 columns, and no colours where no terminal is", .timeLimit(.minutes(1)))
        func text() async throws {
            let answer = try await HotreelBinary.call(["doctor", "--api-url", "local"] + folder.options)
            let lines = answer.output.split(separator: "\n")
            #expect(!answer.output.contains("\u{1B}") && lines.count > 10)
            // A path may be longer than a line.
            for line in lines where !line.contains("/") { #expect(line.count <= 80, "\(line)") }
            #expect(
                lines.dropLast().allSatisfy { $0.firstMatch(of: #/^(ok      |warning |failure |        ) /#) != nil },
                "\(answer.output)")
        }

        @Test("Folders that are not there, and programs that are not, fail with their remedy", .timeLimit(.minutes(1)))
        func missing() async throws {
            folder.root.remove("outbox")
            let diagnosis = try await diagnose(environment: ["PATH": "/nowhere"])
            #expect(diagnosis.status == 69)
            #expect(
                Set(["outbox_write", "ffmpeg", "ffprobe"]).isSubset(of: diagnosis.failures), "\(diagnosis.failures)")
            #expect(diagnosis.remedy("ffprobe").contains("apt install ffmpeg"))
            #expect(!folder.root.exists("outbox"))
        }

        @Test("A wrong key and a missing one fail; a good one shows the balance", .timeLimit(.minutes(1)))
        func key() async throws {
            try await HotreelStandIn.running(options: ["--key", "right"], scenario: ["balance": 2.5]) { standIn in
                let wrong = try await diagnose(api: standIn.url, environment: ["AIML_API_KEY": "wrong"])
                #expect(wrong.status == 69 && wrong.failures == ["key"])
                let none = try await diagnose(api: standIn.url)
                #expect(none.failures == ["key"] && none.remedy("key").contains("AIML_API_KEY"))
                let right = try await diagnose(api: standIn.url, environment: ["AIML_API_KEY": "right"])
                #expect(right.status == 0 && right.level("key") == "ok" && right.level("clock") == "ok")
                #expect(right.level("balance") == "warning" && right.message("balance").contains("2.50 USD"))
                try await standIn.scenario(["balance": 0])
                let empty = try await diagnose(api: standIn.url, environment: ["AIML_API_KEY": "right"])
                #expect(empty.failures == ["balance"])
            }
        }

        @Test(
            "A clock that is not the API's is told, also where the API refuses to answer", .timeLimit(.minutes(1)),
            arguments: [
                ("200 OK", 4000.0, ["clock"], "failure"), ("503 Down", -4000, ["api", "clock"], "failure"),
                ("200 OK", 60, [], "warning"),
            ])
        func clock(status: String, ahead: Double, failures: [String], level: String) async throws {
            let format = DateFormatter()
            format.locale = Locale(identifier: "en_US_POSIX")
            format.timeZone = TimeZone(secondsFromGMT: 0)
            format.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
            let body = #"{"current_balance": 20, "currency": "USD"}"#
            let port = try Self.answerOnce(
                "HTTP/1.1 \(status)\r\nDate: \(format.string(from: Date() + ahead))\r\nContent-Length: \(body.utf8.count)\r\n"
                    + "Connection: close\r\n\r\n\(body)")
            let diagnosis = try await diagnose(api: "http://127.0.0.1:\(port)", environment: ["AIML_API_KEY": "any"])
            #expect(Set(diagnosis.failures) == Set(failures), "\(diagnosis.failures)")
            #expect(diagnosis.level("clock") == level && diagnosis.remedy("clock").contains("NTP"))
        }

        /// Answers one request on a loopback port, which is given back. The stand-in tells the true time whatever it is told to.
        private static func answerOnce(_ answer: String) throws -> UInt16 {
            let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            let isListening = withUnsafeMutablePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(listener, $0, length) == 0 && listen(listener, 1) == 0
                        && getsockname(listener, $0, &length) == 0
                }
            }
            try #require(isListening)
            Thread {
                let client = accept(listener, nil, nil)
                var request = [UInt8](repeating: 0, count: 1 << 14)
                _ = read(client, &request, request.count)
                _ = answer.withCString { write(client, $0, strlen($0)) }
                close(client)
                close(listener)
            }.start()
            return UInt16(bigEndian: address.sin_port)
        }

        @Test("An API that is not there fails", .timeLimit(.minutes(1)))
        func unreachable() async throws {
            let diagnosis = try await diagnose(api: "http://127.0.0.1:9", environment: ["AIML_API_KEY": "any"])
            #expect(diagnosis.failures == ["api"])
        }

        /// All that there is, folders included.
        private func everything() throws -> [String] {
            try FileManager.default.subpathsOfDirectory(atPath: folder.root.path.string).sorted()
        }

        // MARK: On mounts of its own

        @Test(
            "A disk that is read-only, and one that is full", .timeLimit(.minutes(1)),
            .enabled(if: SmallDisk.isAvailable, "\(SmallDisk.remedy)"))
        func badDisks() async throws {
            let disk = try SmallDisk(bytes: 4 << 20)
            try disk.mount(at: folder.root["outbox"])
            defer { try? disk.unmount(from: folder.root["outbox"]) }
            let small = try await diagnose()
            #expect(small.status == 69 && small.failures == ["outbox_space"])
            #expect(small.level("outbox_rename") == "ok" && small.message("outbox_rename").contains("copied"))
            try disk.fill()
            let full = try await diagnose()
            #expect(Set(["outbox_space", "outbox_write"]).isSubset(of: full.failures), "\(full.failures)")
            try disk.makeRoom()
            #expect(folder.root.files(in: "outbox") == [])
            try disk.setReadOnly(true)
            let readOnly = try await diagnose()
            #expect(Set(["outbox_write", "outbox_rename"]).isSubset(of: readOnly.failures), "\(readOnly.failures)")
            try disk.unmount(from: folder.root["outbox"])
            try disk.setReadOnly(false)
            try disk.mount(at: folder.root["inbox"])
            defer { try? disk.unmount(from: folder.root["inbox"]) }
            try disk.fill()
            #expect(try await diagnose().failures.contains("inbox_write"))
            #expect(folder.root.files(in: "inbox") == ["ballast"])
        }

        @Test(
            "The share that was there before and is not now", .timeLimit(.minutes(1)),
            .enabled(if: SmallDisk.isAvailable, "\(SmallDisk.remedy)"))
        func unmounted() async throws {
            let disk = try SmallDisk(bytes: 64 << 20)
            try disk.mount(at: folder.root["inbox"])
            try await folder.serving { _ in }
            try disk.unmount(from: folder.root["inbox"])
            let diagnosis = try await diagnose()
            #expect(
                diagnosis.failures.contains("inbox_place") && diagnosis.message("inbox_place").contains("not mounted"))
        }

        @Test(
            "Something mounted where claims go, or below the inbox, is told", .timeLimit(.minutes(1)),
            .enabled(if: SmallDisk.isAvailable, "\(SmallDisk.remedy)"))
        func mountedBelow() async throws {
            let disk = try SmallDisk(bytes: 64 << 20)
            try disk.mount(at: try folder.root.folder("inbox/.hotreel"))
            defer { try? disk.unmount(from: folder.root["inbox/.hotreel"]) }
            let diagnosis = try await diagnose()
            #expect(diagnosis.failures == ["inbox_rename"])
            let other = try SmallDisk(bytes: 8 << 20)
            try other.mount(at: try folder.root.folder("inbox/sub"))
            defer { try? other.unmount(from: folder.root["inbox/sub"]) }
            #expect(try await diagnose().message("inbox_watch/sub").contains("sub in the inbox lies on"))
        }

        @Test(
            "A user without rights is told what may not be written", .timeLimit(.minutes(1)),
            .enabled(if: canRunAsAnybody))
        func noRights() async throws {
            _ = chmod(folder.root.path.string, 0o755)
            var platform = PlatformOptions()
            platform.userID = 65_534
            platform.groupID = 65_534
            let diagnosis = try await diagnose(by: [], platform: platform)
            #expect(diagnosis.status == 69)
            #expect(
                Set(["inbox_write", "outbox_write", "state_locks"]).isSubset(of: diagnosis.failures),
                "\(diagnosis.failures)")
            #expect(diagnosis.remedy("inbox_write").contains("chown or chmod"))
            #expect(diagnosis.level("user") == "warning")
        }

        /// Whether anybody may have a user namespace of their own, whose limits are others.
        private static let hasNamespaces = MountedShare.end(of: ["unshare", "--user", "--map-root-user", "true"]) == 0
        /// Whether this is root, and anybody may run the program where it lies.
        static let canRunAsAnybody =
            geteuid() == 0
            && MountedShare.end(of: [
                "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", HotreelBinary.path.string, "--help",
            ])
                == 0

        @Test("More folders than the kernel lets us watch", .timeLimit(.minutes(1)), .enabled(if: hasNamespaces))
        func watches() async throws {
            for day in 1...5 { try folder.root.folder("inbox/day\(day)") }
            func diagnosis(allowing watches: Int) async throws -> Diagnosis {
                let limit = "echo \(watches) > /proc/sys/user/max_inotify_watches && exec \"$@\""
                return try await diagnose(by: ["unshare", "--user", "--map-root-user", "sh", "-c", limit, "sh"])
            }
            let few = try await diagnosis(allowing: 4)
            #expect(few.status == 69 && few.failures == ["inotify_watches"], "\(few.failures)")
            #expect(
                few.message("inotify_watches").contains("6 folders") && few.remedy("inotify_watches").contains("sysctl")
            )
            #expect(try await diagnosis(allowing: 8).level("inotify_watches") == "warning")
            let none = try await diagnosis(allowing: 0)
            #expect(Set(none.failures) == ["inotify_watches", "inbox_events"], "\(none.failures)")
        }

        @Test(
            "A state folder on a share fails; an inbox on one is listed, and hears no events of others",
            .timeLimit(.minutes(1)), .enabled(if: MountedShare.isPossible, "takes rclone and FUSE"))
        func shares() async throws {
            let behind = try ["inbox", "state"].map { try folder.root.folder("behind-\($0)") }
            let inbox = try await MountedShare(of: behind[0], at: folder.root["inbox"])
            let diagnosis = try await diagnose()
            #expect(diagnosis.failures == [], "\(diagnosis.findings)")
            #expect(diagnosis.message("inbox_watch").contains("does not tell of changes made elsewhere"))
            #expect(diagnosis.level("inotify_watches") == nil)
            inbox.unmount()
            let state = try await MountedShare(of: behind[1], at: folder.root["state"])
            #expect(try await diagnose().failures.contains("state_disk"))
            state.unmount()
        }
    }
}
