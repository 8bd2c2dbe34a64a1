import Foundation
import Jobs
import Synchronization
import SystemPackage
import VideoAPI

/// A far end that answers as a test has it answer, and remembers what it was asked. Unless told otherwise it takes every
/// request, goes on generating, has an empty log, serves a small video and has money in the account.
final class FakeAPI: GenerationClient {
    typealias Submit = @Sendable (OutgoingSubmission) async -> SubmissionOutcome
    typealias Poll = @Sendable (GenerationID) async -> Result<GenerationUpdate.Phase, PollError>
    /// Gets the offset.
    typealias Log = @Sendable (Int) async -> Result<RequestLogPage, PollError>
    typealias Credit = @Sendable () async -> Result<Balance, PollError>
    typealias Download = @Sendable (URL, FilePath) async throws -> Void

    private struct State {
        var submit: Submit = { .accepted(.sample($0.clientRequestID)) }
        var poll: Poll = { _ in .success(.running) }
        var log: Log = { _ in .success(RequestLogPage(rows: [], hasMore: false)) }
        var balance: Credit = { .success(Balance(amount: 100)) }
        var download: Download = { _, file in try await SmallVideo.write(to: file) }
        var submissions: [OutgoingSubmission] = []
        var polls = 0
        var logOffsets: [Int] = []
        var balances = 0
        var downloads: [URL] = []
    }
    private let state = Mutex(State())

    // MARK: What it was asked

    var submissions: [OutgoingSubmission] { state.withLock(\.submissions) }
    var polls: Int { state.withLock(\.polls) }
    var logOffsets: [Int] { state.withLock(\.logOffsets) }
    /// How often the balance was asked for.
    var balances: Int { state.withLock(\.balances) }
    var downloads: [URL] { state.withLock(\.downloads) }

    // MARK: What it is to answer

    func onSubmit(_ submit: @escaping Submit) { state.withLock { $0.submit = submit } }
    func onPoll(_ poll: @escaping Poll) { state.withLock { $0.poll = poll } }
    func onLog(_ log: @escaping Log) { state.withLock { $0.log = log } }
    func onBalance(_ balance: @escaping Credit) { state.withLock { $0.balance = balance } }
    func onDownload(_ download: @escaping Download) { state.withLock { $0.download = download } }

    // MARK: GenerationClient

    func submit(_ submission: OutgoingSubmission) async -> SubmissionOutcome {
        let answer = state.withLock { state in
            state.submissions.append(submission)
            return state.submit
        }
        return await answer(submission)
    }

    func poll(_ id: GenerationID) async throws(PollError) -> GenerationUpdate {
        let answer = state.withLock { state in
            state.polls += 1
            return state.poll
        }
        let phase = try await answer(id).get()
        return GenerationUpdate(id: id, status: "\(phase)", phase: phase, charge: .sample)
    }

    func requestLog(from start: Date, to end: Date, offset: Int) async throws(PollError) -> RequestLogPage {
        let answer = state.withLock { state in
            state.logOffsets.append(offset)
            return state.log
        }
        return try await answer(offset).get()
    }

    func balance() async throws(PollError) -> Balance {
        let answer = state.withLock { state in
            state.balances += 1
            return state.balance
        }
        return try await answer().get()
    }

    func download(_ url: URL, to file: FilePath, limit: Int) async throws(DownloadError) -> Int {
        let answer = state.withLock { state in
            state.downloads.append(url)
            return state.download
        }
        do {
            try await answer(url, file)
        } catch let error as DownloadError {
            throw error
        } catch {
            throw .disk("\(error)", code: (error as? Errno) ?? .ioError)
        }
        return 1
    }
}

extension GenerationUpdate {
    /// Accepted and queued, under an id made from the request's.
    static func sample(_ request: ClientRequestID) -> GenerationUpdate {
        GenerationUpdate(id: .of(request), status: "queued", phase: .running)
    }
}

extension GenerationID {
    static func of(_ request: ClientRequestID) -> GenerationID { GenerationID(rawValue: "kling/\(request):1") }
}

extension Charge {
    static let sample = Charge(credits: 630_000, usd: 0.315)
}

extension PollError {
    static let unreachable = PollError(
        Trouble(kind: .unreachable, message: "The API cannot be reached.", retryAfter: .seconds(90)))
}

extension URL {
    /// A signed link to a result.
    static func link(_ number: Int) -> URL {
        URL(filePath: "/\(number).mp4", relativeTo: URL(string: "https://cdn.example"))
    }
}
