import Folders
import Foundation
import SystemPackage
import TestKit
import Testing

/// Something mounted on a folder of a test's own, gone with the value. Only root can make one.
final class MountedFolder: Sendable {
    static let isPossible = geteuid() == 0 && isGranted
    static let reason: Comment = "only root may mount something to try it on"

    private let point: FilePath

    /// A container's root may not mount anything either.
    private static let isGranted: Bool = {
        guard let folder = try? TemporaryFolder() else { return false }
        return (try? MountedFolder(memory: folder.path)) != nil
    }()

    /// A file system in memory of so many bytes and files.
    convenience init(memory point: FilePath, bytes: Int = 1 << 20, files: Int = 100) throws {
        try self.init(
            "mount", ["-t", "tmpfs", "-o", "size=\(bytes),nr_inodes=\(files)", "hotreel-test", point.string], on: point)
    }

    /// A folder that is there already, seen here too.
    convenience init(of folder: FilePath, at point: FilePath) throws {
        try self.init("mount", ["--bind", folder.string, point.string], on: point)
    }

    /// A share whose server has gone away: a FUSE mount whose program has ended answers every call with ENOTCONN.
    convenience init(deadAt point: FilePath) throws {
        let options = "fd=9,rootmode=40000,user_id=0,group_id=0"
        try self.init(
            "sh", ["-c", "exec 9<>/dev/fuse; mount -i -t fuse -o \(options) dead \"$0\"", point.string], on: point)
    }

    private init(_ program: String, _ arguments: [String], on point: FilePath) throws {
        try FileSystem.makeFolder(point)
        try Self.run(program, arguments)
        self.point = point
    }

    deinit { try? Self.run("umount", ["--lazy", point.string]) }

    func makeReadOnly(_ isReadOnly: Bool = true) throws {
        try Self.run("mount", ["-o", "remount,\(isReadOnly ? "ro" : "rw")", point.string])
    }

    /// Writes a file until nothing more goes in but so many bytes.
    func fill(leaving bytes: Int = 0) throws {
        let file = try FileDescriptor.open(
            point.appending("filling"), .writeOnly, options: [.create, .append], permissions: [.ownerReadWrite])
        let free = try FileSystem.freeSpace(of: point)
        try file.closeAfter { _ = try file.writeAll([UInt8](repeating: 0, count: max(0, free - bytes))) }
    }

    /// Makes files until there can be but so many more.
    func fill(leavingFiles files: Int) throws {
        for number in 0..<max(0, (try FileSystem.space(of: point).files ?? 0) - files) {
            let name = point.appending("filling\(number)")
            try FileDescriptor.open(name, .writeOnly, options: .create, permissions: .ownerReadWrite).close()
        }
    }

    /// Takes away what it was filled with.
    func empty() throws {
        for entry in try FileSystem.list(point) where entry.name.text.hasPrefix("filling") {
            try FileSystem.remove(point.appending(entry.name))
        }
    }

    private struct Failure: Error { let words: String }

    private static func run(_ program: String, _ arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [program] + arguments
        process.standardError = Pipe()
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Failure(
                words: "\(program) \(arguments.joined(separator: " ")) ended with \(process.terminationStatus)")
        }
    }
}
