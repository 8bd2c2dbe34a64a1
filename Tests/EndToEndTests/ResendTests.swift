import Foundation
import Jobs
import TestKit
import Testing

extension EndToEnd {
    /// Programs that copy once more what they no longer find, and people who mean it.
    @Suite(.serialized) struct ResendTests {
        let folder: HotreelFolder

        init() throws { folder = try HotreelFolder() }

        @Test(
            "What a program sends again while it is being made is put away, whatever intake.duplicates says",
            .timeLimit(.minutes(1)), arguments: ["generate", "reuse"])
        func inFlight(duplicates: String) async throws {
            try await HotreelStandIn.running("--instant", "--render-time", "3s") { standIn in
                let log = try await folder.serving(
                    api: standIn.url, settings: ["INTAKE_DUPLICATES": duplicates], key: "any"
                ) { service in
                    for time in 0..<3 {
                        try await folder.drop(pair: "shot")
                        _ = try await service.line(time == 0 ? "shot: claimed" : "taken for a resend")
                        try await folder.wait("an empty inbox") {
                            !folder.root.exists("inbox/shot.jpg") && !folder.root.exists("inbox/shot.json")
                        }
                    }
                    try await folder.waitUntilSettled(1)
                }
                #expect(log.contains("resend"))
                try await standIn.expectPaidOnce(["shot"])
                #expect(
                    folder.outbox == [
                        "originals/shot.jpg", "originals/shot.json", "videos/shot.mp4", "videos/shot.receipt.json",
                    ])
                let warnings = try folder.receipt("shot")["warnings"]?.arrayValue ?? []
                #expect(warnings.contains { $0.stringValue?.contains("dropped once more") == true })
                try await folder.expectInOrder(standIn)
            }
        }

        @Test("After the delivery the same drop gets the same video for nothing", .timeLimit(.minutes(1)))
        func afterDelivery() async throws {
            try await HotreelStandIn.running("--instant") { standIn in
                try await folder.serving(api: standIn.url, key: "any") { _ in
                    try await folder.drop(pair: "shot")
                    try await folder.waitUntilSettled(1)
                    try await folder.drop(pair: "shot")
                    try await folder.waitUntilSettled(2)
                }
                try await standIn.expectPaidOnce(["shot"])
                #expect(try folder.receipt("shot (2)")["credits"] == 0)
                try await folder.expectInOrder(standIn)
            }
        }

        @Test(
            "Who has taken the video away, says again, asks for something else or waits gets a new one",
            .timeLimit(.minutes(1)))
        func meant() async throws {
            try await HotreelStandIn.running("--instant") { standIn in
                try await folder.serving(api: standIn.url, key: "any") { _ in
                    try await folder.drop(pair: "shot")
                    try await folder.waitUntilSettled(1)
                    for name in ["shot.mp4", "shot.receipt.json"] { folder.root.remove("outbox/videos/\(name)") }
                    try await folder.drop(pair: "shot")
                    try await folder.waitUntilSettled(2)
                    for number in 3...4 {
                        try await folder.drop(pair: "shot", ["hotreel": ["again": true]])
                        try await folder.waitUntilSettled(number)
                    }
                    try await folder.drop(pair: "shot", prompt: "other")
                    try await folder.waitUntilSettled(5)
                }
                try await folder.serving(api: standIn.url, settings: ["INTAKE_RESEND_WINDOW": "0"], key: "any") { _ in
                    try await folder.drop(pair: "shot")
                    try await folder.waitUntilSettled(6)
                }
                #expect(try await standIn.paid() == ["other", "shot", "shot", "shot", "shot", "shot"])
                try await folder.expectInOrder(standIn)
            }
        }

        @Test("A resend that comes after a restart is still recognised", .timeLimit(.minutes(1)))
        func restarted() async throws {
            try await HotreelStandIn.running("--instant", "--render-time", "4s") { standIn in
                try await folder.serving(api: standIn.url, key: "any") { service in
                    try await folder.drop(pair: "shot")
                    _ = try await service.line("accepted by the API")
                }
                try await folder.serving(api: standIn.url, key: "any") { service in
                    try await folder.drop(pair: "shot")
                    _ = try await service.line("taken for a resend")
                    try await folder.waitUntilSettled(1)
                }
                try await standIn.expectPaidOnce(["shot"])
                try await folder.expectInOrder(standIn)
            }
        }

        @Test(
            "A file replaced after its claim is a new drop; touch, chmod and rescans are nothing",
            .timeLimit(.minutes(1)))
        func replaced() async throws {
            try await HotreelStandIn.running("--instant", "--render-time", "2s") { standIn in
                try await folder.serving(api: standIn.url, settings: ["INTAKE_RESCAN": "100ms"], key: "any") {
                    service in
                    try folder.drop(try await TestPictures.make(), "lone.jpg")
                    try await folder.drop(pair: "shot")
                    _ = try await service.line("shot: claimed")
                    try await folder.drop(pair: "shot", prompt: "replaced")
                    for time in 1...50 {
                        let attributes: [FileAttributeKey: Any] =
                            time.isMultiple(of: 2)
                            ? [.posixPermissions: time.isMultiple(of: 4) ? 0o644 : 0o640] : [.modificationDate: Date()]
                        try FileManager.default.setAttributes(
                            attributes, ofItemAtPath: folder.root["inbox/lone.jpg"].string)
                    }
                    try await folder.wait("two jobs") { try await folder.jobs().count == 2 }
                    _ = try await folder.waitUntilEnded(2)
                }
                try await standIn.expectPaidOnce(["replaced", "shot"])
                #expect(folder.root.files(in: "inbox") == ["lone.jpg"])
                #expect(folder.root.files(in: "outbox/errors").isEmpty)
            }
        }

        @Test("A cut-off upload is told in the status, resumed, and made", .timeLimit(.minutes(1)))
        func cutOff() async throws {
            try await folder.serving(settings: ["INTAKE_ORPHAN_AFTER": "30s"]) { _ in
                let picture = try await TestPictures.make()
                try folder.drop(picture.prefix(picture.count / 2), "shot.jpg")
                try folder.drop(sidecar(), "shot.json")
                try await folder.wait("the status to tell") {
                    let told = try folder.json("outbox/status.json")["inbox"]?["waiting"]?.arrayValue ?? []
                    return told.contains { $0["file"] == "shot.jpg" && $0["since"]?.stringValue != nil }
                }
                let status = try await folder.call("status")
                #expect(status.output.contains("inbox, shot.jpg, since"))
                #expect(try await folder.call("status", "--json").json()["inbox"]?["count"] == 1)
                try folder.drop(picture, "shot.jpg")
                try await folder.waitForVideos("shot")
                try await folder.wait("the status to forget") {
                    try folder.json("outbox/status.json")["inbox"]?["count"] == 0
                }
            }
        }
    }
}
