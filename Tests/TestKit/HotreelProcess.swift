import Foundation
import Subprocess
import Synchronization
import SystemPackage

/// A `hotreel run` or `hotreel simulate` at work, with what it says as events.
package final class HotreelProcess: Sendable {
    /// How it ended, and what `body` made of it.
    package struct Ending<Value: Sendable>: Sendable {
        package let value: Value
        /// The exit code; nil when a signal ended it.
        package let status: Int32?
        /// From SIGTERM to the end.
        package let stopping: Duration
        package let log: String
    }

    /// The test's own error with the log, without which nobody could tell what went wrong.
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
        package init(description: String) { self.description = description }
    }

    private struct Log {
        var lines: [String] = []
        var isOver = false
        var waiters: [UUID: (text: String, continuation: CheckedContinuation<String?, Never>)] = [:]
    }
    private let log = Mutex(Log())
    private let signal: @Sendable (Signal) -> Void

    /// The system's number of it.
    package let id: Int32

    private init(id: Int32, signal: @escaping @Sendable (Signal) -> Void) {
        self.id = id
        self.signal = signal
    }

    /// Starts it, waits for its `ready`, runs `body`, and ends it with SIGTERM; kills it when `body` throws or when it
    /// does not end within 20 seconds.
    ///
    /// - Parameters:
    ///   - launcher: a program and its first arguments that runs it in its own place: `["unshare", "--user"]`.
    ///   - moment: what it must have said before `body` begins; nil where it may never come so far.
    package static func running<Value: Sendable>(
        _ arguments: [String], environment: [String: String] = [:], user: UInt32? = nil, launcher: [String] = [],
        after moment: String? = "ready",
        _ body: (HotreelProcess) async throws -> Value
    ) async throws -> Ending<Value> {
        var platform = PlatformOptions()
        platform.userID = user
        platform.groupID = user
        let result = try await Subprocess.run(
            launcher.first.map { .name($0) } ?? .path(HotreelBinary.path),
            arguments: Arguments(
                launcher.isEmpty ? arguments : launcher.dropFirst() + [HotreelBinary.path.string] + arguments),
            environment: HotreelBinary.environment(environment), platformOptions: platform, input: .none,
            output: .discarded, error: .sequence
        ) { execution in
            let process = HotreelProcess(id: execution.processIdentifier.value) { try? execution.send(signal: $0) }
            async let reading: Void = process.read(execution.standardError)
            do {
                if let moment { _ = try await process.line(moment) }
                let value = try await body(process)
                let start = ContinuousClock.now
                process.signal(.terminate)
                let patience = Task {
                    try await Task.sleep(for: .seconds(20))
                    process.signal(.kill)
                }
                await reading
                patience.cancel()
                return (value, start.duration(to: .now), process.text)
            } catch {
                process.signal(.kill)
                await reading
                throw Failure(description: "\(error)\nThe log of hotreel \(arguments.first ?? ""):\n\(process.text)")
            }
        }
        let (value, stopping, log) = result.closureResult
        return Ending(value: value, status: result.terminationStatus.exitCode, stopping: stopping, log: log)
    }

    /// All it has said so far.
    package var text: String { log.withLock { $0.lines.joined(separator: "\n") } }

    /// The first line that holds `text`, said already or later. Throws when it ends without, or the task is cancelled.
    package func line(_ text: String) async throws -> String {
        let id = UUID()
        let line = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                log.withLock { log in
                    let known = log.lines.first { $0.contains(text) }
                    if known != nil || log.isOver || Task.isCancelled { return continuation.resume(returning: known) }
                    log.waiters[id] = (text, continuation)
                }
            }
        } onCancel: {
            log.withLock { $0.waiters.removeValue(forKey: id) }?.continuation.resume(returning: nil)
        }
        guard let line else { throw Failure(description: "It never said “\(text)”.") }
        return line
    }

    /// Stops it in its tracks; the kernel still takes in what is sent to it.
    package func freeze() { signal(.suspend) }

    /// Lets it go on after `freeze()`.
    package func thaw() { signal(.resume) }

    /// Ctrl-C.
    package func interrupt() { signal(.interrupt) }

    /// Asks it to end and waits until it has.
    package func stop() async {
        signal(.terminate)
        _ = try? await line("\u{0}")
    }

    /// Ends it as a power cut would, and waits until it is gone.
    package func kill() async {
        signal(.kill)
        _ = try? await line("\u{0}")
    }

    /// Waits until it has ended by itself. False, and it goes on, when it has not by then.
    package func ends(within limit: Duration) async -> Bool {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { _ = try? await self.line("\u{0}") }
            group.addTask { try? await Task.sleep(for: limit) }
            await group.next()
            group.cancelAll()
        }
        return log.withLock(\.isOver)
    }

    /// Bytes of memory it holds now, by the kernel's own count; 0 once it has ended.
    package func residentBytes() throws -> Int {
        let status = String(
            decoding: try HotreelFolder.bytes(ofKernelFile: FilePath("/proc/\(id)/status")), as: UTF8.self)
        return status.firstMatch(of: /VmRSS:\s*([0-9]+) kB/).flatMap { Int($0.1) }.map { $0 << 10 } ?? 0
    }

    private func read(_ output: SubprocessOutputSequence) async {
        // An end by error is an end; what was said until then stands.
        do {
            for try await line in output.strings() { note(line.trimmingCharacters(in: .newlines)) }
        } catch {}
        let waiters = log.withLock { log in
            log.isOver = true
            defer { log.waiters = [:] }
            return log.waiters.values.map(\.continuation)
        }
        for waiter in waiters { waiter.resume(returning: nil) }
    }

    private func note(_ line: String) {
        let heard = log.withLock { log in
            log.lines.append(line)
            let heard = log.waiters.filter { line.contains($0.value.text) }
            for id in heard.keys { log.waiters[id] = nil }
            return heard.values.map(\.continuation)
        }
        for waiter in heard { waiter.resume(returning: line) }
    }
}
