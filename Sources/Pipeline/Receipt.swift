import Foundation
import Jobs

/// What stands beside a delivered video. Its keys are a promise to scripts.
struct Receipt {
    let job: Job
    let generation: Generation
    let video: DeliveredVideo
    let delivered: Date
    let warnings: [String]
    let isPreview: Bool

    /// Pretty-printed JSON, keys sorted, times in ISO 8601 UTC.
    var json: [UInt8] {
        var object: [String: JSONValue] = [
            "job": .string(job.id.rawValue),
            "name": .string(video.name),
            "folder": .string(job.drop.folder.text),
            "request": job.request?.shown ?? .null,
            "generation_id": .string(generation.id.rawValue),
            "client_request_id": .string(generation.submission.clientRequestID.rawValue),
            "credits": generation.charge.credits.map(JSONValue.amount) ?? .null,
            "usd": generation.charge.usd.map(JSONValue.amount) ?? .null,
            "created": .time(job.created),
            "submitted": .time(generation.submission.started),
            "completed": generation.completed.map(JSONValue.time) ?? .null,
            "delivered": .time(delivered),
            "attempts": .integer(job.attempts),
            "sources": .array(
                job.drop.sources.map { source in
                    [
                        "file": .string(source.file.text), "sha256": .string(source.sha256),
                        "bytes": .integer(Int(source.identity.size)),
                    ]
                }),
            "video": [
                "file": .string(video.name + ".mp4"), "sha256": .string(video.sha256), "bytes": .integer(video.bytes),
                "duration": .number(video.facts.duration), "width": .integer(video.facts.width),
                "height": .integer(video.facts.height),
            ],
            "warnings": .array(warnings.map(JSONValue.string)),
        ]
        if isPreview { object["preview"] = true }
        return JSONValue.object(object).document
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
