import Foundation
import Jobs
import Synchronization
import TestKit
import SystemPackage
import VideoAPI

@testable import Pipeline

/// A far end that keeps books: what it took, what it bills, what its log shows and when. In bad weather it answers by chance.
/// It complains of whatever must never be asked of it.
final class ChanceVendor: Sendable {
    fileprivate enum Fate {
        /// The answer said that it was not taken.
        case refused
        case taken(GenerationID)
        /// The answer was lost on the way there; the log may show it as failed from then on.
        case vanished(shownAt: Duration?)
    }

    fileprivate enum Progress: Equatable { case running, completed, failed, lost }

    fileprivate struct Generation {
        let job: String
        let request: ClientRequestID
        let readyAt: Duration
        let fails: Bool
        var progress = Progress.running
        /// When the log begins to show it; nil for never.
        var shownAt: Duration?
    }

    fileprivate struct Books {
        var chance: SeededChance
        var isFine = true
        var posts: [String: [(request: ClientRequestID, fate: Fate)]] = [:]
        /// POSTs that a person has looked up and found not billed.
        var cleared: Set<ClientRequestID> = []
        var generations: [GenerationID: Generation] = [:]
        var links: [URL: (id: GenerationID, until: Duration)] = [:]
        var complaints: [String] = []
    }
    private let books: Mutex<Books>
    private let clock: @Sendable () -> Duration

    /// - Parameter clock: the vendor's own, which nobody sets.
    init(seed: UInt64, clock: @escaping @Sendable () -> Duration) {
        books = Mutex(Books(chance: SeededChance(seed: seed)))
        self.clock = clock
    }

    var complaints: [String] { books.withLock(\.complaints) }
    func complain(_ words: String) { books.withLock { $0.complaints.append(words) } }
    func setFine(_ isFine: Bool) { books.withLock { $0.isFine = isFine } }

    fileprivate static let troubles: [Trouble] = [
        Trouble(kind: .key, message: "no such key"), Trouble(kind: .credit, message: "no credit"),
        Trouble(kind: .rate, message: "slow down"),
        Trouble(kind: .rate, message: "slow down", retryAfter: .seconds(40)),
        Trouble(kind: .unreachable, message: "no route"), Trouble(kind: .api, message: "maintenance"),
    ]

    // MARK: Its operations

    func submit(_ request: ClientRequestID) -> SubmissionOutcome {
        let now = clock()
        return books.withLock { books in
            let job = String(request.rawValue.split(separator: "-")[1])
            for post in books.posts[job] ?? [] where !books.isSurelyUnbilled(post, at: now) {
                books.complaints.append("\(request) was sent though \(post.request) may be billed")
            }
            let weather = books.isFine ? 0 : Int.random(in: 0..<10, using: &books.chance)
            let fate: Fate
            let outcome: SubmissionOutcome
            switch weather {
            case 0...2:
                let id = books.take(request, of: job, at: now)
                (fate, outcome) = (.taken(id), .accepted(.init(id: id, status: "queued", phase: .running)))
            case 3...4:
                (fate, outcome) = (
                    .taken(books.take(request, of: job, at: now)), .unconfirmed(reason: "the answer was lost")
                )
            case 5:
                let shownAt = books.chance.once(in: 2) ? now + .seconds(100) : nil
                (fate, outcome) = (.vanished(shownAt: shownAt), .unconfirmed(reason: "the connection broke"))
            case 6 where books.chance.once(in: 3):
                (fate, outcome) = (.refused, .refused(APIMessage(status: 400, text: "not this prompt")))
            default:
                let trouble = Self.troubles.randomElement(using: &books.chance) ?? Self.troubles[0]
                (fate, outcome) = (.refused, .notTaken(trouble))
            }
            books.posts[job, default: []].append((request, fate))
            return outcome
        }
    }

    func poll(_ id: GenerationID) -> Result<GenerationUpdate.Phase, PollError> {
        let now = clock()
        return books.withLock { books in
            if !books.isFine, books.chance.once(in: 3) { return .failure(PollError(books.trouble)) }
            guard var generation = books.generations[id] else {
                books.complaints.append("asked after \(id), which is nobody's")
                return .failure(PollError(books.trouble))
            }
            if generation.progress == .running, generation.readyAt <= now {
                generation.progress = generation.fails ? .failed : .completed
            } else if generation.progress == .completed, !books.isFine, books.chance.once(in: 20) {
                generation.progress = .lost
            }
            books.generations[id] = generation
            switch generation.progress {
            case .running: return .success(.running)
            case .failed, .lost: return .success(.failed(APIMessage(status: nil, text: "it is gone")))
            case .completed:
                let link = URL.link(books.links.count + 1)
                books.links[link] = (id, now + .seconds(Int.random(in: 1...600, using: &books.chance)))
                return .success(.completed(link))
            }
        }
    }

    func log() -> Result<RequestLogPage, PollError> {
        let now = clock()
        return books.withLock { books in
            if !books.isFine, books.chance.once(in: 3) { return .failure(PollError(books.trouble)) }
            var rows: [RequestLogPage.Row] = []
            for (request, fate) in books.posts.values.joined() {
                switch fate {
                case .refused: continue
                case .taken(let id):
                    guard let generation = books.generations[id], generation.shownAt.map({ $0 <= now }) == true else {
                        continue
                    }
                    let outcome: RequestLogPage.Row.Outcome =
                        switch generation.progress {
                        case .failed: .failed
                        case .running: .unknown("running")
                        case .completed, .lost: .succeeded
                        }
                    rows.append(.init(request, id, outcome))
                case .vanished(let shownAt):
                    guard let shownAt, shownAt <= now else { continue }
                    rows.append(.init(request, GenerationID(rawValue: "none/\(request)"), .failed))
                }
            }
            return .success(RequestLogPage(rows: rows, hasMore: false))
        }
    }

    /// Throws what the link's state and the weather say; returns where the video is served.
    func download(_ url: URL) throws(DownloadError) {
        let now = clock()
        let error: DownloadError? = books.withLock { books in
            guard let link = books.links[url] else { return .expired(status: 404) }
            if link.until <= now || books.generations[link.id]?.progress != .completed { return .expired(status: 403) }
            guard !books.isFine, books.chance.once(in: 2) else { return nil }
            return books.chance.once(in: 2) ? .interrupted("reset") : .notAVideo("a web page")
        }
        if let error { throw error }
    }

    // MARK: What a person finds on its pages

    /// The generation of a request; nil after noting that there is none, which settles that it was not billed.
    func lookedUp(_ request: ClientRequestID) -> GenerationID? {
        books.withLock { books in
            if let found = books.generations.first(where: { $0.value.request == request }),
                found.value.progress != .failed
            {
                return found.key
            }
            books.cleared.insert(request)
            return nil
        }
    }

    /// Generations it has billed, by the job's id.
    var billed: [String: [(id: GenerationID, isLost: Bool)]] {
        books.withLock { books in
            books.generations.reduce(into: [:]) { billed, entry in
                guard [.completed, .lost].contains(entry.value.progress) else { return }
                billed[entry.value.job, default: []].append((entry.key, entry.value.progress == .lost))
            }
        }
    }
}

extension ChanceVendor.Books {
    fileprivate var trouble: Trouble {
        mutating get { ChanceVendor.troubles.randomElement(using: &chance) ?? ChanceVendor.troubles[0] }
    }

    fileprivate mutating func take(_ request: ClientRequestID, of job: String, at now: Duration) -> GenerationID {
        let id = GenerationID.of(request)
        let wait = Duration.seconds(Int.random(in: 10...400, using: &chance))
        let lag = chance.once(in: 4) ? nil : Duration.seconds(Int.random(in: 0...3000, using: &chance))
        generations[id] = .init(
            job: job, request: request, readyAt: now + wait, fails: !isFine && chance.once(in: 6),
            shownAt: lag.map { now + $0 })
        return id
    }

    fileprivate func isSurelyUnbilled(
        _ post: (request: ClientRequestID, fate: ChanceVendor.Fate), at now: Duration
    ) -> Bool {
        if cleared.contains(post.request) { return true }
        return switch post.fate {
        case .refused: true
        case .taken(let id): generations[id]?.progress == .failed
        case .vanished(let shownAt): shownAt.map { $0 <= now } == true
        }
    }
}

extension RequestLogPage.Row {
    fileprivate init(_ request: ClientRequestID, _ id: GenerationID, _ outcome: Outcome) {
        self.init(
            clientRequestID: request.rawValue, inferenceID: id, outcome: outcome, created: nil, charge: Charge())
    }
}
