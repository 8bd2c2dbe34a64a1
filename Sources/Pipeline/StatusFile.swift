import Folders
import Foundation
import Jobs
import ServiceLifecycle

/// `outbox/status.json`: how things stand, for people and scripts that have only the share. Replaced whole, at most every few
/// seconds and only when something has changed.
struct StatusFile: Sendable {
    let context: Context

    private static let shortestPause = Duration.seconds(2)

    func run() async {
        let bell = context.bells.status
        var written: JSONValue?
        await withGracefulShutdownHandler {
            while !Task.isShuttingDownGracefully && !Task.isCancelled {
                let rings = bell.rings
                written = await write(unless: written)
                try? await context.time.sleep(Self.shortestPause)
                // What waits in the inbox is told after a while, at which nothing rings.
                if let next = context.waits.told.next {
                    await bell.wait(after: rings, atMost: next, by: context.time)
                } else {
                    await bell.wait(after: rings)
                }
            }
        } onGracefulShutdown: {
            bell.ring()
        }
        // The last word before the end, so that nobody reads for days what is over.
        _ = await write(unless: written)
    }

    private func write(unless written: JSONValue?) async -> JSONValue? {
        do {
            let status = try await Status.current(context)
            guard status.json != written else { return written }
            try await context.requirePlaces([.outbox])
            var document = status.json.objectValue ?? [:]
            document["updated"] = .time(context.time.now())
            let (outbox, bytes) = (context.outbox, JSONValue.object(document).document)
            try await context.files.run { () throws(FileError) in try outbox.writeStatus(bytes) }
            return status.json
        } catch {
            if !context.note(error) { context.logger.debug("status.json stays as it was: \(error)") }
            return written
        }
    }
}

/// How things stand, as the share and `hotreel status` tell it.
package struct Status: Sendable {
    package let counts: [JobState.Name: Int]
    package let gates: [ClosedGate]
    package let today: [FolderSpend]
    package let month: [FolderSpend]
    /// Jobs that wait for something of their own, with their reasons; the newest.
    package let waiting: [Job]
    package let isPreview: Bool
    /// The inbox it is about, and the names it had; nil where it is about all.
    package let inbox: HotFolder?
    /// Where there are several: how many jobs of each are in each state.
    package let inboxes: [InboxName: [JobState.Name: Int]]
    /// What waits in the inbox and is no job yet: how many files, and the longest waiting of them. Only the service itself knows.
    package var unclaimed: (count: Int, waits: [InboxWaits.Wait])?

    package init(
        counts: [JobState.Name: Int], gates: [ClosedGate], today: [FolderSpend], month: [FolderSpend], waiting: [Job],
        isPreview: Bool, inbox: HotFolder? = nil, inboxes: [InboxName: [JobState.Name: Int]] = [:],
        unclaimed: (count: Int, waits: [InboxWaits.Wait])? = nil
    ) {
        self.inbox = inbox
        self.inboxes = inboxes
        self.unclaimed = unclaimed
        self.counts = counts
        self.gates = gates
        self.today = today
        self.month = month
        self.waiting = waiting
        self.isPreview = isPreview
    }

    /// As the ledger has it.
    ///
    /// - Parameter inbox: the named one whose jobs alone are told of; nil tells of all.
    package static func read(
        _ store: any JobStore, at now: Date, calendar: Calendar, isPreview: Bool, inbox: HotFolder? = nil
    ) async throws(JobStoreError) -> Status {
        let waiting = try await store.jobs(
            JobQuery(states: [.held, .unconfirmed, .reusing], inboxes: inbox?.names ?? [], limit: 20))
        let counts = try await store.countsByInbox()
        let told = counts.filter { inbox?.names.contains($0.key) ?? true }.values
        return Status(
            counts: told.reduce(into: [:]) { sum, counts in sum.merge(counts, uniquingKeysWith: +) },
            gates: try await store.closedGates(),
            today: try await store.spending(since: calendar.period(.day, of: now).start),
            month: try await store.spending(since: calendar.period(.month, of: now).start), waiting: waiting,
            isPreview: isPreview, inbox: inbox,
            inboxes: inbox == nil && counts.keys.contains { !$0.isUnnamed } ? counts : [:])
    }

    /// What the service last wrote of the inbox's files into the outbox; nil where there is nothing to read.
    package static func unclaimedAsTold(in outbox: Outbox, of inbox: InboxName) -> (
        count: Int, waits: [InboxWaits.Wait]
    )? {
        guard let bytes = try? outbox.readStatus(),
            let told = try? JSONDecoder().decode(JSONValue.self, from: Data(bytes))["unclaimed"],
            let count = told["count"]?.integerValue
        else { return nil }
        let waits = (told["waiting"]?.arrayValue ?? []).compactMap { wait -> InboxWaits.Wait? in
            guard let file = wait["file"]?.stringValue, let reason = wait["reason"]?.stringValue,
                let since = wait["since"]?.stringValue,
                let date = try? Date.ISO8601FormatStyle(includingFractionalSeconds: true).parse(since)
            else { return nil }
            return InboxWaits.Wait(file: FileName(inbox.prefix + file), since: date, reason: reason)
        }
        return (count, waits)
    }

    static func current(_ context: Context) async throws(JobStoreError) -> Status {
        let name = context.folder.name
        let read = try await read(
            context.store, at: context.time.now(), calendar: context.calendar,
            isPreview: context.configuration.isPreview, inbox: name.isUnnamed ? nil : context.folder)
        let told = context.waits.told
        return Status(
            counts: read.counts,
            gates: context.gates.closed.filter { closed in
                // Its own, those of all, and those of inboxes that nobody else would tell of.
                closed.gate.inbox.map { $0 == name || context.folders.named($0) == nil } ?? true
            }, today: read.today, month: read.month, waiting: read.waiting, isPreview: read.isPreview,
            inbox: read.inbox,
            inboxes: read.inboxes, unclaimed: (told.count, told.waits))
    }

    /// Its keys are a promise to scripts. `waiting` are jobs, `unclaimed.waiting` files that are no jobs yet, at most fifty of the `count`
    /// there are; `unclaimed` is null where nobody knows.
    package var json: JSONValue {
        var object = base
        let all: JSONValue = ["today": Self.json(today), "month": Self.json(month)]
        if let inbox {
            object["inbox"] = .string(inbox.name.rawValue)
            object["spend"] = [
                "today": Self.json(today.filter { inbox.names.contains($0.inbox) }),
                "month": Self.json(month.filter { inbox.names.contains($0.inbox) }),
            ]
            object["spend_all"] = all
        } else {
            object["spend"] = all
        }
        if !inboxes.isEmpty {
            object["inboxes"] = .array(
                inboxes.sorted { $0.key < $1.key }.map { name, counts in
                    ["inbox": .string(name.rawValue), "jobs": Self.json(counts)]
                })
        }
        return .object(object)
    }

    private var base: [String: JSONValue] {
        [
            "unclaimed": unclaimed.map { ["count": .integer($0.count), "waiting": .array($0.waits.map(\.json))] }
                ?? .null,
            "preview": .bool(isPreview),
            "jobs": Self.json(counts),
            "gates": .array(
                gates.map {
                    ["gate": .string($0.gate.rawValue), "since": .time($0.since), "reason": .string($0.reason)]
                }),
            "waiting": .array(
                waiting.map { job in
                    JSONValue.object(
                        [
                            "job": .string(job.id.rawValue), "name": .string(job.name),
                            "folder": .string(job.drop.folder.text), "state": .string(job.state.name.rawValue),
                            "reason": job.reason.map(JSONValue.string) ?? .null,
                        ]
                    ).naming(job.drop.inbox)
                }),
        ]
    }

    private static func json(_ counts: [JobState.Name: Int]) -> JSONValue {
        .object(
            Dictionary(uniqueKeysWithValues: JobState.Name.allCases.map { ($0.rawValue, .integer(counts[$0] ?? 0)) }))
    }

    /// `generations` and `credits` are what was charged; what is under way stands beside it.
    private static func json(_ spends: [FolderSpend]) -> JSONValue {
        func line(_ spend: FolderSpend) -> [String: JSONValue] {
            [
                "credits": .amount(spend.charged), "generations": .integer(spend.videos),
                "in_flight": .integer(spend.underWay), "in_flight_credits": .amount(spend.expected),
            ]
        }
        var total = line(spends.total)
        total["folders"] = .array(
            spends.map { spend in
                JSONValue.object(line(spend).merging(["folder": .string(spend.folder.text)]) { $1 })
                    .naming(spend.inbox)
            })
        return .object(total)
    }
}

extension JSONValue {
    /// The object with the key `inbox`, where the inbox has a name: a service with one inbox says nothing of it.
    package func naming(_ inbox: InboxName) -> JSONValue {
        guard !inbox.isUnnamed, var object = objectValue else { return self }
        object["inbox"] = .string(inbox.rawValue)
        return .object(object)
    }
}
