import Foundation
import Glibc
import Synchronization
import SystemPackage

/// A folder on a file server, mounted here by sshfs with nothing kept in a cache. What is done in `folder` is done by somebody else: the
/// mount tells nobody of it. The server is sftp-server itself, spoken to through a pipe instead of a connection.
///
///     @Test(.enabled(if: RemoteShare.isAvailable, "\(RemoteShare.remedy)"))
package final class RemoteShare: Sendable {
    package static let remedy = "mounting a share takes root, /dev/fuse, sshfs and sftp-server"

    private static let server = "/usr/lib/openssh/sftp-server"
    package static let isAvailable =
        geteuid() == 0 && access("/dev/fuse", R_OK | W_OK) == 0 && access(server, X_OK) == 0
        && access("/usr/bin/sshfs", X_OK) == 0

    /// Behind the mount.
    package let folder: TemporaryFolder
    private let script: FilePath
    private let tools: TemporaryFolder
    private struct Mounted {
        let place: FilePath
        let program: pid_t
    }
    private let mounted = Mutex<[Mounted]>([])

    package init() throws {
        folder = try TemporaryFolder()
        tools = try TemporaryFolder()
        script = try tools.write("#!/bin/sh\nexec \(Self.server)\n", to: "connect")
        chmod(script.string, 0o755)
    }

    deinit {
        for mount in mounted.withLock({ $0 }) {
            Glibc.kill(mount.program, SIGKILL)
            umount2(mount.place.string, 2)
        }
    }

    /// Mounts it at a folder; returns once it is to be seen there.
    package func mount(at place: FilePath) async throws {
        let before = Self.device(place)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        let options = "ssh_command=\(script),dir_cache=no,attr_timeout=0,entry_timeout=0"
        process.arguments = ["sshfs", "-f", "-o", options, "server:\(folder.path)", place.string]
        process.standardError = FileHandle.nullDevice
        try process.run()
        let program = process.processIdentifier
        mounted.withLock { $0.append(Mounted(place: place, program: program)) }
        let deadline = ContinuousClock.now + .seconds(10)
        while Self.device(place) == before {
            guard .now < deadline, process.isRunning else { throw Errno(rawValue: ENODEV) }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    /// Its server does not answer any more: whoever asks it for something waits.
    package func freeze() { signal(SIGSTOP) }

    package func thaw() { signal(SIGCONT) }

    /// Its program ends; whoever asks is told that the transport endpoint is not connected, until it is unmounted.
    package func kill() { signal(SIGKILL) }

    /// Takes it away from there, even while it is in use or broken.
    package func unmount(from place: FilePath) throws {
        guard umount2(place.string, 2) == 0 else { throw Errno(rawValue: errno) }
        mounted.withLock { mounted in
            if let index = mounted.lastIndex(where: { $0.place == place }) { mounted.remove(at: index) }
        }
    }

    private func signal(_ number: Int32) { for mount in mounted.withLock({ $0 }) { Glibc.kill(mount.program, number) } }

    private static func device(_ path: FilePath) -> UInt64? {
        var status = stat()
        return stat(path.string, &status) == 0 ? UInt64(status.st_dev) : nil
    }
}
