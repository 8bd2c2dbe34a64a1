import Hummingbird
import Jobs

/// What tests ask the stand-in about itself; not of the vendor's making.
struct InspectionRoutes: Sendable {
    let ledger: GenerationLedger

    func add(to router: Router<BasicRequestContext>) {
        router.get("/_simulator/requests") { _, _ in await ledger.requests.response() }
        router.get("/_simulator/stats") { _, _ in await ledger.stats.response() }
        // Answers once every preview is rendered, so that a test need not ask again and again.
        router.get("/_simulator/idle") { _, _ in
            await ledger.idle()
            return await ledger.stats.response()
        }
    }
}
