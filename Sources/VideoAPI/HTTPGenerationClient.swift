import AsyncHTTPClient
import Foundation
import Jobs
import Logging
import NIOCore
import NIOHTTP1
import SystemPackage

/// The paid API over HTTPS.
///
/// Nothing here repeats a request, and each POST has a connection of its own that no earlier request has used: on a
/// kept-alive one that the far end has just closed, a POST would die with its fate unknown. The key goes to the base
/// URL only; redirects are not followed with it. Proxies are not supported: `HTTP_PROXY` and its like are not read. Call
/// `shutdown()` before letting go.
package struct HTTPGenerationClient: GenerationClient {
    private let configuration: HTTPGenerationClientConfiguration
    private let logger: Logger
    private let endpoint: Endpoint
    private let submitter: HTTPClient
    private let submitLoop: any EventLoop
    private let asker: HTTPClient
    private let submitPlaces: ConnectionPlaces
    private let askPlaces: ConnectionPlaces
    private let downloader: VideoDownloader

    package init(configuration: HTTPGenerationClientConfiguration, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
        endpoint = Endpoint(base: configuration.baseURL)
        // No HTTP client gets our logger: theirs would show headers.
        var settings = HTTPClient.Configuration(redirectConfiguration: .disallow)
        settings.httpVersion = .http1Only
        settings.timeout.connect = TimeAmount(configuration.connectTimeout)
        settings.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = configuration.maxConnections
        settings.connectionPool.idleTimeout = .seconds(20)
        // Our caller knows better when to try again, and learns at once what is wrong.
        settings.connectionPool.retryConnectionEstablishment = false
        asker = HTTPClient(eventLoopGroupProvider: .singleton, configuration: settings)
        settings.maximumUsesPerConnection = 1
        submitLoop = HTTPClient.defaultEventLoopGroup.next()
        submitter = HTTPClient(eventLoopGroupProvider: .shared(submitLoop), configuration: settings)
        submitPlaces = ConnectionPlaces(configuration.maxConnections)
        askPlaces = ConnectionPlaces(configuration.maxConnections)
        let allowsPrivateHosts = configuration.allowsPrivateHosts
        downloader = VideoDownloader(
            connectTimeout: configuration.connectTimeout, idleTimeout: configuration.downloadIdleTimeout,
            maxConnections: configuration.maxConnections, permits: { allowsPrivateHosts || $0.isPublic })
    }

    /// Ends all connections; requests still under way fail, a download at its next write.
    package func shutdown() async throws {
        try await submitter.shutdown()
        try await asker.shutdown()
        downloader.shutdown()
    }

    // MARK: - Create

    package func submit(_ submission: OutgoingSubmission) async -> SubmissionOutcome {
        let ending: SubmissionEnding
        do {
            ending = try await submitPlaces.occupied { await post(submission) }
        } catch {
            ending = .unsent(Trouble(kind: .unreachable, message: "Hotreel was told to stop; nothing was sent."))
        }
        let outcome = SubmissionClassifier.outcome(ending)
        logger.debug(
            "create ended", metadata: ["request": "\(submission.clientRequestID)", "outcome": "\(outcome.summary)"])
        if case .accepted(let update) = outcome, let remark = update.remark {
            logger.notice("\(remark)", metadata: ["request": "\(submission.clientRequestID)"])
        }
        return outcome
    }

    private func post(_ submission: OutgoingSubmission) async -> SubmissionEnding {
        let body: SubmissionBody
        do {
            body = try SubmissionBody(submission)
        } catch {
            return .unsent(
                error.isChange
                    ? Trouble(kind: .changed, message: "\(error)")
                    : Trouble(
                        kind: .files,
                        message: "\(error). Nothing was sent; check that the share is there and the file untouched."))
        }
        let departure = Departure()
        var request = request(endpoint.create)
        request.method = .POST
        request.headers.add(name: "Content-Type", value: "application/json")
        request.headers.add(name: "X-Client-Request-Id", value: submission.clientRequestID.rawValue)
        request.headers.add(name: "Connection", value: "close")
        request.body = .stream(body.bytes(departure, on: submitLoop), length: .known(Int64(body.byteCount)))
        do {
            return .answered(try await answer(to: request, by: submitter, within: configuration.submitTimeout))
        } catch  where departure.happened {
            return .unanswered(configuration.apiKey.blotted(in: TransportFault.words(error)), host: host)
        } catch {
            return .unsent(unreachable(error))
        }
    }

    // MARK: - Ask

    package func poll(_ id: GenerationID) async throws(PollError) -> GenerationUpdate {
        let answer = try await ask(endpoint.poll(id)) { answer in
            answer.status == 404
                ? Trouble(
                    kind: .api,
                    message:
                        "The API does not know this generation, or not yet (\(answer.words)); Hotreel keeps asking.")
                : Trouble(answer)
        }
        let body = answer.json?.objectValue ?? [:]
        if let other = GenerationUpdate.id(in: body), other != id {
            throw PollError(
                Trouble(
                    kind: .api, message: "The API answered about another generation, \(other), when asked for \(id)."))
        }
        guard GenerationUpdate.isAboutAGeneration(body), let update = GenerationUpdate(answer, knownID: id) else {
            throw unreadable(answer)
        }
        return update
    }

    package func requestLog(from start: Date, to end: Date, offset: Int) async throws(PollError) -> RequestLogPage {
        let answer = try await ask(endpoint.log(from: start, to: end, offset: offset))
        guard let page = RequestLogPage(answer, offset: offset) else { throw unreadable(answer) }
        return page
    }

    package func balance() async throws(PollError) -> Balance {
        let answer = try await ask(endpoint.balance)
        guard let balance = Balance(answer) else { throw unreadable(answer) }
        return balance
    }

    /// Asks for the balance to see how things stand; costs nothing.
    package func examineAccount() async -> AccountExamination {
        let start = Date()
        let answer: Answer
        do {
            answer = try await askPlaces.occupied {
                try await self.answer(to: request(endpoint.balance), by: asker, within: configuration.pollTimeout)
            }
        } catch {
            return AccountExamination(balance: .failure(unreachable(error)), skew: nil)
        }
        let skew = answer.date.map { AccountExamination.skew(of: $0, asked: (start, Date())) }
        guard answer.succeeded else { return AccountExamination(balance: .failure(Trouble(answer)), skew: skew) }
        guard let balance = Balance(answer) else {
            return AccountExamination(balance: .failure(unreadable(answer).trouble), skew: skew)
        }
        return AccountExamination(balance: .success(balance), skew: skew)
    }

    /// One GET, answered with success; else what `trouble` makes of the answer.
    private func ask(_ url: String, trouble: (Answer) -> Trouble = { Trouble($0) }) async throws(PollError) -> Answer {
        let answer: Answer
        do {
            answer = try await askPlaces.occupied {
                try await self.answer(to: request(url), by: asker, within: configuration.pollTimeout)
            }
        } catch {
            throw PollError(unreachable(error))
        }
        guard answer.succeeded else { throw PollError(trouble(answer)) }
        return answer
    }

    package func download(_ url: URL, to file: FilePath, limit: Int) async throws(DownloadError) -> Int {
        try await downloader.download(url, to: file, limit: limit)
    }

    // MARK: - The exchange

    private func request(_ url: String) -> HTTPClientRequest {
        var request = HTTPClientRequest(url: url)
        request.headers = [
            "Authorization": configuration.apiKey.authorization, "Accept": "application/json", "User-Agent": "hotreel",
        ]
        return request
    }

    /// Throws only while there is no status yet; a body that breaks off later leaves an answer that says so.
    private func answer(
        to request: HTTPClientRequest, by client: HTTPClient, within limit: Duration
    ) async throws -> Answer {
        let deadline = ContinuousClock.now + limit
        let response = try await client.execute(request, timeout: TimeAmount(limit))
        let text: String
        var brokenOff: String?
        do {
            let body = try await before(deadline) { try await response.body.collect(upTo: Answer.limit) }
            text = String(buffer: body)
        } catch {
            text = ""
            brokenOff = error is NIOTooManyBytesError ? "the answer is longer than 1 MiB" : TransportFault.words(error)
        }
        return Answer(
            status: Int(response.status.code), headers: response.headers, text: text, brokenOff: brokenOff,
            key: configuration.apiKey)
    }

    private func unreachable(_ error: any Error) -> Trouble {
        Trouble(kind: .unreachable, message: "\(sentence(error)). Check the network and api.url; Hotreel tries again.")
    }

    private func unreadable(_ answer: Answer) -> PollError {
        PollError(
            Trouble(
                kind: .api, message: "The API gave an answer that cannot be read (\(answer.brokenOff ?? answer.words))."
            ))
    }

    private func sentence(_ error: any Error) -> String {
        let words = configuration.apiKey.blotted(in: TransportFault.words(error))
        return "The API at \(host) was not reached properly: \(words)"
    }

    private var host: String { configuration.baseURL.host() ?? "api.url" }
}

extension SubmissionOutcome {
    /// In a word or two, for a log.
    fileprivate var summary: String {
        switch self {
        case .accepted(let update): "accepted as \(update.id)"
        case .notTaken(let trouble): "not taken (\(trouble.kind))"
        case .refused: "refused"
        case .unconfirmed: "unconfirmed"
        }
    }
}
