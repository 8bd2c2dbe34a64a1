import Folders
import Foundation
import Jobs
import Pipeline
import SystemPackage

/// Whether changes in the inbox are heard of, and how.
struct WatchChecks {
    let inbox: FilePath
    let mode: WatchMode
    let times: WatchTimes

    func run() -> [Finding] {
        do throws(FileError) {
            return try trees() + events() + (try limits())
        } catch {
            return [.failure("inbox_watch", error)]
        }
    }

    /// What `intake.watch` comes to on each mount in the inbox, and why.
    private func trees() throws(FileError) -> [Finding] {
        try MountTable.current().trees(of: FileSystem.realPath(of: inbox)).map { tree in
            let name = tree.folder.isEmpty ? "The inbox" : "\(tree.folder.shown) in the inbox"
            let words = "\(name) lies on \(tree.shown): \(WatchPlan.choose(mode, on: tree.mount, times: times).shown)."
            let check = tree.folder.isEmpty ? "inbox_watch" : "inbox_watch/\(tree.folder.shown)"
            if mode == .inotify, case .network = tree.mount.kind {
                return .failure(check, words, remedy: "Set intake.watch: auto.")
            }
            return .ok(check, words)
        }
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
                    isLocal && mode != .poll
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
                isLocal && mode != .poll
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
        let isWatched = mode == .inotify || (mode == .auto && isLocal)
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
