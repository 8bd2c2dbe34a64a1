import Foundation
import Jobs
import SystemPackage

/// Speaks whenever something is mounted or unmounted anywhere: poll(2) on mountinfo tells, see proc_pid_mountinfo(5).
package final class MountChanges: Sendable {
    /// One listener. It comes to an end where the kernel has no mountinfo, or after `stop`.
    package let signals: AsyncStream<Void>
    private let bell: AsyncStream<Void>.Continuation
    /// The end of a pipe whose other end the thread waits at; closing it ends the thread. −1 where there is no thread.
    private let end: Int32

    package init() {
        (signals, bell) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        let table = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC)
        var ends: [Int32] = [-1, -1]
        guard table >= 0, pipe(&ends) == 0 else {
            if table >= 0 { close(table) }
            end = -1
            bell.finish()
            return
        }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        end = ends[1]
        let (bell, stopped) = (bell, ends[0])
        let thread = Thread {
            var waits = [
                pollfd(fd: table, events: Int16(POLLPRI), revents: 0), pollfd(fd: stopped, events: 0, revents: 0),
            ]
            while true {
                guard poll(&waits, 2, -1) > 0 else { continue }
                if waits[1].revents != 0 { break }
                bell.yield()
            }
            close(table)
            close(stopped)
        }
        thread.name = "mounts"
        thread.start()
    }

    /// To be called once.
    package func stop() {
        if end >= 0 { close(end) }
        bell.finish()
    }
}
