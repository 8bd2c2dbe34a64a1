import Jobs

/// What an audit has looked at and found.
package struct AuditReport: Sendable {
    /// How far the API's own log was looked at.
    package enum Log: Hashable, Sendable {
        case read(rows: Int)
        /// Why not, for people.
        case skipped(String)
        /// It was asked, and did not answer: that every accepted request has its job is not shown.
        case unreadable(String)
    }

    package var jobs = 0
    /// In keeping and in the outbox.
    package var files = 0
    /// Delivered videos that are still where they were put.
    package var videos = 0
    package var log: Log = .skipped("it was not asked for")
    package var exceptions: [AuditFinding] = []
    package var notes: [AuditFinding] = []
    /// How many there were of what people may do as they like.
    package var details: [AuditFinding.Kind: Int] = [:]

    package init() {}

    /// - Parameter listingDetails: whether each of them is wanted, not just how many there are.
    mutating func add(_ findings: [AuditFinding], listingDetails: Bool) {
        for finding in findings {
            switch finding.kind.severity {
            case .exception: exceptions.append(finding)
            case .note: notes.append(finding)
            case .detail:
                details[finding.kind, default: 0] += 1
                if listingDetails { notes.append(finding) }
            }
        }
    }

    /// Its keys are a promise to scripts.
    package var json: JSONValue {
        var rows: JSONValue = .null
        var unasked: JSONValue = .null
        switch log {
        case .read(let count): rows = .integer(count)
        case .skipped(let why), .unreadable(let why): unasked = .string(why)
        }
        return [
            "jobs": .integer(jobs), "files": .integer(files), "videos": .integer(videos), "log_rows": rows,
            "log_unread": unasked,
            "exceptions": .array(exceptions.map(\.json)), "notes": .array(notes.map(\.json)),
            "counts": .object(
                Dictionary(uniqueKeysWithValues: details.map { ($0.key.rawValue, .integer($0.value)) })),
        ]
    }

    /// For people: a line for each exception and note, and what it comes to at the end.
    package var lines: [String] {
        var lines = exceptions.map { "✗ \($0.line)" } + notes.map { "note: \($0.line)" }
        for (kind, count) in details.sorted(by: { $0.key.rawValue < $1.key.rawValue })
        where !notes.contains(where: { $0.kind == kind }) {
            lines.append("note: \(kind.summary): \(count)")
        }
        switch log {
        case .read: break
        case .skipped(let why): lines.append("note: the API's log was not looked at: \(why)")
        case .unreadable(let why): lines.append("✗ the API's log could not be read: \(why)")
        }
        lines.append(summary)
        return lines
    }

    private var summary: String {
        var looked = "\(jobs) jobs, \(files) files, \(videos) videos"
        if case .read(let rows) = log { looked += ", \(rows) requests in the API's log" }
        let result =
            switch exceptions.count {
            case 0: "everything is accounted for"
            case 1: "1 exception"
            case let count: "\(count) exceptions"
            }
        return "\(looked) looked at; \(result)"
    }
}

extension AuditFinding {
    fileprivate var json: JSONValue {
        [
            "kind": .string(kind.rawValue), "job": job.map { .string($0.rawValue) } ?? .null,
            "file": file.map(JSONValue.string) ?? .null, "message": .string(message), "remedy": .string(remedy),
        ]
    }

    fileprivate var line: String {
        let subject = [file.map { FileName($0).shown }, job.map { "job \($0)" }].compactMap(\.self)
            .joined(separator: ", ")
        return "\(kind.rawValue): \(subject.isEmpty ? "" : subject + ": ")\(message) \(remedy)"
    }
}
