import Foundation
import Jobs
import SystemPackage
import TestKit
import Testing

// What must hold whatever has happened: paid once, nothing lost, no litter.

extension HotreelStandIn {
    /// The prompts of all creates that were accepted, which is what is paid for; sorted.
    func paid() async throws -> [String] {
        try await requests().map { $0["body"]?["prompt"]?.stringValue ?? "" }.sorted()
    }

    /// How many creates have come, whatever became of them.
    func posts() async throws -> Int { try await stats()["create"]?.integerValue ?? 0 }

    /// Expects that exactly these were accepted, each once.
    func expectPaidOnce(_ prompts: some Sequence<String>, sourceLocation: SourceLocation = #_sourceLocation)
        async throws
    {
        let paid = try await paid()
        let twice = Dictionary(grouping: paid, by: \.self).filter { $1.count > 1 }.keys.sorted()
        #expect(twice.isEmpty, "paid twice: \(twice)", sourceLocation: sourceLocation)
        #expect(paid == prompts.sorted(), sourceLocation: sourceLocation)
        #expect(try await stats()["leaked_keys"] == 0, sourceLocation: sourceLocation)
    }
}

extension HotreelFolder {
    /// A pair named after its prompt unless said otherwise, with a picture that takes no time to look at.
    func drop(
        pair name: String, prompt: String? = nil, in folder: String = "", _ more: [String: JSONValue] = [:]
    ) async throws {
        let path = folder.isEmpty ? name : "\(folder)/\(name)"
        try drop(try await TestPictures.make(size: "320x320", source: "color=c=0x306090"), "\(path).jpg")
        try drop(sidecar(["prompt": .string(prompt ?? name)].merging(more) { $1 }), "\(path).json")
    }

    /// Waits until so many jobs have ended and nothing of them is left in the inbox. Gives back all jobs, oldest first.
    @discardableResult
    func waitUntilSettled(_ count: Int, within limit: Duration = .seconds(50)) async throws -> [JSONValue] {
        let deadline = ContinuousClock.now + limit
        // Cheaper than asking the program.
        try await wait(within: limit, "an empty inbox") { entries("inbox") == [".hotreel"] }
        return try await waitUntilEnded(count, within: deadline - .now)
    }

    /// Everything below a folder, folders included.
    func entries(_ folder: String) -> [String] {
        (FileManager.default.subpaths(atPath: root[folder].string) ?? []).sorted()
    }

    /// Expects that nothing lies in inbox and outbox but what belongs there once all jobs have ended, that each video is the one
    /// its receipt tells of, and that the audit agrees.
    ///
    /// - Parameter standIn: what knows of this folder's requests and of no others, to be asked too.
    func expectInOrder(
        _ standIn: HotreelStandIn? = nil, key: String = "any", sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        #expect(entries("inbox").filter { $0 != ".hotreel" } == [], sourceLocation: sourceLocation)
        try await expectNoLitter(sourceLocation: sourceLocation)
        let log = standIn.map { ["--api-url", $0.url] } ?? ["--offline"]
        let audit = try await HotreelBinary.call(
            ["audit"] + log + options, environment: HotreelFolder.environment(key: key))
        #expect(audit.status == 0, "\(audit.output)\(audit.errors)", sourceLocation: sourceLocation)
    }

    /// The same of the outbox alone.
    func expectNoLitter(sourceLocation: SourceLocation = #_sourceLocation) async throws {
        let files = root.files(in: "outbox")
        let known = ["videos/", "errors/", "originals/", "status.json", "status.html"]
        let odd = files.filter { file in
            !known.contains { file.hasPrefix($0) } || file.split(separator: "/").contains { $0.hasPrefix(".") }
        }
        #expect(odd.isEmpty, "litter: \(odd)", sourceLocation: sourceLocation)
        let videos = Set(files.filter { $0.hasPrefix("videos/") && $0.hasSuffix(".mp4") }.map { $0.dropLast(4) })
        let receipts = Set(
            files.filter { $0.hasPrefix("videos/") && $0.hasSuffix(".receipt.json") }.map { $0.dropLast(13) })
        #expect(videos == receipts, sourceLocation: sourceLocation)
        #expect(
            files.count { $0.hasPrefix("videos/") } == videos.count + receipts.count, sourceLocation: sourceLocation)
        let texts = files.filter { $0.hasSuffix(".error.txt") }.map { $0.dropLast(4) }
        let reports = files.filter { $0.hasSuffix(".error.json") }.map { $0.dropLast(5) }
        #expect(texts == reports, sourceLocation: sourceLocation)
        try await expectIntact(videos.map { String($0.dropFirst(7)) }, sourceLocation: sourceLocation)
    }

    /// Each video by its receipt's hash; and each different one by ffprobe, once.
    private func expectIntact(_ names: [String], sourceLocation: SourceLocation) async throws {
        var probed: [String: VideoMeasures] = [:]
        let hashes = try await sha256(of: names.map { root["outbox/videos/\($0).mp4"] })
        for (name, hash) in zip(names, hashes) {
            let receipt = try receipt(name)
            let size = try FileManager.default.attributesOfItem(atPath: root["outbox/videos/\(name).mp4"].string)[.size]
            #expect(
                receipt["video"]?["bytes"] == .integer(size as? Int ?? -1), "\(name)", sourceLocation: sourceLocation)
            #expect(receipt["video"]?["sha256"] == .string(hash), "\(name)", sourceLocation: sourceLocation)
            let measures: VideoMeasures
            if let known = probed[hash] {
                measures = known
            } else {
                measures = try await VideoMeasures(root["outbox/videos/\(name).mp4"])
                probed[hash] = measures
            }
            let asked = receipt["request"]?["duration"]?.doubleValue ?? 5
            #expect(
                measures.codec == "h264" && abs(measures.duration - asked) < 0.1, "\(name)",
                sourceLocation: sourceLocation)
        }
    }
}

/// The states of jobs by their names.
func states(_ jobs: [JSONValue]) -> [String: String] {
    Dictionary(
        jobs.map { ($0["name"]?.stringValue ?? "", $0["state"]?.stringValue ?? "") },
        uniquingKeysWith: { "\($0), \($1)" })
}
