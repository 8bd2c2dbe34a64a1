import HTTPTypes

/// One fault of a scenario: what befalls which requests. ``Scenario`` describes each.
package struct Fault: Sendable, Equatable {
    package var operation: SimulatedOperation
    package var kind: Kind
    /// Only requests about generations whose prompt contains this.
    package var prompt: String?
    package var from = 1
    /// nil is for ever.
    package var times: Int? = 1
    /// Whether a create is made although its answer is the fault.
    package var accepted = false
    package var delay = Duration.zero
    package var bytes: Int?
    package var message: String?
    package var status = HTTPResponse.Status.internalServerError
    package var envelope = Envelope.statusCode
    package var headers = HTTPFields()
    /// `error.name` and `error.data.kind` of the `title` envelope.
    package var errorName: String?
    package var errorKind: String?

    package init(_ operation: SimulatedOperation, _ kind: Kind) {
        self.operation = operation
        self.kind = kind
    }

    /// Whether what is asked is done although the answer is not the usual one.
    var needsUsualAnswer: Bool { kind.altersUsualAnswer || accepted }

    package enum Envelope: String, Sendable, CaseIterable {
        case statusCode, title, array, string, html, none
    }

    package enum Kind: String, Sendable, CaseIterable {
        case status, hang, drop, late, truncate, drip, empty, html, huge, failed, backwards, expired, garbage, redirect
        case dropEarly = "drop-early"
        case wrongLength = "wrong-length"
        case noID = "no-id"
        case noIDAtAll = "no-id-at-all"
        case unknownStatus = "unknown-status"
        case upperCase = "upper-case"
        case completedWithoutURL = "completed-without-url"
        case wrongID = "wrong-id"
        case notFound = "not-found"
        case ignoreRange = "ignore-range"
        case redirectLoop = "redirect-loop"
        case redirectFile = "redirect-file"
        case redirectPrivate = "redirect-private"
    }
}

extension Fault.Kind {
    /// nil fits every operation.
    var operation: SimulatedOperation? {
        switch self {
        case .status, .hang, .drop, .dropEarly, .late, .truncate, .wrongLength, .drip, .empty, .html, .huge: nil
        case .noID, .noIDAtAll: .create
        case .unknownStatus, .upperCase, .backwards, .completedWithoutURL, .wrongID, .notFound, .failed: .poll
        case .ignoreRange, .expired, .redirect, .redirectLoop, .redirectFile, .redirectPrivate, .garbage: .download
        }
    }

    func fits(_ operation: SimulatedOperation) -> Bool { self.operation.map { $0 == operation } ?? true }

    /// Whether it alters the usual answer, which therefore is made first, rather than standing in its place.
    var altersUsualAnswer: Bool {
        switch self {
        case .late, .truncate, .wrongLength, .drip, .noID, .noIDAtAll, .unknownStatus, .upperCase, .backwards,
            .completedWithoutURL, .wrongID, .failed, .ignoreRange:
            true
        case .status, .hang, .drop, .dropEarly, .empty, .html, .huge, .notFound, .expired, .redirect, .redirectLoop,
            .redirectFile, .redirectPrivate, .garbage:
            false
        }
    }

    /// The keys of a fault that mean something with this kind, besides those of every fault.
    var keys: [String] {
        switch self {
        case .status: ["delay", "status", "envelope", "message", "headers", "name", "kind"]
        case .hang, .dropEarly: []
        case .truncate, .wrongLength, .drip, .huge, .garbage: ["delay", "bytes"]
        case .unknownStatus, .failed: ["delay", "message"]
        default: ["delay"]
        }
    }
}
