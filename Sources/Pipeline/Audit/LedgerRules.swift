import Jobs

/// What the ledger must say of itself.
enum LedgerRules {
    /// - Parameter history: as long as the job was when it was read; what came later is cut off.
    static func findings(_ job: Job, _ history: [HistoryEntry]) -> [AuditFinding] {
        var findings: [AuditFinding] = []
        func broken(_ words: String) {
            findings.append(
                AuditFinding(
                    .historyBroken, job: job.id, "The ledger contradicts itself about \(job.place): \(words).",
                    remedy:
                        "Somebody or something wrote into the ledger, or its disk is damaged: keep a copy of the state folder, "
                        + "and compare this job with the API's own pages."))
        }
        if history.count != job.version {
            broken("it has seen \(job.version) steps, of which \(history.count) are in its history")
        }
        do throws(HistoryReplay.Fault) {
            let replayed = try HistoryReplay.end(of: history, of: job)
            for difference in differences(replayed, job) { broken(difference) }
        } catch {
            broken(error.words)
        }
        return findings + requestIDs(job, history) + delivered(job)
    }

    private static func differences(_ replayed: Job, _ job: Job) -> [String] {
        var words: [String] = []
        func compare<Value: Equatable>(_ what: String, _ value: (Job) -> Value?) {
            let (told, held) = (value(replayed), value(job))
            guard told != held else { return }
            func shown(_ value: Value?) -> String { value.map { "\($0)" } ?? "none" }
            words.append("\(what) is \(shown(held)), and by its history \(shown(told))")
        }
        compare("its state") { $0.state.name.rawValue }
        compare("the number of its attempts") { $0.attempts }
        compare("its client request id") { $0.state.submission?.clientRequestID }
        compare("its generation") { $0.state.generation?.id }
        compare("whether it completed") { $0.state.generation.map { $0.completed != nil } }
        compare("whether it costs something") { $0.state.cost != nil }
        compare("the job it takes its video from") { $0.state.reuse?.original }
        if job.state.name == .delivered { compare("its video's name") { $0.name } }
        return words
    }

    /// Each POST has an id of its own, and it is made of the job's.
    private static func requestIDs(_ job: Job, _ history: [HistoryEntry]) -> [AuditFinding] {
        var used: Set<String> = []
        return history.filter { $0.event == JobEvent.Name.submissionStarted.rawValue }.compactMap(\.detail).compactMap {
            id in
            let isNew = used.insert(id).inserted
            guard !isNew || OwnRequest(id)?.job != job.id else { return nil }
            return AuditFinding(
                .requestIDReused, job: job.id,
                isNew
                    ? "\(job.place) was sent as \(id), which is not an id of this job."
                    : "\(job.place) was sent twice as \(id).",
                remedy: "Look for that id in the API's log: two generations may be charged under it.")
        }
    }

    private static func delivered(_ job: Job) -> [AuditFinding] {
        guard case .delivered(_, let video) = job.state else { return [] }
        let isHash = video.sha256.utf8.count == 64 && video.sha256.allSatisfy(\.isHexDigit)
        let facts = video.facts
        guard !isHash || video.bytes <= 0 || facts.duration <= 0 || facts.width <= 0 || facts.height <= 0 else {
            return []
        }
        return [
            AuditFinding(
                .videoUnrecorded, job: job.id, file: job.videoFile(video.name),
                "The ledger says that it was delivered, and not what: its hash, length or size is missing.",
                remedy: "Look whether the video plays; keep a copy of the state folder.")
        ]
    }
}

extension JobState {
    /// What the state knows of another job's video.
    var reuse: Reuse? {
        switch self {
        case .reusing(let reuse), .delivered(.reuse(let reuse), _): reuse
        default: nil
        }
    }
}

extension Job {
    /// `portraits/shot010`, as people know it.
    var place: String {
        drop.inbox.prefix + drop.folder.appending(FileName(name)).shown
    }

    /// A video of this job's folder, as a finding names it.
    func videoFile(_ name: String) -> String {
        drop.inbox.prefix
            + (["outbox/videos", drop.folder.text].filter { !$0.isEmpty } + ["\(name).mp4"]).joined(separator: "/")
    }
}

/// A client request id of a Hotreel's: `hotreel-JOB-NUMBER`.
struct OwnRequest: Hashable {
    let job: JobID

    init?(_ id: String) {
        guard let match = id.wholeMatch(of: /hotreel-([0-9A-Za-z]+)-[0-9]+/) else { return nil }
        job = JobID(rawValue: String(match.1))
    }
}

/// Generations the ledger has named so far, each by the job that named it first.
struct KnownGenerations {
    private var owners: [GenerationID: JobID] = [:]

    /// Each generation is paid for once and counted for one job.
    mutating func findings(_ job: Job, _ history: [HistoryEntry]) -> [AuditFinding] {
        let named = history.filter { $0.event == JobEvent.Name.accepted.rawValue }.compactMap(\.detail)
            .map(GenerationID.init(rawValue:))
        return Set(named + [job.state.generation?.id].compactMap(\.self)).compactMap { id in
            guard let owner = owners.updateValue(job.id, forKey: id), owner != job.id else { return nil }
            return AuditFinding(
                .generationShared, job: job.id, "Generation \(id) is counted for this job and for job \(owner).",
                remedy: "One of the two has no video of its own: compare both with the API's own pages.")
        }
    }
}

/// What the jobs come to, to be held against the sums the ledger keeps.
struct LedgerSums {
    private(set) var counts: [JobState.Name: Int] = [:]
    private struct Place: Hashable {
        let inbox: InboxName
        let folder: FileName
    }
    private var spends: [Place: FolderSpend] = [:]

    mutating func add(_ job: Job) {
        counts[job.state.name, default: 0] += 1
        guard let cost = job.state.cost else { return }
        let place = Place(inbox: job.drop.inbox, folder: job.drop.folder.topLevel)
        var spend =
            spends[place]
            ?? FolderSpend(
                inbox: place.inbox, folder: place.folder, charged: 0, videos: 0, expected: 0, underWay: 0)
        if cost.isCharged {
            spend.charged += cost.credits
            spend.videos += 1
        } else {
            spend.expected += cost.credits
            spend.underWay += 1
        }
        spends[place] = spend
    }

    func findings(counts told: [JobState.Name: Int], spending: [FolderSpend]) -> [AuditFinding] {
        var differences = JobState.Name.allCases.filter { counts[$0] ?? 0 != told[$0] ?? 0 }.map {
            "\(told[$0] ?? 0) jobs are counted as \($0.rawValue), and there are \(counts[$0] ?? 0)"
        }
        let toldSpends = Dictionary(spending.map { (Place(inbox: $0.inbox, folder: $0.folder), $0) }) { first, _ in
            first
        }
        let places = Set(spends.keys).union(toldSpends.keys)
        for place in places.sorted(by: { ($0.inbox, $0.folder.text) < ($1.inbox, $1.folder.text) }) {
            let (sum, said) = (spends[place], toldSpends[place])
            let isSame =
                sum?.videos ?? 0 == said?.videos ?? 0 && sum?.underWay ?? 0 == said?.underWay ?? 0
                && abs((sum?.credits ?? 0) - (said?.credits ?? 0)) < 1
                && abs((sum?.charged ?? 0) - (said?.charged ?? 0)) < 1
            guard !isSame else { continue }
            differences.append(
                "\(place.inbox.prefix)\(place.folder.isEmpty ? "the inbox itself" : place.folder.shown) is said to have cost \((said?.credits ?? 0).credits), "
                    + "and its jobs come to \((sum?.credits ?? 0).credits)")
        }
        return differences.map {
            AuditFinding(
                .sumsWrong, "The ledger's sums are not those of its jobs: \($0).",
                remedy:
                    "Budgets go by these sums: keep a copy of the state folder, and set the budgets with care until it is put right."
            )
        }
    }
}
