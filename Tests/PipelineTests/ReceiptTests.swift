import Foundation
import Jobs
import TestKit
import Testing

@testable import Pipeline

@Suite("The receipt")
struct ReceiptTests {
    private func receipt(isPreview: Bool = false) throws -> JSONValue {
        let job = Job.sample(.generated)
        let generation = try #require(job.state.generation)
        let bytes = Receipt(
            job: job, payment: .paid(generation), video: .sample(), delivered: .sample + 200.5, warnings: ["a word"],
            isPreview: isPreview
        ).json
        return try JSONDecoder().decode(JSONValue.self, from: Data(bytes))
    }

    @Test func `Its keys are exactly those that scripts rely on`() throws {
        let receipt = try receipt()
        #expect(
            Set(receipt.objectValue?.keys ?? [:].keys) == [
                "job", "name", "folder", "request", "generation_id", "client_request_id", "credits", "usd", "dropped",
                "created",
                "submitted", "completed", "delivered", "attempts", "sources", "video", "warnings",
            ])
        #expect(
            Set(receipt["video"]?.objectValue?.keys ?? [:].keys) == [
                "file", "sha256", "bytes", "duration", "width", "height",
            ])
        for source in receipt["sources"]?.arrayValue ?? [] {
            #expect(Set(source.objectValue?.keys ?? [:].keys) == ["file", "sha256", "bytes"])
        }
    }

    @Test func `It says what was sent, what came, when and for how much`() throws {
        let (receipt, job) = (try receipt(), Job.sample(.generated))
        #expect(receipt["job"] == .string(job.id.rawValue))
        #expect(receipt["name"] == "shot1 (2)")
        #expect(receipt["folder"] == "portraits")
        #expect(receipt["generation_id"] == "-kling/1:video_1")
        #expect(receipt["client_request_id"] == .string(ClientRequestID.attempt(1, of: job.id).rawValue))
        #expect(receipt["credits"] == 630_000)
        #expect(receipt["usd"] == 0.315)
        #expect(receipt["attempts"] == 1)
        #expect(receipt["created"] == "2027-01-15T08:00:00.000Z")
        #expect(receipt["delivered"] == "2027-01-15T08:03:20.500Z")
        #expect(receipt["video"]?["file"] == "shot1 (2).mp4")
        #expect(receipt["warnings"] == ["a word"])
        #expect(receipt["sources"]?.arrayValue?.count == 2)
    }

    @Test func `An inlined picture is shown as its file name and hash`() throws {
        let request = try receipt()["request"]
        let hash = JSONValue.string(String(repeating: "ab", count: 32))
        #expect(request?["image_url"] == ["file": "shot1.png", "sha256": hash])
        #expect(request?["prompt"] == "Slow push in – “golden” hour 🌅")
        #expect(request?["dynamic_masks"]?.arrayValue?.first?["mask"]?["file"] == "masks/still.png")
    }

    @Test func `A preview says so`() throws {
        #expect(try receipt(isPreview: true)["preview"] == true)
    }
}
