import Jobs

/// One thing that `hotreel audit` has to say about a job or a file.
package struct AuditFinding: Hashable, Sendable {
    package let kind: Kind
    package let job: JobID?
    /// Where it lies, below the inbox or the outbox: `inbox/.hotreel/…`, `outbox/videos/…`; nil where no file is meant. With
    /// the name before it where the inbox has one: `commercials:outbox/videos/…`.
    package let file: String?
    /// What is wrong, and what to do, each in a sentence or two.
    package let message: String
    package let remedy: String

    package init(_ kind: Kind, job: JobID? = nil, file: String? = nil, _ message: String, remedy: String) {
        self.kind = kind
        self.job = job
        self.file = file
        self.message = message
        self.remedy = remedy
    }

    /// The words by which scripts know what was found; they are never renamed.
    package enum Kind: String, Hashable, Sendable, CaseIterable {
        // The ledger against itself.
        /// The history does not lead to where the job stands.
        case historyBroken = "history_broken"
        /// A client request id that is another job's, or was used before.
        case requestIDReused = "request_id_reused"
        /// One generation counted for two jobs.
        case generationShared = "generation_shared"
        /// Delivered, and the ledger does not say what.
        case videoUnrecorded = "video_unrecorded"
        /// A video taken over from a job that has none.
        case reuseBroken = "reuse_broken"
        /// The ledger's sums are not those of its jobs.
        case sumsWrong = "sums_wrong"
        /// Jobs under way of an inbox that is not configured.
        case inboxUnknown = "inbox_unknown"

        // What is in keeping, `inbox/.hotreel`.
        case sourceMissing = "source_missing"
        case sourceChanged = "source_changed"
        /// One and the same file at two places.
        case sourceTwice = "source_twice"
        /// What a picture was fitted into, and is to be sent.
        case fittedMissing = "fitted_missing"
        case fittedChanged = "fitted_changed"
        /// The claim folder of a drop that is over and done.
        case claimLeft = "claim_left"
        /// Files in keeping that no job knows.
        case claimUnknown = "claim_unknown"

        // What was delivered.
        case videoChanged = "video_changed"
        case receiptChanged = "receipt_changed"
        /// A receipt whose job the ledger does not know.
        case receiptUnknown = "receipt_unknown"
        /// A receipt of a job that has ended without a video.
        case receiptUndelivered = "receipt_undelivered"
        /// Something unfinished that nobody is at work on.
        case litter
        case unreadable

        // The API's log.
        /// A POST the ledger does not know.
        case postUnknown = "post_unknown"
        /// Paid for, and the ledger does not know the generation.
        case paidUnknown = "paid_unknown"
        /// Paid for, and the ledger says that it failed unpaid.
        case paidFailed = "paid_failed"
        /// Paid for beside another generation of the same job.
        case paidTwice = "paid_twice"

        // Notes: nothing is lost.
        /// Ended jobs of an inbox that is not configured any more.
        case inboxRetired = "inbox_retired"
        /// Ended; its files are being given back.
        case settling
        /// A drop that is being claimed.
        case claimUnfinished = "claim_unfinished"
        /// A claim folder without files of anybody's.
        case claimEmpty = "claim_empty"
        /// A video in place whose delivery is not yet recorded.
        case deliveryUnfinished = "delivery_unfinished"
        /// A write or download under way.
        case unfinishedFile = "unfinished_file"
        /// Found in the API's log; the service will take it over.
        case lookUpPending = "look_up_pending"
        case receiptGone = "receipt_gone"
        /// A video that no receipt speaks of.
        case videoUnknown = "video_unknown"
        /// Given up as not billed, and billed after all.
        case paidAfterAll = "paid_after_all"
        /// The API's log tells of a generation what the ledger does not.
        case logDiffers = "log_differs"

        // Details: what people may do as they like.
        case videoGone = "video_gone"
        case sourcesTaken = "sources_taken"
        /// A file in the outbox that Hotreel did not write.
        case foreignFile = "foreign_file"
        /// A request by a Hotreel with another ledger.
        case otherRequest = "other_request"
    }

    package enum Severity: Hashable, Sendable {
        /// Not accounted for.
        case exception
        /// Worth knowing; nothing is lost.
        case note
        /// Counted, and listed only where asked for.
        case detail
    }
}

extension AuditFinding.Kind {
    package var severity: AuditFinding.Severity {
        switch self {
        case .historyBroken, .requestIDReused, .generationShared, .videoUnrecorded, .reuseBroken, .sumsWrong,
            .inboxUnknown, .sourceMissing, .sourceChanged, .sourceTwice, .fittedMissing, .fittedChanged, .claimLeft,
            .claimUnknown,
            .videoChanged, .receiptChanged, .receiptUnknown, .receiptUndelivered, .litter, .unreadable, .postUnknown,
            .paidUnknown, .paidFailed, .paidTwice:
            .exception
        case .settling, .claimUnfinished, .claimEmpty, .deliveryUnfinished, .unfinishedFile, .lookUpPending,
            .receiptGone, .videoUnknown, .paidAfterAll, .logDiffers, .inboxRetired:
            .note
        case .videoGone, .sourcesTaken, .foreignFile, .otherRequest:
            .detail
        }
    }

    /// Whether it should be otherwise a moment later, where a service is at work.
    var isPassing: Bool {
        switch self {
        case .settling, .claimUnfinished, .claimEmpty, .deliveryUnfinished, .unfinishedFile, .lookUpPending,
            .videoUnknown:
            true
        default: severity == .exception
        }
    }

    /// What they are together, before their number: `delivered videos that were taken out of the outbox, as people do: 3`.
    var summary: String {
        switch self {
        case .videoGone: "delivered videos that were taken out of the outbox, as people do"
        case .sourcesTaken: "drops whose files were taken out of the outbox, as people do"
        case .foreignFile: "files in the outbox that are not Hotreel's"
        case .otherRequest:
            "requests in the API's log by a Hotreel with another ledger, or by this one before its ledger was replaced"
        default: rawValue.replacing("_", with: " ")
        }
    }
}
