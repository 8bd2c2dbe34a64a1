import Folders
import Foundation
import Jobs
import TestKit
import Testing

@testable import Pipeline

@Suite("An audit of the outbox", .timeLimit(.minutes(1)))
struct AuditOutboxTests {
    private let fixture: PipelineFixture
    init() throws { fixture = try PipelineFixture() }

    private func remove(_ name: String) throws { try FileSystem.remove(fixture.folder[name]) }

    @Test func `A video that is not what was delivered is named`() async throws {
        let job = try await fixture.delivered(in: "portraits")
        var bytes = try await SmallVideo.bytes
        bytes[bytes.count / 2] ^= 1
        try fixture.folder.write(bytes, to: "outbox/videos/portraits/shot.mp4")
        let report = try await fixture.audit()
        #expect(report.kinds == [.videoChanged])
        #expect(report.exceptions.first?.file == "outbox/videos/portraits/shot.mp4")
        #expect(report.exceptions.first?.job == job.id)
        #expect(try await fixture.audit(isQuick: true).exceptions.isEmpty)
    }

    @Test func `Videos, receipts and originals may be taken away`() async throws {
        let job = try await fixture.delivered()
        try remove("outbox/videos/shot.receipt.json")
        var report = try await fixture.audit()
        #expect(report.exceptions.isEmpty && report.notes.map(\.kind) == [.receiptGone])
        for file in ["videos/shot.mp4", "originals/shot.png", "originals/shot.json"] { try remove("outbox/\(file)") }
        report = try await fixture.audit()
        #expect(report.exceptions.isEmpty && report.notes.isEmpty && report.videos == 0)
        #expect(report.lines.first == "note: delivered videos that were taken out of the outbox, as people do: 1")
        report = try await fixture.audit(listsDetails: true)
        #expect(report.exceptions.isEmpty && Set(report.notes.map(\.kind)) == [.videoGone, .sourcesTaken])
        #expect(report.notes.allSatisfy { $0.job == job.id })
    }

    @Test func `A later video of the same name is not taken for the one that was taken away`() async throws {
        _ = try await fixture.delivered()
        for file in ["shot.mp4", "shot.receipt.json"] { try remove("outbox/videos/\(file)") }
        fixture.api.onDownload { _, file in
            try SmallVideo.write(try await SmallVideo.bytes + [0, 0, 0, 8] + Array("free".utf8), to: file)
        }
        let second = try await fixture.delivered()
        #expect(second.name == "shot")
        var report = try await fixture.audit()
        #expect(report.exceptions.isEmpty && report.notes.isEmpty, "\(report.lines)")
        #expect(report.details == [.videoGone: 1])
        try remove("outbox/videos/shot.receipt.json")
        report = try await fixture.audit()
        #expect(report.exceptions.isEmpty && report.notes.map(\.job) == [second.id], "\(report.lines)")
    }

    @Test(arguments: [
        ("\"credits\" : 630000", "\"credits\" : 1"), ("kling/", "kling-"), ("\"bytes\" : ", "\"bytes\" : 1"),
        ("\"job\"", "\"jab\""),
    ])
    func `A receipt that says something else than the ledger is named`(words: String, other: String) async throws {
        _ = try await fixture.delivered()
        let text = try fixture.folder.text(of: "outbox/videos/shot.receipt.json")
        try #require(text.contains(words))
        try fixture.folder.write(text.replacing(words, with: other), to: "outbox/videos/shot.receipt.json")
        let report = try await fixture.audit()
        #expect(!report.kinds.isEmpty && Set(report.kinds) == [.receiptChanged], "\(report.lines)")
        #expect(report.exceptions.first?.file == "outbox/videos/shot.receipt.json")
    }

    @Test func `A receipt without a job is named, and one that was moved is not`() async throws {
        _ = try await fixture.delivered()
        let text = try fixture.folder.text(of: "outbox/videos/shot.receipt.json")
        try fixture.folder.write(
            text.replacing("\"job\" : \"", with: "\"job\" : \"x"), to: "outbox/videos/other.receipt.json")
        try fixture.folder.write(text, to: "outbox/videos/tidy/shot.receipt.json")
        let report = try await fixture.audit()
        #expect(
            report.kinds == [.receiptUnknown] && report.exceptions.first?.file == "outbox/videos/other.receipt.json")
    }

    @Test func `A receipt of a job that was never delivered is named`() async throws {
        _ = try await fixture.delivered()
        let refused = try await fixture.refused("other")
        let text = try fixture.folder.text(of: "outbox/videos/shot.receipt.json")
        let delivered = try await fixture.store.jobs(JobQuery(states: [.delivered]))[0]
        try fixture.folder.write(
            text.replacing(delivered.id.rawValue, with: refused.id.rawValue), to: "outbox/videos/other.receipt.json")
        let report = try await fixture.audit()
        #expect(report.kinds == [.receiptUndelivered] && report.exceptions.first?.job == refused.id)
    }

    @Test func `What a crash left unfinished is named, and what is under way or a desktop's own is not`() async throws {
        let over = try await fixture.refused("over")
        let waiting = try await fixture.generating(fixture.claimedJob("waiting"))
        for file in [".\(over.id).mp4.part", ".\(waiting.id).mp4.part", ".DS_Store", "notes.txt"] {
            try fixture.folder.write("x", to: "outbox/videos/\(file)")
        }
        try fixture.folder.write("x", to: "outbox/errors/.hotreel-0123456789abcdef.tmp")
        try fixture.folder.write("x", to: "outbox/.hotreel-0123456789abcdef.tmp")
        let report = try await fixture.audit()
        #expect(
            report.exceptions.map(\.file).sorted { $0 ?? "" < $1 ?? "" } == [
                "outbox/errors/.hotreel-0123456789abcdef.tmp", "outbox/videos/.\(over.id).mp4.part",
            ])
        #expect(Set(report.kinds) == [.litter])
        #expect(report.notes.map(\.kind) == [.unfinishedFile])
        #expect(report.details == [.foreignFile: 2])
    }

    @Test func `An unfinished file that is gone or has grown at the second look is not told`() async throws {
        let names = ["outbox/errors/.hotreel-0123456789abcdef.tmp", "outbox/errors/.hotreel-0123456789abcdee.tmp"]
        for name in names { try fixture.folder.write("x", to: name) }
        let report = try await fixture.audit(meanwhile: { [fixture] in
            try FileSystem.remove(fixture.folder[names[0]])
            try fixture.folder.write("more", to: names[1])
        })
        #expect(report.exceptions.isEmpty, "\(report.lines)")
    }

    @Test func `A video that nobody knows is noted`() async throws {
        try fixture.folder.write("x", to: "outbox/videos/mine.mp4")
        let report = try await fixture.audit()
        #expect(report.exceptions.isEmpty && report.notes.map(\.kind) == [.videoUnknown])
        #expect(report.notes.first?.file == "outbox/videos/mine.mp4")
    }

    @Test func `A link in a video's place is named`() async throws {
        _ = try await fixture.delivered()
        try remove("outbox/videos/shot.mp4")
        try FileManager.default.createSymbolicLink(
            atPath: fixture.folder["outbox/videos/shot.mp4"].string, withDestinationPath: "/dev/null")
        #expect(try await fixture.audit().kinds == [.unreadable])
    }
}
