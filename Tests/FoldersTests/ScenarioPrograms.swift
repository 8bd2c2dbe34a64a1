import Foundation
import Jobs
import SystemPackage
import TestKit

@testable import Folders

/// Does to files what a scenario's lines say, with the calls that programs use.
final class ScenarioPrograms {
    struct Mistake: Error, CustomStringConvertible { let description: String }

    static let picture =
        Array("PICTURE\n".utf8) + Array(repeating: UInt8(ascii: "p"), count: 100_000) + Array("\nEND".utf8)

    /// O_TMPFILE, which Swift does not import.
    private static let withoutName = 0o20_000_000 | O_DIRECTORY

    private let folder: TemporaryFolder
    private var open: [String: FileDescriptor] = [:]

    init(_ folder: TemporaryFolder) { self.folder = folder }

    deinit { for file in open.values { try? file.close() } }

    func path(_ name: String) -> FilePath {
        name.hasPrefix("../") ? folder["aside/" + name.dropFirst(3)] : folder["in/" + name]
    }

    private func bytes(_ content: String) throws -> (bytes: [UInt8], offset: Int64) {
        let half = Self.picture.count / 2
        return switch content {
        case "picture": (Self.picture, 0)
        case "half": (Array(Self.picture[..<half]), 0)
        case "rest": (Array(Self.picture[half...]), Int64(half))
        case "zeros": (Array(repeating: 0, count: Self.picture.count), 0)
        case "nothing": ([], 0)
        case "sidecar": (Array(#"{"prompt": "pan"}"#.utf8), 0)
        case _ where content.hasPrefix("{"): (Array(content.utf8), 0)
        default: throw Mistake(description: "there is no content called \(content)")
        }
    }

    private func file(_ name: String) throws -> FileDescriptor {
        guard let file = open[name] else { throw Mistake(description: "\(name) is not open") }
        return file
    }

    func perform(_ words: [String]) throws {
        switch (words[0], words.count) {
        case ("write", 3): try folder.write(try bytes(words[2]).bytes, to: path(words[1]))
        case ("open", 2):
            open[words[1]] = try FileDescriptor.open(
                path(words[1]), .readWrite, options: [.create, .closeOnExec], permissions: [.ownerReadWrite])
        case ("put", 3):
            let (bytes, offset) = try bytes(words[2])
            try file(words[1]).writeAll(toAbsoluteOffset: offset, bytes)
        case ("size", 3): try file(words[1]).resize(to: words[2] == "full" ? Int64(Self.picture.count) : 0)
        case ("map", 3): try map(try bytes(words[2]).bytes, into: try file(words[1]))
        case ("close", 2):
            try file(words[1]).close()
            open[words[1]] = nil
        case ("touch", 2):
            if !FileSystem.exists(path(words[1])) { try folder.write("", to: path(words[1])) }
            try check(utimes(path(words[1]).string, nil))
        case ("chmod", 2):
            let isOpen = try FileSystem.status(of: path(words[1]))?.permissions == 0o644
            try check(Foundation.chmod(path(words[1]).string, isOpen ? 0o664 : 0o644))
        case ("remove", 2): try FileSystem.removeTree(path(words[1]))
        case ("rename", 3): try check(Foundation.rename(path(words[1]).string, path(words[2]).string))
        case ("link", 3): try check(Foundation.link(path(words[1]).string, path(words[2]).string))
        case ("symlink", 3): try check(Foundation.symlink(path(words[1]).string, path(words[2]).string))
        case ("mkdir", 2): try FileSystem.makeFolder(path(words[1]))
        case ("tmpfile", 3):
            let file = try FileDescriptor.open(
                folder["in"], .readWrite, options: FileDescriptor.OpenOptions(rawValue: Self.withoutName),
                permissions: [.ownerReadWrite])
            try file.closeAfter {
                _ = try file.writeAll(try bytes(words[2]).bytes)
                try check(
                    linkat(
                        AT_FDCWD, "/proc/self/fd/\(file.rawValue)", AT_FDCWD, path(words[1]).string, AT_SYMLINK_FOLLOW))
            }
        default: throw Mistake(description: "this is no step: \(words.joined(separator: " "))")
        }
    }

    private func check(_ code: Int32) throws { if code != 0 { throw Errno(rawValue: errno) } }

    private func map(_ bytes: [UInt8], into file: FileDescriptor) throws {
        guard let start = mmap(nil, bytes.count, PROT_READ | PROT_WRITE, MAP_SHARED, file.rawValue, 0),
            start != MAP_FAILED
        else { throw Errno(rawValue: errno) }
        start.copyMemory(from: bytes, byteCount: bytes.count)
        try check(munmap(start, bytes.count))
    }
}
