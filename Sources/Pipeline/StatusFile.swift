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
    /// What waits in the inbox: how many files, and the longest waiting of them. Only the service itself knows.
    package var inbox: (count: Int, waits: [InboxWaits.Wait])?

    package init(
        counts: [JobState.Name: Int], gates: [ClosedGate], today: [FolderSpend], month: [FolderSpend], waiting: [Job],
        isPreview: Bool, inbox: (count: Int, waits: [InboxWaits.Wait])? = nil
    ) {
        self.inbox = inbox
        self.counts = counts
        self.gates = gates
        self.today = today
        self.month = month
        self.waiting = waiting
        self.isPreview = isPreview
    }

    /// As the ledger has it.
    package static func read(
        _ store: any JobStore, at now: Date, calendar: Calendar, isPreview: Bool
    ) async throws(JobStoreError) -> Status {
        let waiting = try await store.jobs(JobQuery(states: [.held, .unconfirmed, .reusing], limit: 20))
        return Status(
            counts: try await store.counts(), gates: try await store.closedGates(),
            today: try await store.spending(since: calendar.period(.day, of: now).start),
            month: try await store.spending(since: calendar.period(.month, of: now).start), waiting: waiting,
            isPreview: isPreview)
    }

    /// What the service last wrote of the inbox into the outbox; nil where there is nothing to read.
    package static func inboxAsTold(in outbox: Outbox) -> (count: Int, waits: [InboxWaits.Wait])? {
        guard let bytes = try? outbox.readStatus(),
            let told = try? JSONDecoder().decode(JSONValue.self, from: Data(bytes))["inbox"],
            let count = told["count"]?.integerValue
        else { return nil }
        let waits = (told["waiting"]?.arrayValue ?? []).compactMap { wait -> InboxWaits.Wait? in
            guard let file = wait["file"]?.stringValue, let reason = wait["reason"]?.stringValue,
                let since = wait["since"]?.stringValue,
                let date = try? Date.ISO8601FormatStyle(includingFractionalSeconds: true).parse(since)
            else { return nil }
            return InboxWaits.Wait(file: FileName(file), since: date, reason: reason)
        }
        return (count, waits)
    }

    fileprivate static func current(_ context: Context) async throws(JobStoreError) -> Status {
        let read = try await read(
            context.store, at: context.time.now(), calendar: context.calendar,
            isPreview: context.configuration.isPreview)
        let told = context.waits.told
        return Status(
            counts: read.counts, gates: context.gates.closed, today: read.today, month: read.month,
            waiting: read.waiting, isPreview: read.isPreview, inbox: (told.count, told.waits))
    }

    /// Its keys are a promise to scripts. `waiting` are jobs, `inbox.waiting` files that are no jobs yet, at most fifty of the `count`
    /// there are; `inbox` is null where nobody knows.
    package var json: JSONValue {
        [
            "inbox": inbox.map { ["count": .integer($0.count), "waiting": .array($0.waits.map(\.json))] } ?? .null,
            "preview": .bool(isPreview),
            "jobs": .object(
                Dictionary(
                    uniqueKeysWithValues: JobState.Name.allCases.map { ($0.rawValue, .integer(counts[$0] ?? 0)) })),
            "gates": .array(
                gates.map {
                    ["gate": .string($0.gate.rawValue), "since": .time($0.since), "reason": .string($0.reason)]
                }),
            "spend": ["today": Self.json(today), "month": Self.json(month)],
            "waiting": .array(
                waiting.map { job in
                    [
                        "job": .string(job.id.rawValue), "name": .string(job.name),
                        "folder": .string(job.drop.folder.text), "state": .string(job.state.name.rawValue),
                        "reason": job.reason.map(JSONValue.string) ?? .null,
                    ]
                }),
        ]
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
                .object(line(spend).merging(["folder": .string(spend.folder.text)]) { $1 })
            })
        return .object(total)
    }
}
