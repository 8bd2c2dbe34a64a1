import Foundation
import Hummingbird
import SystemPackage

/// How the stand-in behaves.
package struct SimulatorConfiguration: Sendable {
    package var host = "127.0.0.1"
    /// 0 takes any free port.
    package var port = 0
    /// The one key that is accepted; nil accepts any.
    package var apiKey: String?
    /// How long a generation stays `queued`.
    package var queueTime: Duration = .seconds(1)
    /// How long a generation stays `generating` at least; rendering its preview may take longer.
    package var renderTime: Duration = .seconds(2)
    /// What a second of video costs; 1 USD is 2,000,000 credits.
    package var creditsPerSecond = 126_000
    /// USD at the start, as `GET /v2/billing` tells it.
    package var startingBalance = 1000.0
    /// Where decoded pictures, videos and what was asked lie, for a week and across restarts; nil takes a new folder below
    /// the system's temporary one and removes it at the end.
    package var directory: FilePath?
    /// Where the body of every accepted create is kept byte for byte, as `0001.json`, `0002.json`, …; nil keeps none.
    package var recordDirectory: FilePath?
    /// Larger request bodies are refused with 413.
    package var maxBodyBytes = 120_000_000
    /// Previews rendered side by side; others wait.
    package var rendersAtOnce = ProcessInfo.processInfo.activeProcessorCount
    /// Pixels in a preview's frame, about; a quarter of them takes about a quarter of the time.
    package var previewArea = 640 * 360
    /// For measuring the client: pictures are not looked at, and every generation gets the same short stock video.
    package var isInstant = false
    /// Stands before every operation and may delay, change or replace its answer. The default changes nothing.
    package var scenario: Scenario = { _, answer in try await answer() }

    package init() {}

    package typealias Scenario =
        @Sendable (SimulatedCall, _ answer: @Sendable () async throws -> Response) async throws -> Response
}

/// A request as a scenario sees it.
package struct SimulatedCall: Sendable {
    package enum Operation: String, Sendable, CaseIterable {
        case create, poll, logs, billing, download
    }

    package let operation: Operation
    /// How many requests of this operation have come, this one included.
    package let number: Int
    package let request: Request
}
