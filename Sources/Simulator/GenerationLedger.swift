import Foundation
import Jobs
import SystemPackage

/// All the stand-in knows: generations in the order they came, and counts of what was asked.
actor GenerationLedger {
    private let configuration: SimulatorConfiguration
    private var order: [String] = []
    private var generations: [String: Generation] = [:]
    private var tokens: [String: String] = [:]
    private var calls: [SimulatedCall.Operation: Int] = [:]
    private var leakedKeys = 0
    private var rendering: Set<String> = []
    private var idleWaiters: [AsyncStream<Never>.Continuation] = []

    private let archive: GenerationArchive

    init(_ configuration: SimulatorConfiguration) throws {
        self.configuration = configuration
        archive = try GenerationArchive(configuration.directory?.appending("generations"))
        for generation in try archive.load() {
            order.append(generation.id)
            generations[generation.id] = generation
            tokens[generation.fileToken] = generation.id
        }
    }

    /// Counts a request and says which one of its kind it is.
    func count(_ operation: SimulatedCall.Operation) -> Int {
        calls[operation, default: 0] += 1
        return calls[operation, default: 0]
    }

    func countLeakedKey() { leakedKeys += 1 }

    /// Takes a create in; `number` says the how-manieth it is.
    func accept(
        _ request: CreateRequest, shown: JSONValue, clientRequestID: String?
    ) throws -> (generation: Generation, number: Int) {
        let unique = UUID().uuidString.lowercased()
        // Ids as the vendor's are: with ':' '/' '_', some beginning with '-'.
        let id = order.count % 4 == 3 ? "-\(unique.prefix(8))_\(unique):\(request.model)" : "\(request.model):\(unique)"
        let generation = Generation(
            id: id, requestID: UUID().uuidString.lowercased(), clientRequestID: clientRequestID, model: request.model,
            seconds: request.seconds, credits: request.seconds * configuration.creditsPerSecond, received: .now,
            fileToken: UUID().uuidString.replacing("-", with: "").lowercased(), body: shown,
            outcome: request.objection.map { .refused(name: "KlingBadRequestException", message: $0) } ?? .rendering)
        order.append(id)
        generations[id] = generation
        tokens[generation.fileToken] = id
        if case .rendering = generation.outcome { rendering.insert(id) }
        try archive.save(generation)
        return (generation, order.count)
    }

    /// How many creates have been accepted.
    var accepted: Int { order.count }

    func finish(_ id: String, _ outcome: Generation.Outcome) {
        generations[id]?.outcome = outcome
        // A stand-in that cannot write still serves what it has in memory.
        if let generation = generations[id] { try? archive.save(generation) }
        rendering.remove(id)
        guard rendering.isEmpty else { return }
        idleWaiters.forEach { $0.finish() }
        idleWaiters = []
    }

    /// Returns when nothing is being rendered, or when the task is cancelled.
    func idle() async {
        guard !rendering.isEmpty else { return }
        let (wait, waiter) = AsyncStream.makeStream(of: Never.self)
        idleWaiters.append(waiter)
        for await _ in wait {}
    }

    func generation(_ id: String) -> Generation? { generations[id] }

    func generation(fileToken: String) -> Generation? { tokens[fileToken].flatMap { generations[$0] } }

    /// Generations received in `period`, newest first.
    func generations(in period: Range<Date>) -> [Generation] {
        order.reversed().lazy.compactMap { self.generations[$0] }.filter { period.contains($0.received) }
    }

    /// USD left.
    var balance: Double { configuration.startingBalance - generations.values.reduce(0) { $0 + $1.usd } }

    var stats: JSONValue {
        var counts = Dictionary(
            uniqueKeysWithValues: SimulatedCall.Operation.allCases.map {
                ($0.rawValue, JSONValue.integer(calls[$0] ?? 0))
            })
        counts["accepted"] = .integer(accepted)
        counts["leaked_keys"] = .integer(leakedKeys)
        return .object(counts)
    }

    /// Every accepted create, oldest first.
    var requests: JSONValue {
        .array(
            order.compactMap { generations[$0] }.map { generation in
                [
                    "client_request_id": generation.clientRequestID.map(JSONValue.string) ?? .null,
                    "inference_id": .string(generation.id), "body": generation.body,
                    "received": .string(generation.received.formatted(.iso8601.time(includingFractionalSeconds: true))),
                ]
            })
    }
}
