import Foundation
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
    /// USD before anything was made, as `GET /v2/billing` tells it; enough for three million generations, because creates
    /// that it cannot pay for are refused. A scenario's `balance` stands above it.
    package var startingBalance = 1_000_000.0
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
    /// What goes wrong; the default is nothing.
    package var scenario = Scenario()

    package init() {}
}
