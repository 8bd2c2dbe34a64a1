import Foundation
import Jobs
import VideoAPI

extension Auditor {
    /// AI/ML API: at most 92 days may be asked for at once.
    private static let longestLog: TimeInterval = 91 * 86_400
    private static let usualLog: TimeInterval = 7 * 86_400
    /// The API's clock may not be ours.
    private static let margin: TimeInterval = 900
    /// Times the API may say that it is asked too often before one page is given up.
    private static let patience = 5

    func lookAtLog(_ walk: inout Walk) async throws {
        guard case .ask(let client) = log else {
            if case .skip(let why) = log { walk.report.log = .skipped(why) }
            return
        }
        let now = time.now()
        let usual = min(now - Self.usualLog, (walk.oldestQuestion ?? now) - Self.margin)
        let start = max(options.since ?? usual, now - Self.longestLog)
        var offset = 0
        while true {
            let page: RequestLogPage
            do throws(PollError) {
                page = try await ask(client, from: start, to: now + Self.margin, offset: offset)
            } catch {
                walk.report.log = .unreadable(error.trouble.message)
                return
            }
            for row in page.rows {
                guard let request = row.clientRequestID, let own = OwnRequest(request) else { continue }
                let look = try await look(at: row, request, own)
                walk.note(look, at: .logRow(row, request: request, own), options)
            }
            offset += page.count
            walk.report.log = .read(rows: offset)
            guard page.hasMore, page.count > 0 else { return }
        }
    }

    /// A page; 200 of them a minute is all the API gives.
    private func ask(
        _ client: any GenerationClient, from start: Date, to end: Date, offset: Int
    ) async throws(PollError) -> RequestLogPage {
        var tries = 0
        while true {
            do throws(PollError) {
                return try await client.requestLog(from: start, to: end, offset: offset)
            } catch {
                tries += 1
                guard error.trouble.kind == .rate, tries < Self.patience else { throw error }
                do { try await time.sleep(min(error.trouble.retryAfter ?? .seconds(15), .seconds(60))) } catch {
                    throw PollError(Trouble(kind: .rate, message: "The audit was ended while it waited for the API."))
                }
            }
        }
    }

    func look(at row: RequestLogPage.Row, _ request: String, _ own: OwnRequest) async throws -> Look {
        let job = try await store.job(own.job)
        var history: [HistoryEntry] = []
        if let job { history = Array(try await store.history(of: job.id).prefix(job.version)) }
        return Look(
            findings: LogRules.findings(row, request: request, job: job, history: history), stamp: [job?.version ?? 0])
    }
}
