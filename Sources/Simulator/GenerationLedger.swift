import Foundation
import Jobs
import SystemPackage

/// All the stand-in knows: generations in the order they came, what they cost, what was asked, and whose turn a fault is.
actor GenerationLedger {
    private let configuration: SimulatorConfiguration
    private let archive: GenerationArchive
    private var order: [String] = []
    private var generations: [String: Generation] = [:]
    private var tokens: [String: String] = [:]
    /// Those that may not have ended yet; looked through when somebody asks.
    private var open: Set<String> = []
    private var rendering: Set<String> = []
    private var idleWaiters: [AsyncStream<Never>.Continuation] = []

    private var counts = CallCounts()
    private var faults: FaultSchedule
    private var logs: LogVisibility?
    private var maxInFlight: Int?
    /// USD paid in, and credits charged or held against it.
    private var funds: Double
    private var charged = 0

    init(_ configuration: SimulatorConfiguration) throws {
        self.configuration = configuration
        archive = try GenerationArchive(configuration.directory?.appending("generations"))
        faults = FaultSchedule(configuration.scenario.faults)
        logs = configuration.scenario.logs ?? nil
        maxInFlight = configuration.scenario.maxInFlight ?? nil
        funds = configuration.scenario.balance ?? configuration.startingBalance
        for generation in try archive.load() {
            order.append(generation.id)
            generations[generation.id] = generation
            tokens[generation.fileToken] = generation.id
            open.insert(generation.id)
            charged += generation.billed
        }
    }

    /// Takes a create in; `number` says the how-manieth it is. Throws 429 and 403 when there is no room or no money.
    func accept(
        _ request: CreateRequest, shown: JSONValue, clientRequestID: String?
    ) throws -> (generation: Generation, number: Int) {
        if let maxInFlight, inFlight() >= maxInFlight { throw Refusal.tooManyAtOnce }
        let credits = request.seconds * configuration.creditsPerSecond
        guard Double(charged + credits) <= (funds * Generation.creditsPerUSD).rounded() else {
            throw Refusal.outOfFunds
        }
        let unique = UUID().uuidString.lowercased()
        // Ids as the vendor's are: with ':' '/' '_', some beginning with '-'.
        let id = order.count % 4 == 3 ? "-\(unique.prefix(8))_\(unique):\(request.model)" : "\(request.model):\(unique)"
        let generation = Generation(
            id: id, requestID: UUID().uuidString.lowercased(), clientRequestID: clientRequestID, model: request.model,
            seconds: request.seconds, credits: credits, received: .now,
            fileToken: UUID().uuidString.replacing("-", with: "").lowercased(), body: shown,
            outcome: request.objection.map { .refused(name: "KlingBadRequestException", message: $0) } ?? .rendering)
        order.append(id)
        generations[id] = generation
        tokens[generation.fileToken] = id
        open.insert(id)
        charged += generation.billed
        if case .rendering = generation.outcome { rendering.insert(id) }
        try archive.save(generation)
        return (generation, order.count)
    }

    /// What became of it. One that has failed meanwhile stays so.
    func finish(_ id: String, _ outcome: Generation.Outcome) {
        if generations[id]?.failure == nil { change(id) { $0.outcome = outcome } }
        rendering.remove(id)
        guard rendering.isEmpty else { return }
        idleWaiters.forEach { $0.finish() }
        idleWaiters = []
    }

    /// Ends it in `error` at once. One that was done fails, too, because where nothing takes time all are done before the
    /// first poll.
    func fail(_ id: String, name: String, message: String) {
        guard generations[id]?.failure == nil else { return }
        change(id) { $0.outcome = .failed(name: name, message: message) }
    }

    /// From now on the link that polls gave so far is refused, and they give another.
    func expireLink(of id: String) { change(id) { $0.expiredLinks = ($0.expiredLinks ?? 0) + 1 } }

    private func change(_ id: String, _ change: (inout Generation) -> Void) {
        guard var generation = generations[id] else { return }
        charged -= generation.billed
        change(&generation)
        charged += generation.billed
        generations[id] = generation
        // A stand-in that cannot write still serves what it has in memory.
        try? archive.save(generation)
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

    /// Generations received in `period` that the scenario lets be seen, newest first.
    func visibleGenerations(in period: Range<Date>) -> [Generation] {
        let now = ContinuousClock.now
        return order.reversed().lazy.compactMap { self.generations[$0] }.filter { generation in
            period.contains(generation.received)
                && (self.logs?.shows(generation, status: generation.status(at: now, self.configuration), at: now)
                    ?? true)
        }
    }

    /// How many are queued or generating.
    private func inFlight() -> Int {
        let now = ContinuousClock.now
        open = open.filter { generations[$0].map { !$0.status(at: now, configuration).isEnd } ?? false }
        return open.count
    }
}

// What is asked of the stand-in itself, and what goes wrong with it.
extension GenerationLedger {
    func count(_ operation: SimulatedOperation) { counts.calls[operation, default: 0] += 1 }

    func countLeakedKey() { counts.leakedKeys += 1 }

    /// nil is none at all.
    func countCreateAnswer(_ status: Int?) {
        counts.createAnswers[status.map { String($0) } ?? "none", default: 0] += 1
    }

    /// The fault of a request of which nothing but the operation is known yet.
    func faultOnArrival(_ operation: SimulatedOperation) -> Fault? {
        counting(faults.faultOnArrival(operation))
    }

    /// The fault of a request that has been read.
    func fault(_ operation: SimulatedOperation, prompt: String?) -> Fault? {
        counting(faults.fault(operation, prompt: prompt))
    }

    private func counting(_ fault: Fault?) -> Fault? {
        if fault?.operation == .create { counts.faultedCreates += 1 }
        return fault
    }

    /// Puts a scenario in the place of the one before; what it does not name stays, but for the faults.
    func play(_ scenario: Scenario) {
        faults = FaultSchedule(scenario.faults)
        if let logs = scenario.logs { self.logs = logs }
        if let maxInFlight = scenario.maxInFlight { self.maxInFlight = maxInFlight }
        if let balance = scenario.balance { funds = balance + Double(charged) / Generation.creditsPerUSD }
    }

    func topUp(usd: Double) { funds += usd }

    /// USD left, as `GET /v2/billing` tells it.
    var billing: JSONValue {
        // In whole credits, so that a sum of cents shows no binary fractions.
        let credits = (funds * Generation.creditsPerUSD).rounded() - Double(charged)
        return ["current_balance": .number(credits / Generation.creditsPerUSD), "currency": "USD"]
    }

    var stats: JSONValue { counts.json(generations: generations.values, inFlight: inFlight()) }

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
