import Foundation
import Jobs

/// What stands beside a delivered video. Its keys are a promise to scripts.
struct Receipt {
    let job: Job
    let payment: Payment
    let video: DeliveredVideo
    let delivered: Date
    let warnings: [String]
    /// When the files of the drop's resends were written.
    var resends: [Date] = []
    let isPreview: Bool

    /// Who paid for the video.
    enum Payment {
        case paid(Generation)
        /// Another job, by this generation; nothing was paid again.
        case reused(from: Job, Generation?)

        var generation: Generation? {
            switch self {
            case .paid(let generation): generation
            case .reused(_, let generation): generation
            }
        }

        var charge: Charge {
            switch self {
            case .paid(let generation): generation.charge
            case .reused: Charge(credits: 0, usd: 0)
            }
        }
    }

    /// Pretty-printed JSON, keys sorted, times in ISO 8601 UTC.
    var json: [UInt8] {
        var object: [String: JSONValue] = [
            "job": .string(job.id.rawValue),
            "name": .string(video.name),
            "folder": .string(job.drop.folder.text),
            "request": job.request?.shown ?? .null,
            "generation_id": (payment.generation?.id.rawValue).map(JSONValue.string) ?? .null,
            "client_request_id": (payment.generation?.submission.clientRequestID.rawValue).map(JSONValue.string)
                ?? .null,
            "credits": payment.charge.credits.map(JSONValue.amount) ?? .null,
            "usd": payment.charge.usd.map(JSONValue.amount) ?? .null,
            "created": .time(job.created),
            "submitted": (payment.generation?.submission.started).map(JSONValue.time) ?? .null,
            "completed": (payment.generation?.completed).map(JSONValue.time) ?? .null,
            "delivered": .time(delivered),
            "attempts": .integer(job.attempts),
            "dropped": job.drop.written.map(JSONValue.time) ?? .null,
            "sources": job.drop.listedSources,
            "video": [
                "file": .string(video.name + ".mp4"), "sha256": .string(video.sha256), "bytes": .integer(video.bytes),
                "duration": .number(video.facts.duration), "width": .integer(video.facts.width),
                "height": .integer(video.facts.height),
            ],
            "warnings": .array(warnings.map(JSONValue.string)),
        ]
        if !resends.isEmpty { object["resends"] = .array(resends.map(JSONValue.time)) }
        if isPreview { object["preview"] = true }
        if case .reused(let original, _) = payment {
            object["reused"] = JSONValue.object([
                "job": .string(original.id.rawValue), "name": .string(original.name),
                "folder": .string(original.drop.folder.text),
            ]).naming(original.drop.inbox)
        }
        return JSONValue.object(object).naming(job.drop.inbox).document
    }
}

extension Drop {
    /// The sources as receipts and error reports list them.
    var listedSources: JSONValue {
        .array(
            sources.map { source in
                [
                    "file": .string(source.file.text), "sha256": .string(source.sha256),
                    "bytes": .integer(Int(source.identity.size)),
                ]
            })
    }

    /// The time of the newest of its own files, as their writer left it: with names and hashes, what tells a drop from another of
    /// the same content. nil where a lost ledger left nothing to tell it by.
    var written: Date? {
        let own = sources.filter { $0.role == .picture || $0.role == .sidecar }.map(\.identity.modified).max()
        // In whole milliseconds, so that it is written as it is.
        return own.flatMap { $0 == 0 ? nil : Date(timeIntervalSince1970: (Double($0 / 1_000_000) + 0.01) / 1000) }
    }
}

extension JSONValue {
    /// ISO 8601 in UTC with milliseconds.
    package static func time(_ date: Date) -> JSONValue {
        .string(date.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true)))
    }

    /// A sum of money or credits: whole where it is whole.
    package static func amount(_ value: Double) -> JSONValue {
        Int(exactly: value).map { .integer($0) } ?? .number(value)
    }

    /// The value as a text file: indented, sorted, with a final newline.
    package var document: [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        // Only a non-finite number cannot be written, and none comes from JSON or from a prober that found a duration.
        guard let data = try? encoder.encode(self) else { return Array((text + "\n").utf8) }
        return [UInt8](data) + [UInt8(ascii: "\n")]
    }
}
