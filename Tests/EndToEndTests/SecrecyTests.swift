import Foundation
import Jobs
import TestKit
import Testing

extension EndToEnd {
    @Suite(.serialized) struct SecrecyTests {
        let folder: HotreelFolder

        init() throws { folder = try HotreelFolder() }

        private static let key = "sk-4f9a-very-secret-77"

        private func expectNowhere(_ key: String, log: String, sourceLocation: SourceLocation = #_sourceLocation) throws
        {
            #expect(!log.contains(key), sourceLocation: sourceLocation)
            let files = folder.root.files()
            #expect(files.contains { $0.hasPrefix("state/ledger.sqlite") }, sourceLocation: sourceLocation)
            for file in files {
                #expect(
                    Data(try folder.bytes(file)).range(of: Data(key.utf8)) == nil, "\(file)",
                    sourceLocation: sourceLocation)
            }
        }

        @Test("The key goes to the API and into no log, ledger, receipt or report", .timeLimit(.minutes(1)))
        func good() async throws {
            let log = try await HotreelStandIn.running("--key", Self.key) { standIn in
                try await folder.serving(
                    api: standIn.url, settings: ["LOG_FORMAT": "json", "LOG_LEVEL": "trace"], key: Self.key
                ) { _ in
                    try folder.drop(try await TestPictures.make(), "shot.jpg")
                    try folder.drop(sidecar(), "shot.json")
                    try folder.drop(try await TestPictures.make(), "bad.jpg")
                    try folder.drop(sidecar(["duration": 7]), "bad.json")
                    try await folder.waitForVideos("shot")
                    try await folder.wait(for: "errors/bad.error.txt")
                    try expectNowhere(Self.key, log: "")
                }
            }
            try expectNowhere(Self.key, log: log)
            try await folder.expectVideo("shot")
        }

        @Test("A key the API refuses is not told either, and the drop waits unspent", .timeLimit(.minutes(1)))
        func refused() async throws {
            let log = try await HotreelStandIn.running("--key", "another") { standIn in
                let log = try await folder.serving(api: standIn.url, key: Self.key) { service in
                    try folder.drop(try await TestPictures.make(), "shot.jpg")
                    try folder.drop(sidecar(), "shot.json")
                    _ = try await service.line("warning: waiting for")
                }
                #expect(try await standIn.requests().isEmpty)
                return log
            }
            try expectNowhere(Self.key, log: log)
            let job = try #require(try await folder.jobs().first)
            #expect(job["state"] == "queued" && job["reason"]?.stringValue?.contains("key") ?? false, "\(job)")
            #expect(folder.root.files(in: "outbox/errors").isEmpty)
        }
    }
}
