import Foundation
import Synchronization
import SystemPackage

/// Somebody who, as fast as the system lets him, puts a symbolic link in the place of a file or folder, and puts that back.
///
/// A thread of its own that does nothing but renameat2(2), until it is stopped.
package final class HostileSwaps: Sendable {
    private let swaps = Atomic(0)
    private let mayEnd = Atomic(false)
    private let failure = Mutex<Errno?>(nil)
    private let ended = DispatchSemaphore(value: 0)

    /// - Parameters:
    ///   - victim: what is there, and is there again in the end.
    ///   - target: what the link leads to.
    ///   - link: a name on the same file system that nobody else uses.
    package init(of victim: FilePath, linkTo target: FilePath, aside link: FilePath) throws {
        guard symlink(target.string, link.string) == 0 else { throw Errno(rawValue: errno) }
        typealias Rename = @convention(c) (Int32, UnsafePointer<CChar>, Int32, UnsafePointer<CChar>, UInt32) -> Int32
        // Glibc's module has no renameat2(2).
        guard let symbol = dlsym(dlopen(nil, RTLD_NOW), "renameat2") else { throw Errno.noFunction }
        let exchange = unsafeBitCast(symbol, to: Rename.self)
        let (victim, link) = (victim.string, link.string)
        Thread { [self] in
            defer { ended.signal() }
            while !mayEnd.load(ordering: .acquiring) {
                // There, and back: RENAME_EXCHANGE leaves no moment at which there is nothing.
                for _ in 0..<2 where exchange(AT_FDCWD, victim, AT_FDCWD, link, 2) != 0 {
                    return failure.withLock { $0 = Errno(rawValue: errno) }
                }
                swaps.add(1, ordering: .releasing)
            }
        }.start()
    }

    package var count: Int { swaps.load(ordering: .acquiring) }

    /// Stops with everything in its place; throws what kept it from swapping.
    package func stop() throws {
        mayEnd.store(true, ordering: .releasing)
        ended.wait()
        if let failure = failure.withLock(\.self) { throw failure }
    }
}

/// Hears of whatever is done in a folder that nobody has any business in.
package final class Tripwire: Sendable {
    private let descriptor: Int32

    package init(_ folder: FilePath) throws {
        descriptor = inotify_init1(Int32(IN_NONBLOCK) | Int32(IN_CLOEXEC))
        guard descriptor >= 0, inotify_add_watch(descriptor, folder.string, 0xFFF /* IN_ALL_EVENTS */) >= 0 else {
            throw Errno(rawValue: errno)
        }
    }

    deinit { close(descriptor) }

    /// Whether any file in it, or the folder itself, was opened, read, written, moved, removed or made.
    package var wasTouched: Bool {
        var buffer = [UInt8](repeating: 0, count: 4096)
        return read(descriptor, &buffer, buffer.count) > 0
    }
}

/// Whether the kernel lets a thread resolve paths below a folder in one call.
package enum PathResolutionAllowed: String, Sendable, CaseIterable {
    case allowed, unknownCall, forbidden

    /// Runs `work` on a thread of its own, with a seccomp filter there that refuses openat2(2) in this way.
    package func run(_ work: @escaping @Sendable () throws -> Void) async throws {
        try await withCheckedThrowingContinuation { continuation in
            Thread {
                continuation.resume(
                    with: Result {
                        try self.enter()
                        try work()
                    })
            }.start()
        }
    }

    private func enter() throws {
        let code: Int32 =
            switch self {
            case .allowed: 0
            case .unknownCall: ENOSYS
            case .forbidden: EPERM
            }
        guard code != 0 else { return }
        typealias Call = @convention(c) (CLong, CLong, CLong, CLong, CLong) -> Int32
        // prctl(2) takes any number of arguments, which Swift does not import.
        guard let symbol = dlsym(dlopen(nil, RTLD_NOW), "prctl") else { throw Errno.noFunction }
        let prctl = unsafeBitCast(symbol, to: Call.self)
        // struct sock_filter: the call's number; is it 437? then this error; else let it pass.
        let filter: [UInt64] = [
            Self.instruction(0x20, 0, 0, 0), Self.instruction(0x15, 0, 1, 437),
            Self.instruction(0x06, 0, 0, 0x0005_0000 | UInt32(code)), Self.instruction(0x06, 0, 0, 0x7FFF_0000),
        ]
        try filter.withUnsafeBufferPointer { instructions in
            // struct sock_fprog: how many, and where.
            let program = [UInt(instructions.count), UInt(bitPattern: instructions.baseAddress)]
            try program.withUnsafeBufferPointer { program in
                // PR_SET_NO_NEW_PRIVS; PR_SET_SECCOMP with SECCOMP_MODE_FILTER, for this thread alone.
                guard prctl(38, 1, 0, 0, 0) == 0,
                    prctl(22, 2, CLong(Int(bitPattern: program.baseAddress)), 0, 0) == 0
                else { throw Errno(rawValue: errno) }
            }
        }
    }

    private static func instruction(_ code: UInt16, _ yes: UInt8, _ no: UInt8, _ value: UInt32) -> UInt64 {
        UInt64(code) | UInt64(yes) << 16 | UInt64(no) << 24 | UInt64(value) << 32
    }
}
