import Foundation
import Jobs
import Subprocess
import SystemPackage
import TestKit
import Testing

extension EndToEnd {
    /// The README's scripts for dropping without `hotreel drop`, as they stand there.
    @Suite(.serialized) struct DropRecipeTests {
        let folder: HotreelFolder
        private let readme: String

        init() throws {
            folder = try HotreelFolder()
            let root = FilePath(#filePath).removingLastComponent().removingLastComponent().removingLastComponent()
            readme = try String(contentsOfFile: root.appending("README.md").string, encoding: .utf8)
        }

        /// Runs the section's only block of that language on a pair: what it ends with, and all it says.
        private func run(
            _ language: String, by program: String, _ name: String
        ) async throws -> (status: Int32?, words: String) {
            let start = try #require(readme.range(of: "\n### Dropping from a pipeline\n"))
            let section = readme[start.upperBound...].components(separatedBy: "\n### ")[0]
            let blocks = section.components(separatedBy: "```\(language)\n").dropFirst()
            try #require(blocks.count == 1)
            let text = try #require(blocks.first?.components(separatedBy: "\n```").first)
            let script = try folder.root.write(text + "\n", to: "script")
            let arguments =
                [script] + ["source/\(name).json", "source/\(name).png", "inbox", "outbox"].map { folder.root[$0] }
            let result = try await Subprocess.run(
                .name(program), arguments: Arguments(arguments.map(\.string)), output: .string(limit: 1 << 16),
                error: .string(limit: 1 << 16))
            let status: Int32? = if case .exited(let code) = result.terminationStatus { code } else { nil }
            return (status, result.standardOutput + result.standardError)
        }

        private func write(_ name: String, _ settings: [String: JSONValue] = [:]) async throws {
            try folder.root.write(try await TestPictures.make(.png), to: "source/\(name).png")
            try folder.root.write(sidecar(settings).text, to: "source/\(name).json")
        }

        @Test(
            "The README's scripts drop, wait, and tell the video or the report", .timeLimit(.minutes(1)),
            arguments: [("python", "python3"), ("sh", "sh")])
        func recipe(language: String, program: String) async throws {
            try await write("shot010_v001")
            try await write("shot010_v002", ["duration": 7])
            try await folder.serving { _ in
                let good = try await run(language, by: program, "shot010_v001")
                #expect(good.status == 0, "\(good.words)")
                #expect(good.words == folder.root["outbox/videos/shot010_v001.mp4"].string + "\n")
                let bad = try await run(language, by: program, "shot010_v002")
                #expect(bad.status != 0 && bad.words.contains("must be 5 or 10"), "\(bad.words)")
            }
            #expect(folder.root.files(in: "inbox") == [])
            try await write("shot010_v003")
            try folder.drop(sidecar(), "shot010_v003.json")
            guard language == "python" else { return }
            let taken = try await run(language, by: program, "shot010_v003")
            #expect(taken.status != 0 && taken.words.contains("waits in the inbox already"), "\(taken.words)")
        }
    }
}
