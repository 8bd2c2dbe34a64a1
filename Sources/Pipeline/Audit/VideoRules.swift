import Jobs

/// What lies where a job's video was put.
struct DeliveryFacts: Hashable, Sendable {
    let video: FileFact
    let receipt: ReceiptFact
    /// Another job has delivered under this name since.
    let isHeldByAnother: Bool
    /// The generation behind the video, through however many reuses.
    let origin: OriginFact
}

/// Where a reused video comes from.
enum OriginFact: Hashable, Sendable {
    case own
    case generation(Generation)
    /// For people.
    case broken(String)
}

/// What must be true of a delivered video.
enum VideoRules {
    static func findings(_ job: Job, _ video: DeliveredVideo, _ facts: DeliveryFacts) -> [AuditFinding] {
        var findings: [AuditFinding] = []
        let file = job.videoFile(video.name)
        if case .broken(let why) = facts.origin {
            findings.append(
                AuditFinding(
                    .reuseBroken, job: job.id, file: file,
                    "It was delivered with the video of another job, and \(why).",
                    remedy: "Look whether the video is the one that was asked for; keep a copy of the state folder."))
        }
        let isForeign =
            if case .there(let receipt) = facts.receipt { receipt.job != job.id } else { facts.isHeldByAnother }
        if isForeign || facts.video == .missing {
            findings.append(
                AuditFinding(
                    .videoGone, job: job.id, file: file, "The video is no longer there.",
                    remedy: "Nothing need be done where somebody took it. Its hash is \(video.sha256)."))
        } else {
            findings += content(job, video, facts, file)
        }
        return findings + (isForeign ? [] : receipt(job, video, facts))
    }

    private static func content(
        _ job: Job, _ video: DeliveredVideo, _ facts: DeliveryFacts, _ file: String
    ) -> [AuditFinding] {
        switch facts.video {
        case .missing: return []
        case .unreadable(let why):
            return [
                AuditFinding(
                    .unreadable, job: job.id, file: file, "The video cannot be looked at: \(why).",
                    remedy: "Run the audit as Hotreel's own user; else look what became of the video.")
            ]
        case .there:
            guard facts.video.isContent(bytes: Int64(video.bytes), sha256: video.sha256) else {
                return [
                    AuditFinding(
                        .videoChanged, job: job.id, file: file,
                        "It is not what was delivered: its content has changed since. What was delivered had \(video.bytes) bytes and the hash \(video.sha256).",
                        remedy:
                            "Nothing need be done where somebody edited it; else take it from a copy, or from the API while it has generation "
                            + "\(generation(job, facts)?.id.rawValue ?? "of the job whose video it is").")
                ]
            }
            guard facts.receipt == .missing else { return [] }
            return [
                AuditFinding(
                    .receiptGone, job: job.id, file: file, "The video is there and its receipt is not.",
                    remedy: "Nothing need be done; hotreel show \(job.id) says what it said.")
            ]
        }
    }

    private static func receipt(_ job: Job, _ video: DeliveredVideo, _ facts: DeliveryFacts) -> [AuditFinding] {
        let file = job.receiptFile(video.name)
        switch facts.receipt {
        case .missing: return []
        case .unreadable(let why): return [ReceiptRules.changed(job, file, why)]
        case .there(let receipt):
            return ReceiptRules.differences(receipt, job, video, generation(job, facts)).map {
                ReceiptRules.changed(job, file, $0)
            }
        }
    }

    private static func generation(_ job: Job, _ facts: DeliveryFacts) -> Generation? {
        if case .generation(let generation) = facts.origin { generation } else { job.state.generation }
    }
}

/// What must be true of a receipt.
enum ReceiptRules {
    static func differences(
        _ receipt: ReceiptContent, _ job: Job, _ video: DeliveredVideo, _ generation: Generation?
    ) -> [String] {
        var words: [String] = []
        func compare(_ what: String, _ told: String?, _ held: String?) {
            guard told != held else { return }
            words.append("its \(what) is \(told ?? "none"), and the ledger has \(held ?? "none")")
        }
        compare("hash of the video", receipt.sha256, video.sha256)
        compare("length of the video", receipt.bytes.map(String.init), String(video.bytes))
        if let generation {
            compare("generation_id", receipt.generationID, generation.id.rawValue)
            compare("client_request_id", receipt.clientRequestID, generation.submission.clientRequestID.rawValue)
        }
        let charged = job.state.reuse == nil ? job.state.generation?.charge.credits : 0
        compare("sum of credits", receipt.credits.map(\.credits), charged.map(\.credits))
        return words
    }

    static func changed(_ job: Job, _ file: String, _ why: String) -> AuditFinding {
        AuditFinding(
            .receiptChanged, job: job.id, file: file, "The receipt does not say what the ledger says: \(why).",
            remedy:
                "The ledger is right: hotreel show \(job.id). Nothing need be done where somebody edited the receipt.")
    }

    /// About a receipt that lies where no delivered job has put its own.
    static func findings(_ fact: ReceiptFact, file: String, job: Job?, origin: OriginFact) -> [AuditFinding] {
        switch fact {
        case .missing: return []
        case .unreadable(let why):
            return [
                AuditFinding(
                    .receiptUnknown, file: file, "Nobody can tell whose receipt this is: \(why).",
                    remedy:
                        "Nothing need be done where somebody put it there; else compare the video with hotreel jobs.")
            ]
        case .there(let receipt):
            guard let job else {
                return [
                    AuditFinding(
                        .receiptUnknown, job: receipt.job, file: file, "The ledger knows no job \(receipt.job).",
                        remedy:
                            "It is a receipt of another Hotreel, or the ledger was replaced. Keep it: it says what was paid."
                    )
                ]
            }
            switch job.state {
            case .delivered(_, let video):
                // Somebody has tidied up; what it says must still be true.
                let generation =
                    if case .generation(let generation) = origin { generation } else { job.state.generation }
                return differences(receipt, job, video, generation).map { changed(job, file, $0) }
            case .failed, .cancelled:
                return [
                    AuditFinding(
                        .receiptUndelivered, job: job.id, file: file,
                        "The receipt says that this was delivered, and the job is \(job.state.name.rawValue).",
                        remedy: "Compare the video with hotreel show \(job.id); keep both.")
                ]
            case .queued, .held, .reusing, .submitting, .unconfirmed, .generating, .generated:
                return [
                    AuditFinding(
                        .deliveryUnfinished, job: job.id, file: file,
                        "The receipt is written, and that it is delivered is not yet in the ledger.",
                        remedy: "Hotreel goes on with it by itself, at its next start at the latest.")
                ]
            }
        }
    }
}

extension Job {
    /// A receipt of this job's folder, as a finding names it.
    func receiptFile(_ name: String) -> String { String(videoFile(name).dropLast(4)) + ".receipt.json" }
}
