import Hummingbird
import Jobs

/// What tests ask the stand-in about itself, and tell it; not of the vendor's making.
///
/// | | |
/// |---|---|
/// | `GET /_simulator/requests` | every accepted create, oldest first: `{client_request_id, inference_id, body, received}`, pictures in `body` as `{mime, bytes, sha256}` |
/// | `GET /_simulator/stats` | counts since the start: requests by operation (`create`, `poll`, `logs`, `billing`, `download`), `create_answers` by status (`none`: closed without), `faulted_creates`, `leaked_keys`; and of all it remembers: `accepted`, `in_flight`, `double_creates` (client request ids accepted more than once: how often) |
/// | `GET /_simulator/idle` | the same, once every preview is rendered |
/// | `POST /_simulator/scenario` | a ``Scenario`` takes the place of the one before; answers with the stats, or 400 `{problems: [{file, key, value, rule, remedy}]}` |
/// | `POST /_simulator/balance` | `{"usd": 100}` is added to the balance; answers as `GET /v2/billing` |
struct InspectionRoutes: Sendable {
    let ledger: GenerationLedger

    func add(to router: Router<SimulatorContext>) {
        router.get("/_simulator/requests") { _, _ in Answer(await ledger.requests).response }
        router.get("/_simulator/stats") { _, _ in Answer(await ledger.stats).response }
        // So that a test need not ask again and again.
        router.get("/_simulator/idle") { _, _ in
            await ledger.idle()
            return Answer(await ledger.stats).response
        }
        router.post("/_simulator/scenario") { request, _ in
            try await explaining {
                await ledger.play(try Scenario(try await request.text(), file: "scenario"))
                return await ledger.stats
            }
        }
        router.post("/_simulator/balance") { request, _ in
            try await explaining {
                await ledger.topUp(usd: try Scenario.topUp(try await request.text(), file: "balance"))
                return await ledger.billing
            }
        }
    }

    private func explaining(_ work: () async throws -> JSONValue) async throws -> Response {
        do {
            return Answer(try await work()).response
        } catch let error as ScenarioError {
            return Answer(.badRequest, .json(["problems": [error.json]])).response
        }
    }
}

extension Request {
    fileprivate func text() async throws -> [UInt8] {
        Array(buffer: try await body.collect(upTo: 1 << 20))
    }
}
