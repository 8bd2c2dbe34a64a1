import Foundation
import TestKit
import Testing

/// Real programs drop into a running Hotreel, through real servers. Whatever they do, each pair is taken whole and once, and no program
/// has anything to complain of. That each was paid once, with the right bytes, and that nothing is left, is looked at in the end
/// (``Bench``); an issue with that is the suite's.
@Suite(
    .bench,
    .enabled(
        if: ProcessInfo.processInfo.environment["HOTREEL_TEST_CLIENTS"] != nil, "scripts/test --clients runs these"))
struct ClientTests {
    @Test("A pair arrives whole in every order", .timeLimit(.minutes(3)), arguments: Client.all, Order.allCases)
    func everyOrder(client: Client, order: Order) async throws {
        if order.replaces && !client.overwrites { return }
        let pair = try Pair(client, order.rawValue)
        try await pair.writePicture(isOld: order == .pictureReplaced)
        try pair.writeSidecar(order == .sidecarReplaced ? ["negative_prompt": "as it was before"] : [:])
        switch order {
        case .pictureFirst:
            try await pair.put(pair.picture)
            try await pair.waitUntilSeen(pair.picture)
            try await pair.put(pair.sidecar)
        case .sidecarFirst:
            try await pair.put(pair.sidecar)
            try await pair.waitUntilSeen(pair.sidecar)
            try await pair.put(pair.picture)
        case .atOnce:
            async let picture: Void = pair.put(pair.picture)
            async let sidecar: Void = pair.put(pair.sidecar)
            _ = try await (picture, sidecar)
        case .pictureReplaced:
            try await pair.put(pair.picture)
            try await pair.writePicture()
            try await pair.put(pair.picture)
            try await pair.put(pair.sidecar)
        case .sidecarReplaced:
            try await pair.put(pair.sidecar)
            try pair.writeSidecar()
            try await pair.put(pair.sidecar)
            try await pair.put(pair.picture)
        }
        try await pair.expectDelivery()
    }

    @Test(
        "A folder arrives with all that is in it", .timeLimit(.minutes(3)),
        arguments: Client.all.filter { $0.putFolder != nil })
    func wholeFolder(client: Client) async throws {
        let pairs = try ["one", "two", "three"].map {
            try Pair(client, "folder\($0 == "three" ? "/below" : "")", stem: $0, isFolderThere: false)
        }
        for pair in pairs {
            try await pair.writePicture()
            try pair.writeSidecar()
        }
        let (bench, name) = (try Bench.current, "\(client.name)/folder")
        try await client.putFolder?(
            Upload(file: bench.desk[name], place: "inbox/\(name)", servers: bench.servers)
        ).run()
        for pair in pairs { try await pair.expectDelivery() }
    }

    @Test(
        "What is cut off is left alone, and taken once it has been sent again or to its end", .timeLimit(.minutes(3)),
        arguments: Client.all.filter { $0.slowly != nil }, [TestPictures.Format.png, .jpeg])
    func cutOff(client: Client, format: TestPictures.Format) async throws {
        let pair = try Pair(client, "cutOff-\(format)", format: format)
        try await pair.writePicture()
        try pair.writeSidecar()
        try await pair.put(pair.sidecar)
        let upload = pair.upload(pair.picture)
        try await client.slowly?(upload).run {
            try await pair.bench.folder.wait("a part of \(pair.prompt)") {
                try client.isAllOrNothing
                    ? pair.bench.folder.root.exists(upload.place) : pair.arrivedBytes() > TestPictures.unlikeBytes / 4
            }
        }
        try await pair.passTime()
        #expect(!pair.isDelivered)
        try await (client.resume ?? client.put)(upload).run()
        pair.bench.leave(client.companions(pair.picture).map { "\(pair.folder)/\($0)" })
        try await pair.expectDelivery()
    }

    @Test(
        "What is cut off while it goes over an older picture is neither the one nor the other, and left alone",
        .timeLimit(.minutes(3)), arguments: Client.all.filter(\.isInPlace))
    func cutOffOver(client: Client) async throws {
        let pair = try Pair(client, "cutOffOver")
        try await pair.writePicture(isOld: true)
        try pair.writeSidecar()
        try await pair.put(pair.picture)
        try await pair.writePicture()
        let upload = pair.upload(pair.picture)
        try await client.slowly?(upload).run {
            try await pair.bench.folder.wait("a part of \(pair.prompt)") { try pair.isBegun(at: upload.place) }
        }
        try await pair.put(pair.sidecar)
        try await pair.passTime()
        #expect(!pair.isDelivered)
        try await (client.resume ?? client.put)(upload).run()
        try await pair.expectDelivery()
    }

    @Test(
        "What programs leave beside a pair is neither taken nor touched", .timeLimit(.minutes(3)),
        // Those that people browse a share with.
        arguments: Client.all.filter { $0.move != nil })
    func litter(client: Client) async throws {
        let pair = try Pair(client, "litter")
        let names = [
            ".DS_Store", "Thumbs.db", "desktop.ini", "._shot.png", "~$shot.json", ".shot.json.swp", "shot.png.part",
            ".syncthing.shot.png.tmp",
        ]
        try await pair.writePicture()
        try pair.writeSidecar()
        for name in names {
            // As good a picture as any, were it not for its name.
            try pair.bench.desk.write(try await TestPictures.unlike(name), to: "\(pair.folder)/\(name)")
            try await pair.put(name)
        }
        pair.bench.leave(names.map { "\(pair.folder)/\($0)" })
        try await pair.put(pair.picture)
        try await pair.put(pair.sidecar)
        try await pair.expectDelivery()
    }

    @Test(
        "A pair that is sent once more is not paid for once more", .timeLimit(.minutes(3)),
        arguments: Client.all.filter(\.overwrites))
    func sentAgain(client: Client) async throws {
        let pair = try Pair(client, Bench.sentAgain)
        try await pair.writePicture()
        try pair.writeSidecar()
        for name in [pair.picture, pair.sidecar] { try await pair.put(name) }
        try await pair.expectDelivery()
        for name in [pair.picture, pair.sidecar] { try await pair.put(name) }
        try await pair.bench.folder.wait("the second sending of \(pair.prompt) to be taken") {
            ![pair.picture, pair.sidecar].contains { pair.bench.folder.root.exists("inbox/\(pair.folder)/\($0)") }
        }
    }

    @Test(
        "What was given back is corrected where it lies and moved to the inbox again, by the client itself",
        .timeLimit(.minutes(3)), arguments: Client.all.filter { $0.move != nil })
    func retriedByHand(client: Client) async throws {
        let pair = try Pair(client, "retried")
        try await pair.writePicture()
        try pair.writeSidecar(["duration": 7])
        try await pair.put(pair.picture)
        try await pair.put(pair.sidecar)
        pair.bench.expectRefusal()
        let errors = "errors/\(pair.folder)/"
        try await pair.bench.folder.wait(
            for: errors + "shot.error.txt", errors + pair.picture, errors + pair.sidecar, within: .seconds(60))
        try pair.writeSidecar()
        try await client.put(pair.upload(pair.sidecar, to: "outbox/\(errors)\(pair.sidecar)")).run()
        for name in [pair.picture, pair.sidecar] {
            try await client.move?("outbox/\(errors)\(name)", "inbox/\(pair.folder)/\(name)", pair.bench.servers).run()
        }
        try await pair.expectDelivery()
    }

    @Test(
        "A sidecar that nobody can read waits until an editor has put it right in its place", .timeLimit(.minutes(3)),
        arguments: Editor.all)
    func edited(editor: Editor) async throws {
        let pair = try Pair(editor.client, "edited")
        try await pair.writePicture()
        try pair.writeSidecar()
        let file = pair.upload(pair.sidecar)
        let right = try pair.bench.desk.text(of: "\(pair.folder)/\(pair.sidecar)")
        try pair.bench.folder.root.write(right.replacing("{", with: "{,"), to: file.place)
        try await pair.put(pair.picture)
        try await pair.passTime()
        try await editor.fix(file.target, right).run()
        // An editor may end a file with a line break of its own.
        pair.bench.desk.remove("\(pair.folder)/\(pair.sidecar)")
        try await pair.expectPayment()
        try await pair.bench.folder.wait(within: .seconds(60), "the video of \(pair.prompt)") { pair.isDelivered }
    }
}
