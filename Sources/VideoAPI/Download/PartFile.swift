import Foundation
import NIOCore
import NIOPosix
import SystemPackage

/// The file a video grows in. What it holds outlives a try that was cut short, a crash included: the next try goes on from there.
///
/// It is held by a lock while it is written, since two writers would mix two downloads.
final class PartFile {
    private let path: FilePath
    private let threads: BlockingThreads
    private var descriptor: SystemPackage.FileDescriptor?
    /// Bytes it holds.
    private(set) var size = 0
    /// Bytes of them that this try has not written.
    private var inherited = 0
    private var isWritten = false
    /// The disk has said that it lost something. It says so once only.
    private var hasLost = false

    /// Opens what an earlier try has left at `path`, if anything.
    init(_ path: FilePath, threads: BlockingThreads) async throws {
        self.path = path
        self.threads = threads
        guard let (descriptor, size) = try await run({ try Self.existing(path) }) else { return }
        (self.descriptor, self.size, inherited) = (descriptor, size, size)
    }

    deinit { try? descriptor?.close() }

    /// Begins with an empty file. What was held is not emptied but let go: a second name of it, such as a delivered video's, keeps it.
    func beginAnew() async throws {
        let old = descriptor
        descriptor = nil
        descriptor = try await run { [path] in
            if let old {
                Self.remove(path)
                try? old.close()
            }
            return try Self.opened(path, [.create, .exclusiveCreate])
        }
        (size, inherited) = (0, 0)
    }

    func append(_ bytes: ByteBuffer) async throws {
        guard let descriptor else { return }
        isWritten = true
        try await run { [size] in
            _ = try bytes.withUnsafeReadableBytes { try descriptor.writeAll(toAbsoluteOffset: Int64(size), $0) }
        }
        size += bytes.readableBytes
    }

    /// Whether the file holds just these bytes at `offset`.
    func holds(_ bytes: ByteBuffer, at offset: Int) async throws -> Bool {
        guard let descriptor else { return false }
        return try await run {
            var own = [UInt8](repeating: 0, count: bytes.readableBytes)
            var filled = 0
            while filled < own.count {
                let count = try own.withUnsafeMutableBytes { buffer in
                    try descriptor.read(
                        fromAbsoluteOffset: Int64(offset + filled),
                        into: UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]))
                }
                guard count > 0 else { return false }
                filled += count
            }
            return bytes.readableBytesView.elementsEqual(own)
        }
    }

    /// Everything on disk.
    func finish() async throws {
        guard let file = descriptor else { return }
        do {
            try await run { try file.sync() }
        } catch {
            hasLost = true
            throw error
        }
        descriptor = nil
        try? file.close()
    }

    /// After a try that failed: keeps what has come and is surely on disk, for the next one; or nothing.
    func leave(keeping: Bool) async {
        guard let file = descriptor else { return }
        descriptor = nil
        let (size, inherited, isWritten, hasLost) = (size, inherited, isWritten, hasLost)
        let work = { @Sendable [path] in
            defer { try? file.close() }
            guard keeping, size > 0 else { return Self.remove(path) }
            guard isWritten else { return }
            do {
                if hasLost { throw Errno.ioError }
                try file.sync()
            } catch {
                // Only now does a network share tell that it has no room; which bytes it dropped it does not.
                try file.resize(to: Int64(inherited))
            }
        }
        // What cannot be done here is found by the next try, which trusts nothing it has not compared.
        do {
            try await threads.run(work)
        } catch is NIOThreadPoolError.ThreadPoolInactive {
            // The client was shut down in the middle.
            try? work()
        } catch {}
    }

    private func run<Result: Sendable>(_ work: @escaping @Sendable () throws -> Result) async throws -> Result {
        do {
            return try await threads.run(work)
        } catch let code as Errno {
            throw DownloadError.disk(
                "\(path.lastComponent?.string ?? "The video") cannot be written: \(code).", code: code)
        }
    }

    // MARK: Blocking

    private static func existing(_ path: FilePath) throws -> (SystemPackage.FileDescriptor, size: Int)? {
        let file: SystemPackage.FileDescriptor
        do {
            file = try opened(path, [])
        } catch Errno.noSuchFileOrDirectory {
            return nil
        }
        do {
            let status = try file.stat()
            guard status.type == .regular else { throw Errno.invalidArgument }
            // A second name is that of the delivered video, where a crash came between giving it its name and taking this one away.
            guard status.linkCount == 1 else {
                if status.linkCount > 1 { remove(path) }
                try? file.close()
                return nil
            }
            return (file, Int(status.size))
        } catch {
            try? file.close()
            throw error
        }
    }

    /// As any program makes a file; the process's umask says who may read it. A pipe put there instead must not block the opening.
    private static func opened(
        _ path: FilePath, _ options: SystemPackage.FileDescriptor.OpenOptions
    ) throws -> SystemPackage.FileDescriptor {
        let file = try SystemPackage.FileDescriptor.open(
            path, .readWrite, options: options.union([.noFollow, .closeOnExec, .nonBlocking]),
            permissions: [.ownerReadWrite, .groupReadWrite, .otherReadWrite])
        // A file system without locks has none to respect.
        if flock(file.rawValue, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK {
            try? file.close()
            throw DownloadError.interrupted("The video is being fetched already.")
        }
        return file
    }

    private static func remove(_ path: FilePath) { _ = path.withPlatformString { unlink($0) } }
}

extension SystemPackage.FileDescriptor {
    fileprivate func sync() throws {
        guard fsync(rawValue) == 0 else { throw Errno(rawValue: errno) }
    }
}
