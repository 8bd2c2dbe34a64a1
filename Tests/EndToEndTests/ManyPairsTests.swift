import Jobs
import TestKit
import Testing

extension EndToEnd {
    @Suite(.serialized) struct ManyPairsTests {
        @Test(
            "Two hundred pairs dropped at once from subfolders are all delivered, each paid for once",
            .timeLimit(.minutes(5)))
        func twoHundred() async throws {
            let folder = try HotreelFolder()
            let picture = try await TestPictures.make(size: "320x320")
            let names = (0..<200).map { "reel \($0 % 10)/day\($0 % 3)/shot\($0)" }
            try await HotreelStandIn.running("--instant") { standIn in
                try await folder.serving(api: standIn.url, key: "any") { _ in
                    for name in names {
                        try folder.drop(picture, "\(name).jpg")
                        try folder.drop(sidecar(["prompt": .string(name)]), "\(name).json")
                    }
                    try await folder.wait(within: .seconds(200), "200 videos") {
                        folder.root.files(in: "outbox/originals").count == 400 && folder.root.files(in: "inbox").isEmpty
                    }
                }
                let requests = try await standIn.requests()
                #expect(requests.count == 200)
                #expect(Set(requests.map { $0["client_request_id"] }).count == 200)
                #expect(Set(requests.map { $0["body"]?["prompt"]?.stringValue }) == Set(names))
            }
            let jobs = try await folder.jobs()
            #expect(jobs.count == 200 && jobs.allSatisfy { $0["state"] == "delivered" })
            #expect(Set(jobs.map { $0["generation_id"] }).count == 200)
            let expected = names.flatMap { ["\($0).mp4", "\($0).receipt.json"] }.sorted()
            #expect(folder.root.files(in: "outbox/videos") == expected)
            #expect(folder.root.files(in: "outbox/errors").isEmpty)
            // The stand-in's stock video, of which the first have been looked at.
            let hashes = try Set(names.map { try folder.receipt($0)["video"]?["sha256"] })
            #expect(hashes.count == 1 && !hashes.contains(nil))
        }
    }
}
