import Foundation
import SystemPackage

/// Keeps generations on disk where the stand-in has a folder of its own, so that a restart of both ends is like one of
/// ours alone: the far end still knows what it was asked.
struct GenerationArchive: Sendable {
    /// nil keeps nothing.
    let folder: FilePath?

    private static let keptFor: TimeInterval = 7 * 86_400

    init(_ folder: FilePath?) throws {
        self.folder = folder
        if let folder {
            try FileManager.default.createDirectory(atPath: folder.string, withIntermediateDirectories: true)
        }
    }

    func save(_ generation: Generation) throws {
        guard let folder else { return }
        try JSONEncoder().encode(generation).write(
            to: URL(filePath: folder.appending(generation.fileToken + ".json").string), options: .atomic)
    }

    /// What is kept, oldest first. What was being rendered when the stand-in stopped has failed; what is old goes.
    func load() throws -> [Generation] {
        guard let folder else { return [] }
        let files = try FileManager.default.contentsOfDirectory(
            at: URL(filePath: folder.string), includingPropertiesForKeys: nil)
        return try files.filter { $0.pathExtension == "json" }.compactMap { file in
            var generation = try JSONDecoder().decode(Generation.self, from: try Data(contentsOf: file))
            if generation.received.timeIntervalSinceNow < -Self.keptFor {
                if case .rendered(let video) = generation.outcome {
                    try? FileManager.default.removeItem(atPath: video.string)
                }
                try FileManager.default.removeItem(at: file)
                return nil
            }
            if case .rendering = generation.outcome {
                generation.outcome = .refused(
                    name: "GenerationError", message: "the stand-in was stopped while it rendered this preview")
            }
            generation.resumeClock()
            return generation
        }.sorted { $0.received < $1.received }
    }
}
