import Foundation
import Jobs

extension JobStoreConformance {
    private var now: Date { .sample }
    private var paid: [JobEvent.Name] { [.submissionStarted, .accepted, .completed] }

    func checkSpending(_ store: any JobStore) async throws {
        try require(try await store.spending(since: .distantPast), is: [], "spending of an empty ledger")
        let latin: FileName = FileName(bytes: [0x63, 0xE9])
        _ = try await store.lead(1, paid, folder: "b/x", at: now - 10)
        let running = try await store.lead(2, [.submissionStarted], folder: "b", at: now)
        _ = try await store.lead(3, paid + [.deliveryFailed], folder: "a/y/z", at: now + 10)
        _ = try await store.lead(4, paid + [.downloaded, .delivered], folder: "a", at: now + 10)
        _ = try await store.lead(5, [.submissionStarted, .submissionUnconfirmed], folder: "", at: now + 10)
        _ = try await store.lead(6, [.submissionStarted, .accepted], folder: latin, at: now + 10)
        let free: [[JobEvent.Name]] = [
            [], [.held], [.cancelled], [.submissionStarted, .submissionDeferred],
            [.submissionStarted, .submissionRefused], [.submissionStarted, .accepted, .generationFailed],
            [.reuseFound], [.reuseFound, .downloaded, .delivered],
        ]
        for (number, events) in free.enumerated() {
            _ = try await store.lead(10 + number, events, folder: "free", at: now + 10)
        }

        func spend(_ folder: FileName, charged: Int = 0, expected: Int = 0) -> FolderSpend {
            FolderSpend(
                folder: folder, charged: 630_000 * Double(charged), videos: charged,
                expected: 600_000 * Double(expected), underWay: expected)
        }
        let late = [spend("", expected: 1), spend("a", charged: 2)]
        try require(
            try await store.spending(since: now), is: late + [spend("b", expected: 1), spend(latin, expected: 1)],
            "spending since a date")
        try require(
            try await store.spending(since: .distantPast),
            is: late + [spend("b", charged: 1, expected: 1), spend(latin, expected: 1)], "all spending")
        try require(
            try await store.spending(since: now + 1), is: late + [spend(latin, expected: 1)],
            "spending without a folder's earlier jobs")
        try require(try await store.spending(since: now + 11), is: [], "spending since the last POST")

        try await store.lead(running, 2, [.accepted, .completed], at: now + 86_400)
        try require(
            try await store.spending(since: now), is: late + [spend("b", charged: 1), spend(latin, expected: 1)],
            "spending after a charge, which counts for the day of its POST")
        try require(try await store.spending(since: now + 11), is: [], "spending of the day of a charge")
    }

    func checkPrices(_ store: any JobStore) async throws {
        try require(try await store.prices(), is: [:], "prices in an empty ledger")
        let key = GenerationRequest.sample.priceKey
        func charge(_ number: Int, _ credits: Double?, _ request: GenerationRequest = .sample, at date: Date)
            async throws -> Job
        {
            let job = Job.queued(
                .sample(number), drop: .sample(number), request: request, name: "shot", priority: 5, held: false,
                at: date)
            try await store.insert([job])
            let generating = try await store.lead(job, number, [.submissionStarted, .accepted], at: date)
            return try await store.record(
                .completed(URL(filePath: "/video.mp4"), charge: Charge(credits: credits)), on: generating, at: date)
        }
        _ = try await store.lead(1, [.submissionStarted, .accepted])
        try require(try await store.prices(), is: [:], "prices before a charge")
        let first = try await charge(2, 630_000, at: now)
        try require(try await store.prices(), is: [key: 630_000], "prices after a charge")
        let second = try await charge(3, 700_000, at: now + 10)
        try require(try await store.prices(), is: [key: 700_000], "prices after a later charge")
        try await store.lead(first, 2, [.downloaded, .delivered], at: now + 20)
        try require(try await store.prices(), is: [key: 700_000], "prices after the delivery of an older video")
        for (number, credits) in [(4, 0), (5, nil)] as [(Int, Double?)] {
            _ = try await charge(number, credits, at: now + 30)
            try require(try await store.prices(), is: [key: 700_000], "prices after a video without a charge")
        }
        let again = try await store.lead(second, 3, [.linkExpired], at: now + 40)
        try await store.record(
            .completed(URL(filePath: "/again.mp4"), charge: Charge(credits: 710_000)), on: again, at: now + 50)
        try require(try await store.prices(), is: [key: 710_000], "prices after a charge was put right")
        let other = GenerationRequest(body: ["model": "other", "duration": 10], attachments: [])
        _ = try await charge(6, 5, other, at: now)
        try require(
            try await store.prices(), is: [key: 710_000, PriceKey(model: "other", seconds: 10): 5],
            "prices of two kinds")
    }

    func checkTwins(_ store: any JobStore) async throws {
        let lives: [[JobEvent.Name]] = [
            [], [.submissionStarted], [.submissionStarted, .submissionUnconfirmed], [.submissionStarted, .accepted],
            paid, paid + [.downloaded, .delivered], [.submissionStarted, .submissionRefused], [.cancelled], [.held],
            [.reuseFound], [.reuseFound, .downloaded, .delivered], [], [],
        ]
        var jobs: [Job] = []
        for (index, events) in lives.enumerated() {
            jobs.append(try await store.lead(index + 1, events, fingerprint: "same"))
        }
        let ids = (0...50).map(JobID.sample)
        func twins(_ job: Job) async throws -> [Int] {
            try await store.twins(of: job).map { ids.firstIndex(of: $0.id) ?? -1 }
        }
        _ = try await store.lead(20, [.submissionStarted], fingerprint: "other")
        let unlike = try await store.lead(21, [.submissionStarted])
        try require(try await twins(jobs[11]), is: [6, 11, 1, 2, 3, 4, 5], "twins of a queued job")
        try require(try await twins(jobs[0]), is: [6, 11, 2, 3, 4, 5], "twins of the job queued first")
        try require(try await twins(jobs[9]), is: [6, 11, 1, 2, 3, 4, 5], "twins of a reusing job")
        try require(try await twins(jobs[5]), is: [11, 1, 2, 3, 4, 5], "twins of a delivered job")
        try require(try await twins(jobs[12]), is: [6, 11, 1, 2, 3, 4, 5, 12], "twins of the job queued last")
        try require(try await twins(unlike), is: [], "twins of a job that is like no other")
        try require(try await store.twins(of: jobs[11]).first, is: jobs[5], "the first twin")
        for number in 30...40 { _ = try await store.lead(number, [.submissionStarted], fingerprint: "same") }
        try require(try await twins(jobs[11]), is: [6, 11, 1, 2, 3, 4, 5, 30, 31, 32], "the first ten of many twins")
    }

    func checkInFlight(_ store: any JobStore) async throws {
        try require(try await store.inFlight(unconfirmedSince: .distantPast), is: 0, "in flight in an empty ledger")
        _ = try await store.lead(1, [])
        _ = try await store.lead(2, [.submissionStarted])
        _ = try await store.lead(3, [.submissionStarted, .submissionUnconfirmed, .stillUnconfirmed])
        let generating = try await store.lead(4, [.submissionStarted, .accepted])
        _ = try await store.lead(5, [.submissionStarted, .submissionUnconfirmed], at: now + 10)
        _ = try await store.lead(6, [.reuseFound])
        try require(try await store.inFlight(unconfirmedSince: now), is: 4, "jobs in flight")
        try require(
            try await store.inFlight(unconfirmedSince: now + 10), is: 3, "in flight without what was lost long ago")
        try require(try await store.inFlight(unconfirmedSince: now + 11), is: 2, "in flight without anything lost")
        try await store.record(.sample(.completed, 4), on: generating, at: now)
        try require(try await store.inFlight(unconfirmedSince: now), is: 3, "in flight after one completed")
    }
}
