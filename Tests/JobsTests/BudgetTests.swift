import Foundation
import Jobs
import TestKit
import Testing

@Suite("Budgets")
struct BudgetTests {
    let tomorrow = Date.sample + 3_600
    let nextMonth = Date.sample + 864_000

    func spent(today: [String: Double] = [:], month: [String: Double] = [:]) -> Budgets.Spent {
        func lines(_ spends: [String: Double]) -> [FolderSpend] {
            spends.map {
                FolderSpend(
                    folder: FileName($0.key), charged: $0.value / 2, videos: 1, expected: $0.value / 2, underWay: 1)
            }
        }
        return Budgets.Spent(today: lines(today), month: lines(month), nextDay: tomorrow, nextMonth: nextMonth)
    }

    @Test("let a video through that just fits, counting what is under way, and hold one that costs a credit more")
    func limit() throws {
        let budgets = Budgets(overall: Budget(daily: 1_000))
        let spent = spent(today: ["a": 300, "": 100])
        #expect(budgets.hold(price: 600, folder: "a/b", spent: spent) == nil)
        let hold = try #require(budgets.hold(price: 601, folder: "a/b", spent: spent))
        #expect(hold.reason == .budget)
        #expect(hold.until == tomorrow)
        #expect(
            hold.words
                == "today's budget is 1,000 credits, of which 400 credits are spent or under way; this video is expected to cost 601 credits"
        )
    }

    @Test("hold a folder by its own budget while its neighbours go on")
    func folders() throws {
        let budgets = Budgets(overall: Budget(), folders: ["portraits": Budget(daily: 500, monthly: 900)])
        let spent = spent(today: ["portraits": 450, "other": 9_000], month: ["portraits": 450])
        #expect(budgets.hold(price: 100, folder: "portraits/close", spent: spent)?.until == tomorrow)
        #expect(budgets.hold(price: 100, folder: "portraits", spent: spent)?.words?.contains("of portraits") == true)
        #expect(budgets.hold(price: 100, folder: "other", spent: spent) == nil)
        #expect(budgets.hold(price: 100, folder: "", spent: spent) == nil)
        #expect(budgets.hold(price: 500, folder: "portraits", spent: spent)?.until == nextMonth)
    }

    @Test("of nothing hold everything, and no budget holds nothing")
    func extremes() {
        #expect(Budgets(overall: Budget(monthly: 0)).hold(price: 1, folder: "", spent: spent())?.until == nextMonth)
        #expect(Budgets().hold(price: .infinity, folder: "a", spent: spent(today: ["a": 1e12])) == nil)
        #expect(Budgets().isUnlimited && !Budgets(folders: ["a": Budget(daily: 1)]).isUnlimited)
    }
}

@Suite("Prices")
struct PriceTests {
    @Test("come from the last charge, else by the second from the same model, else from the first guess")
    func prices() {
        let prices = Prices(
            known: [PriceKey(model: "a", seconds: 5): 600, PriceKey(model: "b", seconds: 10): 5_000], firstGuess: 200)
        #expect(prices.price(of: PriceKey(model: "a", seconds: 5)) == 600)
        #expect(prices.price(of: PriceKey(model: "a", seconds: 10)) == 1_200)
        #expect(prices.price(of: PriceKey(model: "c", seconds: 10)) == 2_000)
    }

    @Test("are asked by model and duration")
    func keys() {
        #expect(
            GenerationRequest.sample.priceKey == PriceKey(model: "kling-video/v1.6/pro/image-to-video", seconds: 5))
        #expect(GenerationRequest(body: ["model": "x"], attachments: []).priceKey.seconds == 5)
    }
}

@Suite("The cost of a job")
struct CostTests {
    @Test("is what it is expected to cost until the vendor has said what it charged")
    func charged() throws {
        #expect(Job.sample().state.cost == nil)
        let submitting = Job.sample(.submitting).state.cost
        #expect(submitting == Cost(submitted: .sample, credits: 600_000, isCharged: false))
        #expect(Job.sample(.unconfirmed).state.cost == submitting)
        #expect(Job.sample(.generating).state.cost == submitting)
        let charged = Cost(submitted: .sample, credits: 630_000, isCharged: true)
        #expect(Job.sample(.generated).state.cost == charged)
        #expect(Job.sample(.delivered).state.cost == charged)
        #expect(Job.samplePaidFailure().state.cost == charged)
        #expect(Job.sampleLostResult().state.cost == charged)
        #expect(Job.sample(.failed).state.cost == nil)
        #expect(Job.sampleRejection().state.cost == nil)
    }

    @Test("is not taken to be nothing because the API says 0 before it charges")
    func earlyZero() throws {
        let job = try Job.sample(.submitting).applying(
            .accepted(.sample(1), status: "queued", charge: Charge(credits: 0), nextPoll: .sample), at: .sample)
        #expect(job.state.cost?.credits == 600_000)
        let done = try job.applying(.completed(URL(filePath: "/v"), charge: Charge()), at: .sample)
        #expect(done.state.cost == Cost(submitted: .sample, credits: 600_000, isCharged: false))
    }
}
