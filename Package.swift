// swift-tools-version: 6.2
import PackageDescription

// One kind of side effect per room; the table in Sources/Jobs/Jobs.docc says which, scripts/lint holds the imports to it.

let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny")
]

func room(_ name: String, _ dependencies: [Target.Dependency] = [], resources: [Resource] = []) -> Target {
    .target(name: name, dependencies: dependencies, resources: resources, swiftSettings: settings)
}

func tests(
    _ name: String, _ dependencies: [Target.Dependency], exclude: [String] = [], resources: [Resource] = []
) -> Target {
    .testTarget(
        name: name, dependencies: dependencies + ["TestKit"], exclude: exclude, resources: resources,
        swiftSettings: settings)
}

func library(_ name: String, pkgConfig: String? = nil, apt: String) -> Target {
    .systemLibrary(name: name, pkgConfig: pkgConfig, providers: [.apt([apt])])
}

let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let grdbSQLite: Target.Dependency = .product(name: "GRDBSQLite", package: "GRDB.swift")
let grdb: Target.Dependency = .product(name: "GRDB", package: "GRDB.swift")
let heap: Target.Dependency = .product(name: "HeapModule", package: "swift-collections")
let httpClient: Target.Dependency = .product(name: "AsyncHTTPClient", package: "async-http-client")
let hummingbird: Target.Dependency = .product(name: "Hummingbird", package: "hummingbird")
let lifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let lifecycleTestKit: Target.Dependency = .product(
    name: "ServiceLifecycleTestKit", package: "swift-service-lifecycle")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let metrics: Target.Dependency = .product(name: "Metrics", package: "swift-metrics")
let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioHTTP: Target.Dependency = .product(name: "NIOHTTP1", package: "swift-nio")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")
let nioSSL: Target.Dependency = .product(name: "NIOSSL", package: "swift-nio-ssl")
let subprocess: Target.Dependency = .product(name: "Subprocess", package: "swift-subprocess")

let system: Target.Dependency = .product(name: "SystemPackage", package: "swift-system")
let yams: Target.Dependency = .product(name: "Yams", package: "Yams")

let package = Package(
    name: "hotreel",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "hotreel", targets: ["hotreel"])
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.0"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2"),
    ],
    targets: [
        // C libraries from the distribution: a module map and a header each, no logic.
        library("CInotifyTools", apt: "libinotifytools0-dev"),
        library("CVips", pkgConfig: "vips", apt: "libvips-dev"),
        library("CJansson", pkgConfig: "jansson", apt: "libjansson-dev"),
        .systemLibrary(name: "CLinux"),
        library("CZlib", pkgConfig: "zlib", apt: "zlib1g-dev"),

        room("Jobs"),
        room("Catalog", ["Jobs", "CJansson"], resources: [.copy("Models")]),
        room("Folders", ["Jobs", "Catalog", "CInotifyTools", "CLinux", crypto, heap, logging, system]),
        room("Media", ["Jobs", "CVips", "CZlib", subprocess, system]),
        room("VideoAPI", ["Jobs", crypto, httpClient, logging, nioCore, nioHTTP, nioSSL, system]),
        room("SQLiteStore", ["Jobs", grdb, grdbSQLite]),
        room(
            "Pipeline", ["Jobs", "Catalog", "Folders", "Media", "VideoAPI", heap, lifecycle, logging, metrics, system]),
        room("Simulator", ["Media", crypto, hummingbird, lifecycle, logging, nioCore, system]),
        .executableTarget(
            name: "hotreel",
            dependencies: [
                "Jobs", "Catalog", "Folders", "Media", "VideoAPI", "SQLiteStore", "Pipeline", "Simulator",
                argumentParser, lifecycle, logging, subprocess, system, yams,
            ],
            swiftSettings: settings),

        .target(
            name: "TestKit", dependencies: ["Jobs", subprocess, system], path: "Tests/TestKit",
            exclude: ["Specifications"], swiftSettings: settings),
        tests("JobsTests", ["Jobs"]),
        tests("CatalogTests", ["Catalog"]),
        tests("FoldersTests", ["Folders"], resources: [.copy("WatcherScenarios")]),
        tests("MediaTests", ["Media"]),
        tests("VideoAPITests", ["VideoAPI", hummingbird, nioCore, nioHTTP, nioPosix]),
        tests("SQLiteStoreTests", ["SQLiteStore", grdb]),
        tests("PipelineTests", ["Pipeline", "SQLiteStore", lifecycle, lifecycleTestKit, logging, subprocess, system]),
        tests("SimulatorTests", ["Simulator", httpClient, nioCore, nioPosix]),
        tests("EndToEndTests", ["hotreel", "Pipeline", "SQLiteStore", subprocess]),
        tests("ClientTests", ["hotreel", "Jobs", subprocess, system], exclude: ["Programs"]),
    ],
    swiftLanguageModes: [.v6]
)
