import Folders
import Foundation
import Jobs
import TestKit
import VideoAPI

@testable import Pipeline

extension PipelineFixture {
    /// An audit of this fixture's folders and ledger, and of the far end's log.
    ///
    /// - Parameter meanwhile: what happens while the audit waits before it looks again.
    func audit(
        isQuick: Bool = false, listsDetails: Bool = false, log: Auditor.Log? = nil,
        meanwhile: @escaping @Sendable () async throws -> Void = {}
    ) async throws -> AuditReport {
        var options = Auditor.Options()
        options.isQuick = isQuick
        options.listsDetails = listsDetails
        let clock = clock
        let time = Timekeeper(
            now: { clock.date }, uptime: { clock.now.offset }, sleep: { _ in try await meanwhile() })
        return try await Auditor(
            store: store, folders: context.folders, log: log ?? .ask(api), options: options,
            time: time
        ).report()
    }

    func delivered(_ stem: String = "shot", in place: FileName = "") async throws -> Job {
        let job = try await generated(claimedJob(stem, in: place))
        try await deliver()
        return try await now(job)
    }

    func refused(_ stem: String = "shot") async throws -> Job {
        let job = try await after(.submissionRefused(.sample(.submit)), on: submitting(claimedJob(stem)))
        await Endings(context: context).settle(job)
        return job
    }

    /// The far end's log.
    func log(_ rows: RequestLogPage.Row...) {
        api.onLog { offset in .success(RequestLogPage(rows: Array(rows.dropFirst(offset)), hasMore: false)) }
    }
}

extension RequestLogPage.Row {
    static func of(
        _ request: ClientRequestID?, generation: String? = nil, _ outcome: Outcome = .succeeded
    ) -> RequestLogPage.Row {
        RequestLogPage.Row(
            clientRequestID: request?.rawValue,
            inferenceID: generation.map(GenerationID.init(rawValue:)) ?? .of(request ?? .attempt(1, of: .sample(1))),
            outcome: outcome, created: nil, charge: outcome == .succeeded ? .sample : Charge(credits: 0, usd: 0))
    }
}

extension AuditReport {
    /// What is wrong, by its words for scripts.
    var kinds: [AuditFinding.Kind] { exceptions.map(\.kind) }
}
