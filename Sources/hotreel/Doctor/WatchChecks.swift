import Folders
import Foundation
import Jobs
import Pipeline
import SystemPackage

/// Whether changes in the inbox are heard of, and how.
struct WatchChecks {
    let inbox: FilePath
    let watch: PipelineConfiguration.Watch
    let rescan: Duration
    let listing: Duration

    func run() -> [Finding] {
        do throws(FileError) {
            return [try kind()] + mounts() + events() + (try limits())
        } catch {
            return [.failure("inbox_watch", error)]
        }
    }

    /// What `intake.watch` comes to on this mount, and why.
    private func kind() throws(FileError) -> Finding {
        let place = try FolderPlace.of(inbox).shown
        let listed = "listed every \(listing.measured)"
        let heard = "watched by events and listed every \(rescan.measured)"
        switch (try MountKind.of(inbox), watch) {
        case (.local, .auto):
            return .ok("inbox_watch", "The inbox lies on \(place): it is \(heard), as a local disk tells of changes.")
        case (.local, .inotify): return .ok("inbox_watch", "The inbox lies on \(place): it is \(heard), as configured.")
        case (_, .poll): return .ok("inbox_watch", "The inbox lies on \(place): it is \(listed), as configured.")
        case (.network(let name), .auto):
            return .ok(
                "inbox_watch",
                "The inbox lies on \(place): it is \(listed), as \(name) does not tell of changes made elsewhere.")
        case (.network(let name), .inotify):
            return .failure(
                "inbox_watch",
                "The inbox lies on \(place), and \(name) does not tell of changes made elsewhere: with intake.watch: inotify drops are "
                    + "found after up to \(rescan.measured).",
                remedy: "Set intake.watch: auto.")
        }
    }

    /// File systems mounted below the inbox, from which files cannot be taken by a rename.
    private func mounts() -> [Finding] {
        guard let table = try? MountTable.current() else { return [] }
        let below = table.mounts.filter { $0.point.hasPrefix(inbox.string + "/") }
        guard let first = below.first else { return [] }
        return [
            .warning(
                "inbox_mounts",
                "\(below.count == 1 ? "A file system is" : "\(below.count) file systems are") mounted below the inbox, at \(first.point) "
                    + "(\(first.type)): drops there cannot be taken in one step.",
                remedy: "Give it an inbox of its own.")
        ]
    }

    /// Whether the kernel tells of a file that is written now.
    private func events() -> [Finding] {
        let probe: ShareProbe
        do {
            probe = try ShareProbe(in: inbox, below: NameRules.claims)
        } catch {
            // Told already by the checks of the share itself.
            return []
        }
        defer { try? probe.remove() }
        let isLocal = (try? MountKind.of(inbox)) == .local
        do {
            guard try probe.tellsEvents() else {
                let remedy = "Set intake.watch: poll."
                let words = "Tried: of a file written in the inbox no event came."
                return [
                    isLocal && watch != .poll
                        ? .failure("inbox_events", words, remedy: remedy)
                        : .ok("inbox_events", words + " None is needed.")
                ]
            }
            return [
                .ok(
                    "inbox_events",
                    "Tried: an event came of a file written here\(isLocal ? "." : ", which says nothing of those written elsewhere.")"
                )
            ]
        } catch let error as WatchError {
            return [
                isLocal && watch != .poll
                    ? .failure(
                        "inbox_events", "Tried: \(error).", remedy: "Raise the limit, or set intake.watch: poll.")
                    : .ok("inbox_events", "Tried: \(error). None is needed.")
            ]
        } catch {
            return [
                .warning(
                    "inbox_events", "Events could not be tried: \(error).", remedy: "See what is said of the inbox.")
            ]
        }
    }

    private func limits() throws(FileError) -> [Finding] {
        let isLocal = try MountKind.of(inbox) == .local
        let isWatched = watch == .inotify || (watch == .auto && isLocal)
        let limits = KernelLimits.current()
        return Self.findings(limits, folders: isWatched ? try FileSystem.folderCount(below: inbox) : nil)
    }

    /// - Parameter folders: to be watched; nil where none are.
    static func findings(_ limits: KernelLimits, folders: Int?) -> [Finding] {
        var findings: [Finding] = []
        if let folders, let watches = limits.watches {
            let words =
                "The inbox has \(folders) \(folders == 1 ? "folder" : "folders") to watch, and the kernel allows \(watches)"
            let target = max(524_288, folders * 4)
            let remedy = "sysctl fs.inotify.max_user_watches=\(target), and the same in /etc/sysctl.d/hotreel.conf."
            findings.append(
                folders > watches
                    ? .failure("inotify_watches", "\(words).", remedy: remedy)
                    : folders * 2 > watches
                        ? .warning(
                            "inotify_watches", "\(words), for all of a user's programs together.", remedy: remedy)
                        : .ok("inotify_watches", "\(words)."))
        }
        if folders != nil, let instances = limits.instances {
            let words = "A user's programs may have \(instances) inotify instances; the service needs one"
            findings.append(
                instances < 16
                    ? .warning(
                        "inotify_instances", "\(words).",
                        remedy: "sysctl fs.inotify.max_user_instances=128, as other programs need some too.")
                    : .ok("inotify_instances", "\(words)."))
        }
        if folders != nil, let events = limits.queuedEvents {
            findings.append(
                events < 16_384
                    ? .warning(
                        "inotify_queue",
                        "Of more than \(events) changes at once some are lost, and the inbox is listed instead.",
                        remedy: "sysctl fs.inotify.max_queued_events=65536, for large bursts.")
                    : .ok(
                        "inotify_queue", "\(events) changes at once are told one by one; of more, the inbox is listed.")
            )
        }
        if let isProtected = limits.protectsHardLinks {
            findings.append(
                isProtected
                    ? .ok("protected_hardlinks", "Nobody can drop another user's file by a hard link.")
                    : .warning(
                        "protected_hardlinks",
                        "Whoever has an account on this machine can drop files of others by hard links.",
                        remedy: "sysctl fs.protected_hardlinks=1, and the same in /etc/sysctl.d/hotreel.conf."))
        }
        return findings
    }
}
