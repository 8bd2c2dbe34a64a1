import Foundation
import Hummingbird
import Logging
import ServiceLifecycle
import SystemPackage

/// A stand-in for the paid API on this machine: the same operations by the vendor's own schema, real preview videos
/// rendered from the pictures that are sent, and nothing ever billed.
///
/// What goes wrong there is told by a ``Scenario``. Besides the vendor's operations it answers, for tests, those of
/// ``InspectionRoutes``.
package struct Simulator: Service {
    private let configuration: SimulatorConfiguration
    private let logger: Logger
    private let onReady: @Sendable (_ port: Int) async -> Void

    /// - Parameter onReady: called once with the bound port, when requests are being answered.
    package init(
        configuration: SimulatorConfiguration, logger: Logger, onReady: @escaping @Sendable (_ port: Int) async -> Void
    ) {
        self.configuration = configuration
        self.logger = logger
        self.onReady = onReady
    }

    /// Serves until a graceful shutdown or until the task is cancelled; previews under way are given up then.
    package func run() async throws {
        let folders = try SimulatorFolders(configuration)
        defer { folders.remove() }
        let ledger = try GenerationLedger(configuration)
        let (orders, renders) = AsyncStream.makeStream(of: RenderQueue.Order.self)
        let queue = RenderQueue(
            ledger: ledger, folder: folders.videos, atOnce: max(1, configuration.rendersAtOnce),
            frameArea: configuration.previewArea, logger: logger)
        let calls = CallHandling(configuration: configuration, ledger: ledger, logger: logger)

        let router = Router(context: SimulatorContext.self)
        CreateRoute(
            calls: calls, folders: folders, renders: renders, stock: StockVideos(folder: folders.videos),
            reader: CreateBodyReader(folder: folders.uploads, keepsPictures: !configuration.isInstant)
        ).add(to: router)
        LookUpRoutes(calls: calls).add(to: router)
        DownloadRoute(calls: calls).add(to: router)
        InspectionRoutes(ledger: ledger).add(to: router)

        // The server's own lines are about connections that its shutdown cuts.
        var serverLogger = logger
        serverLogger.logLevel = .critical
        let application = Application(
            router: router,
            configuration: .init(
                address: .hostname(configuration.host, port: configuration.port), serverName: "hotreel-simulator"),
            onServerRunning: { channel in
                if let port = channel.localAddress?.port { await onReady(port) }
            },
            logger: serverLogger)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await queue.run(orders) }
            try await application.run()
            group.cancelAll()
        }
    }
}

/// Where the stand-in keeps what it must not hold in memory.
struct SimulatorFolders: Sendable {
    let root: FilePath
    let records: FilePath?
    private let isOwn: Bool

    init(_ configuration: SimulatorConfiguration) throws {
        isOwn = configuration.directory == nil
        root =
            configuration.directory
            ?? FilePath(FileManager.default.temporaryDirectory.path()).appending(
                "hotreel-simulator-\(UUID().uuidString)")
        records = configuration.recordDirectory
        for folder in [uploads, videos, records].compactMap(\.self) {
            try FileManager.default.createDirectory(atPath: folder.string, withIntermediateDirectories: true)
        }
    }

    var uploads: FilePath { root.appending("uploads") }
    var videos: FilePath { root.appending("videos") }

    func remove() {
        if isOwn { try? FileManager.default.removeItem(atPath: root.string) }
    }
}
