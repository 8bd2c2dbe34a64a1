import Foundation

/// What a job costs or is going to cost, as far as it can be said. Counted for the day its POST was started.
package struct Cost: Hashable, Sendable {
    package let submitted: Date
    /// Charged by the vendor, or expected while that is not known.
    package let credits: Double
    /// Whether the vendor has said so.
    package let isCharged: Bool

    package init(submitted: Date, credits: Double, isCharged: Bool) {
        self.submitted = submitted
        self.credits = credits
        self.isCharged = isCharged
    }
}

extension JobState {
    /// nil where nothing is being spent: nothing was sent, or what was sent is known not to be billed.
    package var cost: Cost? {
        switch self {
        case .queued, .held, .reusing, .cancelled, .delivered(.reuse, _), .failed(_, .rejected), .failed(_, .unpaid):
            nil
        case .submitting(let submission), .unconfirmed(let submission):
            Cost(submitted: submission.started, credits: submission.expected ?? 0, isCharged: false)
        case .generating(let generation), .generated(let generation, _), .delivered(.generation(let generation), _),
            .failed(_, .paid(let generation, _)):
            generation.cost
        }
    }
}

extension Generation {
    /// The charge is recorded after `completed`; until then, and perhaps a little longer, an answer may say 0.
    fileprivate var cost: Cost {
        let (said, expected) = (charge.credits ?? 0, submission.expected ?? 0)
        let isCharged = completed != nil && said > 0
        return Cost(
            submitted: submission.started, credits: isCharged ? said : max(said, expected), isCharged: isCharged)
    }
}

/// What the jobs of one top-level folder of an inbox cost in some time.
package struct FolderSpend: Hashable, Sendable, Codable {
    package let inbox: InboxName
    /// The first part of the path below the inbox; empty for drops in the inbox itself.
    package let folder: FileName
    /// Credits the vendor has charged, and for how many videos.
    package var charged: Double
    package var videos: Int
    /// Credits that jobs under way are expected to cost, and how many those are.
    package var expected: Double
    package var underWay: Int

    package init(
        inbox: InboxName = .unnamed, folder: FileName, charged: Double, videos: Int, expected: Double, underWay: Int
    ) {
        self.inbox = inbox
        self.folder = folder
        self.charged = charged
        self.videos = videos
        self.expected = expected
        self.underWay = underWay
    }

    package var credits: Double { charged + expected }
}

extension Sequence<FolderSpend> {
    /// Of all folders together.
    package var total: FolderSpend {
        reduce(into: FolderSpend(folder: "", charged: 0, videos: 0, expected: 0, underWay: 0)) { sum, spend in
            sum.charged += spend.charged
            sum.videos += spend.videos
            sum.expected += spend.expected
            sum.underWay += spend.underWay
        }
    }
}

/// What the price of a video depends on.
package struct PriceKey: Hashable, Sendable {
    package let model: String
    /// Length of the video.
    package let seconds: Int

    package init(model: String, seconds: Int) {
        self.model = model
        self.seconds = seconds
    }
}

extension GenerationRequest {
    /// The API's schema has 5 seconds for its default.
    package var priceKey: PriceKey {
        PriceKey(model: body["model"]?.stringValue ?? "", seconds: body["duration"]?.integerValue ?? 5)
    }
}

/// What videos have cost, to say what the next one will.
package struct Prices: Hashable, Sendable {
    /// Credits of the last charge for each kind of video.
    package let known: [PriceKey: Double]
    /// Credits a second of video is taken to cost where nothing like it has been charged yet.
    package let firstGuess: Double

    package init(known: [PriceKey: Double], firstGuess: Double) {
        self.known = known
        self.firstGuess = firstGuess
    }

    /// Credits: what such a video cost last; else by the second, what the dearest of its model cost; else the first guess.
    package func price(of key: PriceKey) -> Double {
        if let price = known[key] { return price }
        let perSecond = known.filter { $0.key.model == key.model && $0.key.seconds > 0 }
            .map { $0.value / Double($0.key.seconds) }.max()
        return (perSecond ?? firstGuess) * Double(key.seconds)
    }
}
