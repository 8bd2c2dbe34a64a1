import Folders
import Foundation
import Jobs
import SQLiteStore
import SystemPackage

/// Whether the ledger is in good hands, and a service at work.
struct StateChecks {
    let state: FilePath
    let ledger: FilePath

    func run() -> [Finding] {
        do throws(FileError) {
            guard try FileSystem.status(of: state.appending("."))?.kind == .folder else {
                return [
                    .warning(
                        "state_disk", "The state folder \(state) does not exist yet.",
                        remedy: "The first run makes it; or: hotreel init DIR.")
                ]
            }
            return [try disk(), tried(), try owner(), try service()].compactMap { $0 }
        } catch {
            return [.failure("state_disk", error)]
        }
    }

    private func disk() throws(FileError) -> Finding {
        let place = try FolderPlace.of(state).shown
        if case .network(let name) = try MountKind.of(state) {
            return .failure(
                "state_disk",
                "The state folder \(state) lies on \(place), and over \(name) locks and order of writes cannot be relied on: "
                    + "the ledger, and with it what was paid for, could be lost.",
                remedy: "Move the state folder to a local disk, with the service stopped.")
        }
        if place.hasPrefix("memory") {
            return .warning(
                "state_disk", "The state folder \(state) lies in \(place) and is lost at the next boot.",
                remedy: "Move it to a disk, with the service stopped.")
        }
        return .ok("state_disk", "The state folder \(state) lies on \(place).")
    }

    private func tried() -> Finding {
        do throws(FileError) {
            try ShareProbe.removeStale(in: state)
            let probe = try ShareProbe(in: state)
            let result: Result<Bool, FileError>
            do throws(FileError) { result = .success(try probe.locks()) } catch { result = .failure(error) }
            try probe.remove()
            return try result.get()
                ? .ok("state_locks", "It can be written to, and locks there hold.")
                : .failure(
                    "state_locks", "Locks in the state folder do not hold: two services could work with one ledger.",
                    remedy: "Move the state folder to a local disk, with the service stopped.")
        } catch {
            return .failure("state_locks", error)
        }
    }

    /// What root may do says nothing about what the service's user may.
    private func owner() throws(FileError) -> Finding? {
        var status = stat()
        guard state.withPlatformString({ stat($0, &status) }) == 0, geteuid() != status.st_uid else { return nil }
        let name = getpwuid(status.st_uid).map { String(cString: $0.pointee.pw_name) } ?? String(status.st_uid)
        return .warning(
            "user",
            "The state folder belongs to \(name), and doctor runs as another user: rights were tried for the wrong one.",
            remedy: "sudo -u \(name) hotreel doctor …")
    }

    private func service() throws(FileError) -> Finding {
        let holder = try FileSystem.lockHolder(of: state.appending("lock"))
        if let holder { return .ok("service", "The service is running, as process \(holder).") }
        return .warning(
            "service", "No service is running with this state folder: drops wait.",
            remedy: "hotreel run, or: systemctl start hotreel.")
    }

    /// Whether the ledger can be read by this version.
    func readable() async -> [Finding] {
        guard FileSystem.exists(ledger) else { return [] }
        do {
            let counts = try await SQLiteJobStore(path: ledger.string, readOnly: true).counts()
            let open = counts.filter { !$0.key.isEnded }.values.reduce(0, +)
            return [.ok("ledger", "The ledger can be read; \(open) \(open == 1 ? "job is" : "jobs are") under way.")]
        } catch {
            return [
                .failure(
                    "ledger", "The ledger cannot be read: \(error)",
                    remedy: "See hotreel audit, and keep a copy of the state folder.")
            ]
        }
    }
}
