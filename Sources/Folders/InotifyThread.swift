import CInotifyTools
import Foundation
import Jobs
import Synchronization
import SystemPackage

/// The one thread that ever calls libinotifytools, which keeps its state in process-global variables.
///
/// It is initialised once per process and never cleaned up: after a `cleanup` old events come back under wrong names.
/// The library's own waiting has whole-second time-outs and spins, so the thread waits in `poll(2)` on the descriptor
/// the library opened, and on a pipe for commands.
final class InotifyThread: Sendable {
    static let shared = InotifyThread()

    private enum Command: Sendable {
        case watch(FilePath, Set<FileName>, FolderWatcher, CheckedContinuation<Result<Void, WatchError>, Never>)
        case retry(ObjectIdentifier, CheckedContinuation<Void, Never>)
        case forget(ObjectIdentifier, CheckedContinuation<Void, Never>)
    }

    private let commands = Mutex<[Command]>([])
    private let wake: Result<(read: Int32, write: Int32), WatchError>

    private init() {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else {
            wake = .failure(WatchError(description: "cannot make a pipe: \(Errno.current)"))
            return
        }
        let (read, write) = (ends[0], ends[1])
        for end in ends {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
        wake = .success((read, write))
        let thread = Thread { [unowned self] in run(wake: read) }
        thread.name = "inotify"
        thread.start()
    }

    func watch(
        _ root: FilePath, excluding excluded: Set<FileName>, for watcher: FolderWatcher
    ) async throws(WatchError) {
        if case .failure(let error) = wake { throw error }
        try await withCheckedContinuation { continuation in
            send(.watch(root, excluded, watcher, continuation))
        }.get()
    }

    func retry(_ watcher: FolderWatcher) async {
        guard case .success = wake else { return }
        await withCheckedContinuation { send(.retry(ObjectIdentifier(watcher), $0)) }
    }

    func forget(_ watcher: FolderWatcher) async {
        guard case .success = wake else { return }
        await withCheckedContinuation { send(.forget(ObjectIdentifier(watcher), $0)) }
    }

    private func send(_ command: Command) {
        commands.withLock { $0.append(command) }
        // A full pipe already wakes the thread, so a refused byte is no loss.
        if case .success(let ends) = wake { _ = Foundation.write(ends.write, [1], 1) }
    }

    /// The thread's whole life. It lasts as long as the process, and so does the singleton it belongs to.
    private func run(wake: Int32) {
        let library = Self.openLibrary()
        var trees = InotifyTrees()
        var byte = [UInt8](repeating: 0, count: 64)
        while true {
            var waits = [pollfd(fd: wake, events: Int16(POLLIN), revents: 0)]
            if case .success(let descriptor) = library {
                waits.append(pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0))
            }
            if poll(&waits, nfds_t(waits.count), -1) < 0 { continue }
            while Foundation.read(wake, &byte, byte.count) > 0 {}
            for command in commands.withLock({ pending in
                defer { pending = [] }
                return pending
            }) {
                switch command {
                case .watch(let root, let excluded, let watcher, let continuation):
                    continuation.resume(
                        returning: library.flatMap { _ in
                            trees.add(root: root, excluding: excluded, watcher: watcher)
                        })
                case .retry(let watcher, let continuation):
                    trees.retry(watcher: watcher)
                    continuation.resume()
                case .forget(let watcher, let continuation):
                    trees.remove(watcher: watcher)
                    continuation.resume()
                }
            }
            guard case .success = library else { continue }
            // Only a zero time-out with one event polls; drained until nothing is left, because the library buffers.
            while let event = inotifytools_next_events(0, 1) { trees.take(InotifyEvent(copying: event)) }
        }
    }

    /// Initialises the library and finds its descriptor, for which it has no accessor.
    private static func openLibrary() -> Result<Int32, WatchError> {
        // The library waits with select(2), which ends the process at the first descriptor above its set's size.
        let lowest = open("/dev/null", O_RDONLY | O_CLOEXEC)
        if lowest >= 0 { close(lowest) }
        guard lowest >= 0, lowest < 1024 else {
            return .failure(WatchError(description: "too many files are open already to watch folders by inotify"))
        }
        let before = inotifyDescriptors()
        guard inotifytools_initialize() != 0 else {
            return .failure(
                WatchError(
                    description: "inotify is not available (\(Errno(rawValue: inotifytools_error()))); "
                        + "raise /proc/sys/fs/inotify/max_user_instances"))
        }
        guard let descriptor = inotifyDescriptors().subtracting(before).first else {
            return .failure(WatchError(description: "cannot find inotify's descriptor under /proc/self/fd"))
        }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        return .success(descriptor)
    }

    private static func inotifyDescriptors() -> Set<Int32> {
        let folder: FilePath = "/proc/self/fd"
        guard let entries = try? FileSystem.list(folder, skippingUnreadable: true) else { return [] }
        return Set(
            entries.compactMap { entry in
                var target = [CChar](repeating: 0, count: 64)
                let length = folder.appending(entry.name).withPlatformString { readlink($0, &target, 63) }
                guard length > 0,
                    String(decoding: target.prefix(length).map { UInt8(bitPattern: $0) }, as: UTF8.self).contains(
                        "anon_inode:inotify")
                else { return nil }
                return Int32(entry.name.text)
            })
    }
}

/// An event, copied out of the library's buffer, which the next call overwrites.
struct InotifyEvent {
    let watch: Int32
    let mask: UInt32
    let name: FileName

    init(copying event: UnsafeMutablePointer<inotify_event>) {
        watch = event.pointee.wd
        mask = event.pointee.mask
        if event.pointee.len > 0 {
            // The name follows the 16-byte header and is padded with NULs.
            let start = UnsafeRawPointer(event).advanced(by: 16).assumingMemoryBound(to: CChar.self)
            let length = strnlen(start, Int(event.pointee.len))
            name = FileName(bytes: UnsafeBufferPointer(start: start, count: length).map { UInt8(bitPattern: $0) })
        } else {
            name = ""
        }
    }
}
