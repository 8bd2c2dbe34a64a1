import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// What went wrong below HTTP, in words that name the likely cause.
enum TransportFault {
    static func words(_ error: any Error) -> String {
        switch error {
        case let error as NIOConnectionError: words(error)
        case let error as IOError: "the connection failed (\(String(cString: strerror(error.errnoCode))))"
        case let error as NIOSSLError: "no secure connection (TLS) could be made (\(error))"
        case let error as NIOSSLExtraError: "no secure connection (TLS) could be made (\(error))"
        case let error as HTTPClientError: words(error)
        case is HTTPParserError: "the answer is no HTTP or broke off"
        case is TimeLimitReached: "the time set for it ran out"
        case is CancellationError: "Hotreel was told to stop"
        case let error as AttachmentProblem: error.description
        default: "the connection failed (\(error))"
        }
    }

    private static func words(_ error: NIOConnectionError) -> String {
        guard let first = error.connectionErrors.first else {
            return "the name \(error.host) cannot be looked up (DNS)"
        }
        return "\(error.host), port \(error.port), takes no connection (\(words(first.error)))"
    }

    private static func words(_ error: HTTPClientError) -> String {
        switch error {
        case .connectTimeout, .getConnectionFromPoolTimeout, .tlsHandshakeTimeout: "no connection was made in time"
        case .deadlineExceeded, .readTimeout, .writeTimeout: "no answer came in time"
        case .remoteConnectionClosed, .uncleanShutdown: "the other side closed the connection without an answer"
        default: error.shortDescription
        }
    }
}
