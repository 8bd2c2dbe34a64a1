import Foundation
import SystemPackage
import TestKit
import Testing

@testable import Folders

struct ShareProbeTests {
    @Test func `It tries all there is on a local disk and leaves nothing behind`() throws {
        let folder = try TemporaryFolder()
        let probe = try ShareProbe(in: folder.path, below: NameRules.claims)
        #expect(try probe.move(from: folder.path, to: probe.folder) == .oneStep)
        #expect(try !probe.foldsCase())
        #expect(try probe.unicodeForm() == .kept)
        #expect(try probe.locks())
        #expect(try probe.tellsEvents())
        let times = try probe.times()
        #expect(times.granularity < .milliseconds(100) && abs(times.skew / .seconds(1)) < 2)
        // Nobody takes it for the claim folder of a lost drop.
        #expect(try Claims(inbox: folder.path).drops() == [])
        try probe.remove()
        #expect(try FileManager.default.subpathsOfDirectory(atPath: folder.path.string) == [])
    }

    @Test func `What a probe that was killed has left goes with the next, once it is old`() throws {
        let folder = try TemporaryFolder()
        let probe = try ShareProbe(in: folder.path)
        try ShareProbe.removeStale(in: folder.path)
        #expect(FileSystem.exists(probe.folder))
        try ShareProbe.removeStale(in: folder.path, now: Date() + 7200)
        #expect(!FileSystem.exists(probe.folder))
    }

    @Test func `The holder of a lock is known without taking it`() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write("\(getpid())\n", to: "lock")
        #expect(try FileSystem.lockHolder(of: file) == nil)
        let descriptor = try FileDescriptor.open(file, .readWrite)
        let isTaken = flock(descriptor.rawValue, LOCK_EX | LOCK_NB) == 0
        let holder = try FileSystem.lockHolder(of: file)
        try descriptor.close()
        #expect(isTaken && holder == Int(getpid()))
        #expect(try FileSystem.lockHolder(of: file) == nil)
        #expect(try FileSystem.lockHolder(of: folder["gone"]) == nil)
    }
}
