import Foundation
import Synchronization
import SystemPackage

/// A folder seen through a FUSE mount, as a network share is: changes made behind it are not told. Gone with the value.
package final class MountedShare: Sendable {
    /// Whether there are the program, the device and the rights for one.
    package static let isPossible = end(of: ["rclone", "version"]) == 0 && access("/dev/fuse", R_OK | W_OK) == 0

    private let mount: Mutex<Process?>

    /// Mounted once this returns.
    package init(of folder: FilePath, at place: FilePath) async throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [
            "rclone", "mount", "--config", "/dev/null", "--vfs-cache-mode", "writes",
            "--dir-cache-time", "100ms", "--attr-timeout", "100ms", "--cache-dir", place.string + ".cache",
            "--allow-non-empty",
            folder.string, place.string,
        ]
        process.standardError = FileHandle.nullDevice
        let before = Self.device(place)
        try process.run()
        mount = Mutex(process)
        let deadline = ContinuousClock.now + .seconds(20)
        while Self.device(place) == before {
            guard process.isRunning, .now < deadline else {
                throw HotreelProcess.Failure(description: "\(place) was not mounted")
            }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    deinit { unmount() }

    package func unmount() {
        mount.withLock { process in
            process?.terminate()
            process?.waitUntilExit()
            process = nil
        }
    }

    private static func device(_ path: FilePath) -> UInt? {
        var status = stat()
        return stat(path.string, &status) == 0 ? UInt(status.st_dev) : nil
    }

    /// Runs a program: what it ends with, nil where it cannot be run.
    package static func end(of words: [String]) -> Int32? {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = words
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return nil }
        process.waitUntilExit()
        return process.terminationStatus
    }
}
