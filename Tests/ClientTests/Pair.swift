import Foundation
import Glibc
import Jobs
import SystemPackage
import TestKit
import Testing

/// A picture and its sidecar on the desk of somebody who is about to drop them with one client.
struct Pair: Sendable {
    let bench: Bench
    let client: Client
    /// Below inbox and outbox; a folder for each test and client, so that no two meet.
    let folder: String
    let stem: String
    let format: TestPictures.Format

    /// Its folder is there already, as the folders of a project are, unless it is to be dropped too.
    init(
        _ client: Client, _ folder: String, stem: String = "shot", format: TestPictures.Format = .png,
        isFolderThere: Bool = true
    ) throws {
        bench = try Bench.current
        self.client = client
        self.folder = "\(client.name)/\(folder)"
        self.stem = stem
        self.format = format
        // A server may write as somebody else.
        for path in [client.name] + (isFolderThere ? [self.folder] : []) {
            try allow(0o777, try bench.folder.root.folder("inbox/\(path)"))
        }
    }

    var prompt: String { "\(folder)/\(stem)" }
    var picture: String { "\(stem).\(format == .jpeg ? "jpg" : "png")" }
    var sidecar: String { "\(stem).json" }
    var isDelivered: Bool { bench.folder.root.exists("outbox/videos/\(folder)/\(stem).receipt.json") }

    // MARK: On the desk

    /// A picture that is like no other, of half a megabyte. An older one is another, and not of the same size.
    func writePicture(isOld: Bool = false) async throws {
        try bench.desk.write(
            try await TestPictures.unlike(prompt + (isOld ? ", as it was before" : ""), format), to: local(picture))
    }

    func writeSidecar(_ more: [String: JSONValue] = [:]) throws {
        try bench.desk.write(
            JSONValue.object(["prompt": .string(prompt)].merging(more) { $1 }).text, to: local(sidecar))
    }

    private func local(_ name: String) -> String { "\(folder)/\(name)" }

    func upload(_ name: String, to place: String? = nil) -> Upload {
        Upload(file: bench.desk[local(name)], place: place ?? "inbox/\(folder)/\(name)", servers: bench.servers)
    }

    // MARK: Through the client

    /// Puts one of the two into the inbox with the client, which must not report an error.
    func put(_ name: String) async throws {
        try await client.put(upload(name)).run()
        bench.leave(client.companions(name).map { "\(folder)/\($0)" })
    }

    // MARK: Afterwards

    /// From here on it has to be paid for, once, with the picture as it lies on the desk now.
    func expectPayment() async throws {
        bench.expect(payment: prompt, picture: try await sha256(of: [bench.desk[local(picture)]])[0])
    }

    /// Waits for the video, whose receipt has to tell of the files as they lie on the desk.
    func expectDelivery(sourceLocation: SourceLocation = #_sourceLocation) async throws {
        try await expectPayment()
        try await bench.folder.wait(within: .seconds(60), "the video of \(prompt)") { isDelivered }
        let names = [picture, sidecar]
        let sent = zip(names, try await sha256(of: names.map { bench.desk[local($0)] }))
        let sources = try bench.folder.receipt(prompt)["sources"]?.arrayValue ?? []
        let taken = sources.map { ($0["file"]?.stringValue ?? "", $0["sha256"]?.stringValue ?? "") }
        #expect(Dictionary(taken) { $1 } == Dictionary(sent) { $1 }, sourceLocation: sourceLocation)
    }

    /// Waits until Hotreel says in its log what a file of this pair waits for.
    func waitUntilSeen(_ name: String) async throws {
        _ = try await bench.service.line("\(folder)/\(name): waiting for")
    }

    /// Drops another pair beside this one and waits for its video. By then Hotreel has looked at all that came before it.
    func passTime() async throws {
        let other = try Pair(.neighbour, "\(client.name)-\(folder.split(separator: "/").last ?? "")")
        try await other.writePicture()
        try other.writeSidecar()
        try await other.put(other.picture)
        try await other.put(other.sidecar)
        try await other.expectDelivery()
    }

    /// Whether the picture on the server's disk begins as the one on the desk does, and not as the one it had before.
    func isBegun(at place: String) throws -> Bool {
        let count = TestPictures.unlikeBytes / 4
        let (there, here) = (try bench.folder.bytes(place), try HotreelFolder.bytes(of: bench.desk[local(picture)]))
        return there.count >= count && there[..<count] == here[..<count]
    }

    /// Bytes of the picture that are on the server's disk, under whatever name. The size would tell nothing, since some set it first.
    func arrivedBytes() throws -> Int {
        let collecting = client.collectsIn?(bench.servers) ?? bench.folder.root["inbox/\(folder)"]
        return try FileManager.default.contentsOfDirectory(atPath: collecting.string).filter { $0 != sidecar }
            .reduce(0) { sum, name in sum + blocks(of: collecting.appending(name)) * 512 }
    }
}

/// The blocks of 512 bytes that a file has on its disk; none when it is gone.
private func blocks(of path: FilePath) -> Int {
    var status = stat()
    return path.withPlatformString { lstat($0, &status) } == 0 ? Int(status.st_blocks) : 0
}

extension Client {
    /// What a test itself drops with.
    fileprivate static let neighbour = Client(name: "neighbour", put: { Command("cp", $0.source, $0.target) })
}
