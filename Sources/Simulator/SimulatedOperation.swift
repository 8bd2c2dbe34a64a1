/// The vendor's operations, and the content host's one.
package enum SimulatedOperation: String, Sendable, CaseIterable {
    case create, poll, logs, billing, download
}
