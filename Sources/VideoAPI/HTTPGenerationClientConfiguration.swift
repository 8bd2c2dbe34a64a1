import Foundation

/// Where the API is, who pays, and how patient the client is.
package struct HTTPGenerationClientConfiguration: Sendable {
    /// `https://api.aimlapi.com`; a path is kept, so that a gateway below one can be used.
    package var baseURL: URL
    package var apiKey: APIKey
    /// DNS, TCP and TLS together.
    package var connectTimeout: Duration
    /// The whole POST, from the connection's start to the answer's last byte.
    package var submitTimeout: Duration
    /// A whole poll or look-up.
    package var pollTimeout: Duration
    /// How long a download may stand still.
    package var downloadIdleTimeout: Duration
    /// Connections at a time for each purpose: POSTs, polls and look-ups, downloads. Whoever comes later waits.
    package var maxConnections: Int

    package init(
        baseURL: URL, apiKey: APIKey, connectTimeout: Duration = .seconds(10), submitTimeout: Duration = .seconds(120),
        pollTimeout: Duration = .seconds(30), downloadIdleTimeout: Duration = .seconds(60), maxConnections: Int = 8
    ) {
        self.baseURL = baseURL
        self.apiKey = apiKey
        self.connectTimeout = connectTimeout
        self.submitTimeout = submitTimeout
        self.pollTimeout = pollTimeout
        self.downloadIdleTimeout = downloadIdleTimeout
        self.maxConnections = maxConnections
    }
}
