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
    /// How long a download may stand still, or drip.
    package var downloadIdleTimeout: Duration
    /// Whether results may be fetched from loopback, private and link-local addresses. Otherwise an API that has been broken into
    /// could have Hotreel read what only this machine can reach, a cloud's metadata service for one.
    package var allowsPrivateHosts: Bool
    /// Connections at a time for each purpose: POSTs, polls and look-ups, downloads. Whoever comes later waits.
    package var maxConnections: Int

    /// - Parameter allowsPrivateHosts: nil to allow it just where the API itself is on this machine, as the stand-in is.
    package init(
        baseURL: URL, apiKey: APIKey, connectTimeout: Duration = .seconds(10), submitTimeout: Duration = .seconds(120),
        pollTimeout: Duration = .seconds(30), downloadIdleTimeout: Duration = .seconds(60), maxConnections: Int = 8,
        allowsPrivateHosts: Bool? = nil
    ) {
        self.baseURL = baseURL
        self.apiKey = apiKey
        self.connectTimeout = connectTimeout
        self.submitTimeout = submitTimeout
        self.pollTimeout = pollTimeout
        self.downloadIdleTimeout = downloadIdleTimeout
        self.maxConnections = maxConnections
        self.allowsPrivateHosts = allowsPrivateHosts ?? baseURL.isOnThisMachine
    }
}

extension URL {
    /// `localhost`, 127/8 or ::1.
    fileprivate var isOnThisMachine: Bool {
        let host = host(percentEncoded: false)?.lowercased() ?? ""
        return host == "localhost" || ["::1", "[::1]"].contains(host)
            || host.wholeMatch(of: /127\.\d{1,3}\.\d{1,3}\.\d{1,3}/) != nil
    }
}
