/// The moments of the pipeline at which a crash would do something of its own: before and after each effect.
///
/// A test of the whole program ends it at each of them and looks at what a restart makes of that. Nothing else listens.
package enum Step: String, Sendable, CaseIterable {
    case claimFolderMade = "claim-folder-made"
    case claimRecorded = "claim-recorded"
    case sourceTaken = "source-taken"
    case claimed
    case reuseFound = "reuse-found"
    case held
    case intentRecorded = "intent-recorded"
    case marked
    case answered
    case accepted
    case refused
    case unconfirmed
    case lookedUp = "looked-up"
    case adopted
    case polled
    case completed
    case downloadBegun = "download-begun"
    case downloaded
    case nameRecorded = "name-recorded"
    case published
    case receiptWritten = "receipt-written"
    case originalsPlaced = "originals-placed"
    case delivered
    case failed
    case reported
    case sourcesGivenBack = "sources-given-back"
    case settled
}
