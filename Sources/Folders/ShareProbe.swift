import CLinux
import Foundation
import Jobs
import SystemPackage

/// Tries out what a folder can do, in a hidden folder below it that is gone afterwards. Blocks where the folder's server does not
/// answer.
package struct ShareProbe: Sendable {
    /// The hidden folder.
    package let folder: FilePath
    /// Made for it, and taken away again.
    private let madeParent: FilePath?

    private static let prefix = ".doctor-"

    /// - Parameter parent: the hidden folder's place, below `root`; made where it is missing. `NameRules.claims` in an inbox, so that
    ///   nobody takes for a drop what is tried out.
    package init(in root: FilePath, below parent: FileName = "") throws(FileError) {
        let place = root.appending(parent)
        guard try FileSystem.status(of: root.appending("."))?.kind == .folder else {
            throw FileError("find", root, .noSuchFileOrDirectory)
        }
        madeParent = try FileSystem.status(of: place.appending(".")) == nil ? place : nil
        folder = place.appending(FileName(Self.prefix + String(UInt64.random(in: 0 ... .max), radix: 36)))
        do throws(FileError) {
            try FileSystem.makeFolder(folder)
        } catch {
            removeParent()
            throw error
        }
    }

    package func remove() throws(FileError) {
        defer { removeParent() }
        try FileSystem.removeTree(folder)
    }

    /// Only if it is empty: a service may have begun to work in it.
    private func removeParent() {
        if let madeParent { _ = madeParent.withPlatformString { rmdir($0) } }
    }

    /// Takes away what probes that were killed have left for an hour.
    package static func removeStale(in place: FilePath, now: Date = Date()) throws(FileError) {
        guard try FileSystem.status(of: place) != nil else { return }
        for entry in try FileSystem.list(place, skippingUnreadable: true)
        where entry.status.kind == .folder && entry.name.text.hasPrefix(prefix) {
            let age = now.timeIntervalSince1970 - Double(entry.status.identity.modified) / 1e9
            if age > 3600 { try FileSystem.removeTree(place.appending(entry.name)) }
        }
    }

    /// Writes a small file and reads it back.
    @discardableResult
    package func write(_ name: FileName) throws(FileError) -> FilePath {
        let path = folder.appending(name)
        try FileSystem.replace(path, with: Array("probe\n".utf8))
        guard try FileSystem.read(path, limit: 100) == Array("probe\n".utf8) else {
            throw FileError("read back", path, .ioError)
        }
        return path
    }

    // MARK: Moving

    package enum Move: Hashable, Sendable {
        case oneStep
        /// Another disk or share: what is moved is copied.
        case copy
    }

    /// Moves a file from a folder into the hidden one, and to another folder, as drops move; under names that nobody takes.
    package func move(from origin: FilePath, to target: FilePath) throws(FileError) -> Move {
        let name = NameRules.temporary(for: Array(folder.string.utf8))
        let (source, goal) = (origin.appending(name), target.appending(name))
        try FileSystem.replace(source, with: Array("probe\n".utf8))
        do throws(FileError) {
            guard try FileSystem.rename(source, to: goal) else { throw FileError("rename to", goal, .fileExists) }
            try FileSystem.remove(goal)
            return .oneStep
        } catch {
            // Whichever name it has; what keeps it from being removed is told by the other checks.
            try? FileSystem.remove(source)
            try? FileSystem.remove(goal)
            guard error.code == .improperLink else { throw error }
            // Over there it must be possible to write all the same.
            try FileSystem.replace(goal, with: Array("probe\n".utf8))
            try FileSystem.remove(goal)
            return .copy
        }
    }

    // MARK: Names

    /// Whether names that differ only in case are one file here.
    package func foldsCase() throws(FileError) -> Bool {
        try write("Case.probe")
        return try FileSystem.status(of: folder.appending("CASE.PROBE")) != nil
    }

    package enum UnicodeForm: String, Sendable {
        /// Names come back as they were written, and the other form is another file.
        case kept
        /// Names come back as they were written, but both forms are one file.
        case either
        /// Names come back in another form.
        case changed
    }

    /// What becomes of a name with a decomposed accent, as a Mac writes it.
    package func unicodeForm() throws(FileError) -> UnicodeForm {
        let (decomposed, composed): (FileName, FileName) = ("e\u{301}.probe", "\u{E9}.probe")
        try write(decomposed)
        let names = try FileSystem.list(folder).map(\.name)
        guard names.contains(decomposed) else { return .changed }
        return try FileSystem.status(of: folder.appending(composed)) == nil ? .kept : .either
    }

    // MARK: Times

    package struct Times: Hashable, Sendable {
        /// How fine modification times are told.
        package let granularity: Duration
        /// How far the clock that stamps files is ahead of this machine's, about; behind where negative.
        package let skew: Duration
    }

    package func times() throws(FileError) -> Times {
        let before = Date()
        let path = try write("time.probe")
        let after = Date()
        guard let stamp = try FileSystem.status(of: path)?.identity.modified else {
            throw FileError("look at", path, .noSuchFileOrDirectory)
        }
        let stamped = Double(stamp) / 1e9
        // Somewhere between the two, give or take what the file system rounds away.
        let skew =
            stamped > after.timeIntervalSince1970
            ? stamped - after.timeIntervalSince1970 : min(0, stamped - before.timeIntervalSince1970)
        // An odd second with nine digits that all mean something.
        let odd = timespec(tv_sec: 1_700_000_001, tv_nsec: 123_456_789)
        guard path.withPlatformString({ utimensat(AT_FDCWD, $0, [odd, odd], 0) }) == 0 else {
            throw FileError("set the time of", path)
        }
        let kept = try FileSystem.status(of: path)?.identity.modified ?? 0
        return Times(granularity: Self.granularity(of: kept), skew: .seconds(skew))
    }

    private static func granularity(of kept: Int64) -> Duration {
        let lost = 1_700_000_001_123_456_789 - kept
        let steps: [Int64] = [1, 100, 1000, 1_000_000, 10_000_000, 1_000_000_000, 2_000_000_000]
        // Rounded down, or up, by less than a step.
        return .nanoseconds(steps.first { abs(lost) < $0 } ?? 2_000_000_000)
    }

    // MARK: Locks

    /// Whether two openings of one file exclude one another, as a ledger needs it.
    package func locks() throws(FileError) -> Bool {
        let path = try write("lock.probe")
        func open() throws(FileError) -> Int32 {
            let descriptor = path.withPlatformString { Glibc.open($0, O_RDWR | O_CLOEXEC) }
            guard descriptor >= 0 else { throw FileError("open", path) }
            return descriptor
        }
        let first = try open()
        defer { close(first) }
        guard flock(first, LOCK_EX | LOCK_NB) == 0 else { throw FileError("lock", path) }
        let second = try open()
        defer { close(second) }
        guard flock(second, LOCK_EX | LOCK_NB) != 0 else { return false }
        // What SQLite takes.
        guard clinux_try_write_lock(first) == 0 else { throw FileError("lock a part of", path) }
        return true
    }

    // MARK: Events

    /// Whether the kernel tells of what this machine does here, within a second.
    package func tellsEvents() throws(any Error) -> Bool {
        let events = try FolderEvents()
        guard try events.watch(folder) else { return false }
        try write("event.probe")
        return events.wait(atMost: .seconds(1))
    }
}
