import Foundation
import Jobs
import SystemPackage
import TestKit
import Testing

extension EndToEnd {
    /// Nothing is read half-written, whichever way it is written.
    @Suite(.serialized) struct WriterTests {
        let folder: HotreelFolder

        init() throws { folder = try HotreelFolder() }

        private func dropNeighbour() async throws {
            try folder.drop(try await TestPictures.make(), "neighbour.jpg")
            try folder.drop(sidecar(), "neighbour.json")
            try await folder.wait(for: "videos/neighbour.receipt.json")
        }

        @Test("What a program still holds open for writing is left alone until it is closed", .timeLimit(.minutes(1)))
        func heldOpen() async throws {
            let picture = try await TestPictures.make()
            try await folder.serving { _ in
                let writer = try FileDescriptor.open(
                    folder.root["inbox/held.jpg"], .writeOnly, options: .create, permissions: .ownerReadWrite)
                try await writer.closing {
                    try folder.drop(sidecar(), "held.json")
                    // All there, as far as anyone can tell from outside.
                    try writer.writeAll(picture)
                    try await dropNeighbour()
                    #expect(try await folder.jobs().map { $0["name"] } == ["neighbour"])
                }
                try await folder.waitForVideos("held")
            }
            try await folder.expectVideo("held")
        }

        @Test("A copy that comes piece by piece, closed in between, is taken when it is whole", .timeLimit(.minutes(1)))
        func pieces() async throws {
            let picture = try await TestPictures.make(.png)
            try await folder.serving { service in
                try folder.drop(sidecar(), "slow.json")
                try folder.drop(picture[..<(picture.count / 4)], "slow.png")
                _ = try await service.line("slow.png: the ")
                try folder.drop(picture[..<(picture.count / 2)], "slow.png")
                try await dropNeighbour()
                #expect(try await folder.jobs().map { $0["name"] } == ["neighbour"])
                try folder.drop(picture, "slow.png")
                try await folder.waitForVideos("slow")
            }
            #expect(try folder.bytes("outbox/originals/slow.png") == picture)
        }

        @Test(
            "With intake.settle: 0, files renamed into place are taken from under their temporary names",
            .timeLimit(.minutes(1)))
        func renamedIntoPlace() async throws {
            try await folder.serving(settings: ["INTAKE_SETTLE": "0"]) { _ in
                try folder.drop(try await TestPictures.make(), "day/.shot.jpg.Xk3p2q")
                try folder.drop(sidecar(), "day/shot.json.part")
                try await dropNeighbour()
                for (temporary, name) in [(".shot.jpg.Xk3p2q", "shot.jpg"), ("shot.json.part", "shot.json")] {
                    try FileManager.default.moveItem(
                        atPath: folder.root["inbox/day/\(temporary)"].string,
                        toPath: folder.root["inbox/day/\(name)"].string)
                }
                try await folder.waitForVideos("day/shot")
            }
            try await folder.expectVideo("day/shot")
            #expect(try await folder.jobs().count == 2)
        }
    }
}

extension FileDescriptor {
    /// Closes it after `body`, however that ends.
    fileprivate func closing(_ body: () async throws -> Void) async throws {
        do { try await body() } catch {
            try? close()
            throw error
        }
        try close()
    }
}
