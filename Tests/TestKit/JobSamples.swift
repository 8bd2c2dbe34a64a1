import Foundation
import Jobs

/// Jobs and events as they come about in life, for tests that need some. The same number gives the same ids, another
/// number other ones. Every date is a whole second.
extension Job {
    /// A job in `state`, brought there by events. A failed one has failed unpaid.
    package static func sample(
        _ state: JobState.Name = .queued, _ number: Int = 1, drop: Drop? = nil, priority: Int = 5,
        fingerprint: String? = nil, at now: Date = .sample
    ) -> Job {
        let queued = Job.queued(
            .sample(number), drop: drop ?? .sample(number), request: .sample, name: "shot\(number)", priority: priority,
            held: false, fingerprint: fingerprint, at: now)
        let events: [JobEvent.Name] =
            switch state {
            case .queued: []
            case .held: [.held]
            case .reusing: [.reuseFound]
            case .submitting: [.submissionStarted]
            case .unconfirmed: [.submissionStarted, .submissionUnconfirmed]
            case .generating: [.submissionStarted, .accepted]
            case .generated: [.submissionStarted, .accepted, .completed]
            case .delivered: [.submissionStarted, .accepted, .completed, .downloaded, .delivered]
            case .failed: [.submissionStarted, .submissionRefused]
            case .cancelled: [.cancelled]
            }
        return queued.after(events, number, at: now)
    }

    /// Failed when the video was paid for.
    package static func samplePaidFailure(_ number: Int = 1, at now: Date = .sample) -> Job {
        sample(.generated, number, at: now).after([.deliveryFailed], number, at: now)
    }

    /// Failed when the API, having completed, no longer had the video.
    package static func sampleLostResult(_ number: Int = 1, at now: Date = .sample) -> Job {
        sample(.generated, number, at: now).after([.linkExpired, .generationFailed], number, at: now)
    }

    /// Delivered with the video of another job.
    package static func sampleReuse(_ number: Int = 1, fingerprint: String? = nil, at now: Date = .sample) -> Job {
        sample(.reusing, number, fingerprint: fingerprint, at: now).after([.downloaded, .delivered], number, at: now)
    }

    /// Refused at intake.
    package static func sampleRejection(_ number: Int = 1, at now: Date = .sample) -> Job {
        .rejected(.sample(number), drop: .sample(number), name: "shot\(number)", failure: .sample(.intake), at: now)
    }

    /// Every state, `failed` and `delivered` in each of their kinds.
    package static func samplesOfEveryState(at now: Date = .sample) -> [Job] {
        let states = JobState.Name.allCases.enumerated().map { sample($0.element, $0.offset + 1, at: now) }
        return states + [
            samplePaidFailure(50, at: now), sampleLostResult(51, at: now), sampleRejection(52, at: now),
            sampleReuse(53, at: now),
        ]
    }

    private func after(_ events: [JobEvent.Name], _ number: Int, at now: Date) -> Job {
        events.reduce(self) { job, event in
            do {
                return try job.applying(.sample(event, number, at: now), at: now)
            } catch {
                preconditionFailure("a sample cannot come about: \(error)")
            }
        }
    }
}

extension JobEvent {
    /// An event of this name. What it defers to lies a minute after `now`.
    package static func sample(_ name: Name, _ number: Int = 1, at now: Date = .sample) -> JobEvent {
        let later = now + 60
        return switch name {
        case .held: .held(Hold(reason: .budget, until: later, words: "today's budget is used up"))
        case .released: .released
        case .reuseFound: .reuseFound(.sample(number + 1000))
        case .reuseAbandoned: .reuseAbandoned(reason: "its video is gone")
        case .submissionStarted: .submissionStarted(.attempt(number, of: .sample(number)), expected: 600_000)
        case .submissionDeferred: .submissionDeferred(reason: "too many at once", until: later)
        case .submissionRefused: .submissionRefused(.sample(.submit))
        case .submissionUnconfirmed: .submissionUnconfirmed(reason: "no answer", nextLookup: later)
        case .accepted: .accepted(.sample(number), status: "queued", charge: Charge(), nextPoll: later)
        case .stillUnconfirmed: .stillUnconfirmed(reason: "not in the log yet", nextLookup: later)
        case .foundUnbilled: .foundUnbilled
        case .submissionFailed: .submissionFailed(.sample(.submit))
        case .resubmitted: .resubmitted(reason: "nobody knows, and it is allowed")
        case .polled: .polled(status: "generating", reason: nil, nextPoll: later)
        case .completed: .completed(sampleURL, charge: Charge(credits: 630_000, usd: 0.315))
        case .generationFailed: .generationFailed(.sample(.generation))
        case .linkExpired: .linkExpired(reason: "the link had expired", nextPoll: later)
        case .downloaded: .downloaded(.sample(number))
        case .deliveryPostponed: .deliveryPostponed(reason: "the outbox is gone", until: later)
        case .delivered: .delivered(.sample(number))
        case .deliveryFailed: .deliveryFailed(.sample(.delivery))
        case .cancelled: .cancelled
        case .retried: .retried
        }
    }

    private static var sampleURL: URL {
        guard let url = URL(string: "https://cdn.example/video.mp4?signature=a%2Fb&expires=1") else {
            preconditionFailure("the sample link is a URL")
        }
        return url
    }
}

extension Date {
    package static let sample = Date(timeIntervalSince1970: 1_800_000_000)
}

extension JobID {
    /// Grows with the number, as the ids of later jobs do.
    package static func sample(_ number: Int) -> JobID { .make(at: .sample + Double(number), chance: 7) }
}

extension GenerationID {
    package static func sample(_ number: Int) -> GenerationID { GenerationID(rawValue: "-kling/\(number):video_1") }
}

extension Drop {
    package static func sample(_ number: Int = 1, folder: FileName = "portraits") -> Drop {
        let identity = FileIdentity(device: 42, inode: UInt64(number), size: 81_234, modified: 1, changed: 2)
        return Drop(
            id: .make(at: .sample + Double(number), chance: 9), folder: folder,
            sources: [
                Source(
                    role: .picture, file: FileName("shot\(number).png"), identity: identity,
                    sha256: String(repeating: "ab", count: 32), claim: .move),
                Source(
                    role: .sidecar, file: FileName(bytes: Array("shot\(number)".utf8) + [0xE9] + Array(".json".utf8)),
                    identity: identity, sha256: String(repeating: "cd", count: 32), claim: .copy),
            ])
    }
}

extension GenerationRequest {
    package static let sample = GenerationRequest(
        body: [
            "model": "kling-video/v1.6/pro/image-to-video", "prompt": "Slow push in – “golden” hour 🌅", "duration": 5,
            "cfg_scale": 0.35, "dynamic_masks": [["trajectories": [["x": 1, "y": 2], ["x": 3, "y": 4]]]],
        ],
        attachments: [
            Attachment(
                place: [.key("image_url")], file: "sources/shot1.png", name: "shot1.png", mimeType: "image/png",
                bytes: 81_234,
                sha256: String(repeating: "ab", count: 32)),
            Attachment(
                place: [.key("dynamic_masks"), .index(0), .key("mask")], file: "sources/masks/still.png",
                name: "masks/still.png", mimeType: "image/png",
                bytes: 900, sha256: String(repeating: "ef", count: 32)),
        ], warnings: ["masks are untested with this model"])
}

extension DeliveredVideo {
    package static func sample(_ number: Int = 1) -> DeliveredVideo {
        DeliveredVideo(
            name: "shot\(number) (2)", sha256: String(repeating: "12", count: 32), bytes: 4_321_000,
            facts: VideoFacts(duration: 5.04, width: 1920, height: 1080))
    }
}

extension Failure {
    package static func sample(_ stage: Stage) -> Failure {
        Failure(
            stage: stage, message: "it could not be done",
            problems: [
                Problem(
                    file: "shot1.json", key: "duration", value: "7", rule: "must be 5 or 10", remedy: "Write 5 or 10.")
            ])
    }
}
