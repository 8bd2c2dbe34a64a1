import Foundation
import GRDB
import Jobs
import SQLiteStore
import SystemPackage
import TestKit
import Testing

@Suite(
    "The ledger on a disk in trouble", .timeLimit(.minutes(1)),
    .enabled(if: SmallDisk.isAvailable, "\(SmallDisk.remedy)"))
struct FullDiskTests {
    let disk: SmallDisk
    var path: String { disk["ledger.sqlite"].string }
    let full = JobStoreError.unavailable(
        "the disk of the state folder is full. Free some space; Hotreel goes on by itself")

    init() throws { disk = try SmallDisk(bytes: 8 << 20) }

    @Test("when it is full, holds what it said it does and nothing else, is read on, and goes on when there is room")
    func fullDisk() async throws {
        let store = try SQLiteJobStore(path: path)
        let running = Job.sample(.generating, 1)
        try await store.insert([running])
        var told: Set<JobID> = [running.id]
        try disk.fill(leaving: 500_000)

        var failure: JobStoreError?
        for number in 2...5_000 where failure == nil {
            do {
                try await store.insert([.sample(.queued, number)])
                told.insert(.sample(number))
            } catch {
                failure = error
            }
        }
        #expect(failure == full)
        #expect(told.count > 5)

        let drop = Drop.sample(6_000)
        await #expect(throws: full) {
            try await store.insert((6_000...6_200).map { .sample(.queued, $0, drop: drop) })
        }
        told.formUnion(try await insertTogether(7_000...7_050, into: store))
        var current = running
        do {
            current = try await store.record(.sample(.completed), on: running, at: .sample)
        } catch {
            #expect(error == full)
        }

        #expect(try await Set(store.jobs(JobQuery()).map(\.id)) == told)
        #expect(try await store.jobs(of: drop.id) == [])
        #expect(try await store.job(running.id) == current)
        #expect(try await store.history(of: running.id).count == current.version - running.version + 1)
        #expect(try await store.counts().values.reduce(0, +) == told.count)
        #expect(try await store.nextDue(.queued) == .sample)
        #expect(try await SQLiteJobStore(path: path, readOnly: true).job(running.id) == current)

        try disk.makeRoom()
        try await store.insert((6_000...6_200).map { .sample(.queued, $0, drop: drop) })
        if current == running { current = try await store.record(.sample(.completed), on: running, at: .sample) }
        try await store.record(.sample(.delivered), on: current, at: .sample)
        #expect(try await store.jobs(JobQuery()).count == told.count + 201)
        let check = try await DatabaseQueue(path: path).read { db in
            try String.fetchAll(db, sql: "PRAGMA integrity_check")
                + Row.fetchAll(db, sql: "PRAGMA foreign_key_check").map(\.description)
        }
        #expect(check == ["ok"])
    }

    /// The first process that opens the ledger for writing sets up SQLite's index of the log, which takes room.
    @Test("when it is full at the start, says so, lets others look, and goes on from where it was when there is room")
    func startsFull() async throws {
        try await SQLiteJobStore(path: path).insert([.sample(.generating, 1)])
        try disk.fill()
        let failure = #expect(throws: JobStoreError.self) { try SQLiteJobStore(path: path) }
        #expect(failure == full)
        #expect(try await SQLiteJobStore(path: path, readOnly: true).job(.sample(1)) == .sample(.generating, 1))
        try disk.makeRoom()
        let store = try SQLiteJobStore(path: path)
        try await store.record(.sample(.completed), on: .sample(.generating, 1), at: .sample)
    }

    @Test("when it is full at the very first start, says so, and begins when there is room")
    func beginsFull() async throws {
        try disk.fill()
        let failure = #expect(throws: JobStoreError.self) { try SQLiteJobStore(path: path) }
        #expect(failure == full)
        try disk.makeRoom()
        try await SQLiteJobStore(path: path).insert([.sample()])
    }

    @Test("when it may not be written, says so with what to do and is read on")
    func readOnlyDisk() async throws {
        try await SQLiteJobStore(path: path).insert([.sample(.generating, 1)])
        try disk.setReadOnly(true)
        #expect(try await SQLiteJobStore(path: path, readOnly: true).job(.sample(1)) == .sample(.generating, 1))
        let failure = await #expect(throws: JobStoreError.self) {
            try await SQLiteJobStore(path: path).record(.sample(.completed), on: .sample(.generating, 1), at: .sample)
        }
        #expect(failure?.isUnavailable(because: "may not be written") == true, "\(failure?.description ?? "")")
        try disk.setReadOnly(false)
        let store = try SQLiteJobStore(path: path)
        #expect(try await store.job(.sample(1)) == .sample(.generating, 1))
        try await store.record(.sample(.completed), on: .sample(.generating, 1), at: .sample)
    }

    /// The ids of those that were inserted.
    private func insertTogether(_ numbers: ClosedRange<Int>, into store: SQLiteJobStore) async throws -> Set<JobID> {
        try await withThrowingTaskGroup(of: JobID?.self) { group in
            for number in numbers {
                group.addTask {
                    do {
                        try await store.insert([.sample(.queued, number)])
                        return .sample(number)
                    } catch let error as JobStoreError {
                        #expect(error == full)
                        return nil
                    }
                }
            }
            return try await group.reduce(into: []) { if let id = $1 { $0.insert(id) } }
        }
    }
}

extension JobStoreError {
    func isUnavailable(because words: String) -> Bool {
        if case .unavailable(let why) = self { why.contains(words) } else { false }
    }
}
