// swift-tools-version: 6.2
import PackageDescription

let nio = "swift-nio"
let log = Target.Dependency.product(name: "Logging", package: "swift-log")
let metrics = Target.Dependency.product(name: "Metrics", package: "swift-metrics")

let package = Package(
    name: "aos-reactor",
    products: [
        .executable(name: "aos-reactor", targets: ["aos-reactor"]),
        .library(name: "ReactorRuntime", targets: ["ReactorRuntime"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        // No default traits: they pull in full Foundation and swift-configuration.
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
        .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    ],
    targets: [
        // MARK: Floor 0. C libraries, each seen by the one Swift target above it.
        // hiredis' and simdjson's .pc files carry -D flags that SwiftPM refuses with a warning, and their headers are
        // on the default path: no pkgConfig.
        .systemLibrary(name: "CHiredis", providers: [.apt(["libhiredis-dev"])]),
        .systemLibrary(name: "CScheduling"),
        // libpq's headers are not on the default path: pkgConfig.
        .systemLibrary(name: "CLibPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .target(
            name: "CSimdJSON",
            publicHeadersPath: "include",
            linkerSettings: [.linkedLibrary("simdjson")]
        ),

        // MARK: Floor 1. The vocabulary.
        .target(name: "SeededRandom"),
        .target(name: "TLSFailures", dependencies: [.product(name: "NIOSSL", package: "swift-nio-ssl")]),
        .target(name: "Events", dependencies: ["CSimdJSON"]),
        .target(name: "EventPatterns", dependencies: ["Events"]),

        // MARK: Floor 2. The domain, pure; and the drivers, without domain.
        .target(
            name: "Reactions",
            dependencies: [
                "EventPatterns", "Events",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "Mustache", package: "swift-mustache"),
            ]
        ),
        .target(
            name: "RedisClient",
            dependencies: [
                "CHiredis", "SeededRandom", "TLSFailures", log,
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "NIOCore", package: nio),
                .product(name: "NIOPosix", package: nio),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "NIOTLS", package: nio),
            ]
        ),
        .target(
            name: "PostgresClient",
            dependencies: ["CLibPQ", .product(name: "DequeModule", package: "swift-collections")]
        ),
        // Programs that run beside us: servers of our own, and receivers that are programs.
        .target(name: "ChildProcesses"),
        .target(name: "RedisServer", dependencies: ["ChildProcesses", log]),
        .target(name: "Telemetry", dependencies: [log, metrics]),
        // Made-up events: for `generate` and the demo as well as for tests.
        .target(name: "SyntheticEvents", dependencies: ["Events", "SeededRandom"]),

        // MARK: Floor 3. The ports of the domain, over the drivers.
        .target(
            name: "Stores",
            dependencies: [
                "Events", "PostgresClient", "Reactions", "RedisClient", log,
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
            ]
        ),
        .target(
            name: "Delivery",
            dependencies: [
                "ChildProcesses", "EventPatterns", "Events", "Reactions", "TLSFailures", log,
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: nio),
                .product(name: "NIOHTTP1", package: nio),
                .product(name: "NIOPosix", package: nio),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ]
        ),

        // MARK: Floor 4. The pipeline.
        .target(
            name: "ReactorRuntime",
            dependencies: [
                "CScheduling", "Delivery", "EventPatterns", "Events", "Reactions", "RedisClient", "Stores", "Telemetry",
                log,
                metrics,
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "NIOCore", package: nio),
                .product(name: "NIOPosix", package: nio),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]
        ),

        // MARK: Floor 5. Configuration and the admin interface.
        .target(
            name: "ReactorConfig",
            dependencies: [
                "EventPatterns", "Events", "PostgresClient", "Reactions", "RedisClient",
                .product(name: "Yams", package: "Yams"),
            ]
        ),
        .target(
            name: "AdminAPI",
            dependencies: [
                "EventPatterns", "Events", "ReactorRuntime", "Reactions", "Telemetry", log,
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "NIOCore", package: nio),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]
        ),

        // Handlers tried out on a clock that does not wait.
        .target(
            name: "Scenarios",
            dependencies: [
                "Delivery", "EventPatterns", "Events", "Reactions", "ReactorConfig", "ReactorRuntime", "RedisClient",
                "SeededRandom", "Stores", "SyntheticEvents", "Telemetry", log,
            ]
        ),

        // MARK: Floor 6. The command line, the only composition root.
        .executableTarget(
            name: "aos-reactor",
            dependencies: [
                "AdminAPI", "Delivery", "EventPatterns", "Events", "Reactions", "ReactorConfig", "ReactorRuntime",
                "RedisClient", "RedisServer", "Scenarios", "Stores", "SyntheticEvents", "Telemetry", log, metrics,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: nio),
                .product(name: "NIOHTTP1", package: nio),
                .product(name: "NIOPosix", package: nio),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]
        ),

        // MARK: Measuring, see `make bench`. Here and not in a package of their own, because they look inside.
        .executableTarget(
            name: "EventPatternsBench",
            dependencies: ["EventPatterns", "Events"],
            path: "Benchmarks/EventPatternsBench"
        ),
        .executableTarget(
            name: "stage-bench",
            dependencies: ["EventPatterns", "Events", "Reactions", "ReactorRuntime", "RedisClient"],
            path: "Benchmarks/StageBench"
        ),
        .executableTarget(
            name: "history-bench",
            dependencies: ["Events", "Reactions", "Stores", log],
            path: "Benchmarks/HistoryBench"
        ),
        .executableTarget(
            name: "decide-bench",
            dependencies: [
                "Events", "Reactions", "RedisClient", "Stores", log, .product(name: "NIOPosix", package: nio),
            ],
            path: "Benchmarks/DecideBench"
        ),
        .executableTarget(
            name: "contract-bench",
            dependencies: ["Events", "Reactions"],
            path: "Benchmarks/ContractBench"
        ),
        .executableTarget(
            name: "machine-bench",
            dependencies: [
                "Events", "Reactions", "ReactorRuntime", "RedisClient", "Stores", log,
                .product(name: "NIOPosix", package: nio),
            ],
            path: "Benchmarks/MachineBench"
        ),
        .executableTarget(
            name: "latency-probe",
            dependencies: ["ReactorRuntime", log],
            path: "Benchmarks/LatencyProbe"
        ),

        // MARK: Tests
        .target(
            name: "ReactorTestKit",
            dependencies: [
                "ChildProcesses", "Events", "RedisServer", log,
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: nio),
                .product(name: "NIOHTTP1", package: nio),
                .product(name: "NIOPosix", package: nio),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ]
        ),
        .testTarget(name: "EventsTests", dependencies: ["Events", "ReactorTestKit", "SeededRandom"]),
        .testTarget(name: "EventPatternsTests", dependencies: ["EventPatterns", "Events", "SeededRandom"]),
        .testTarget(
            name: "RedisClientTests",
            dependencies: [
                "CHiredis", "ReactorTestKit", "RedisClient", "RedisServer", "SeededRandom", log,
                .product(name: "NIOCore", package: nio),
                .product(name: "NIOEmbedded", package: nio),
                .product(name: "NIOPosix", package: nio),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "NIOTLS", package: nio),
            ]
        ),
        .testTarget(name: "RedisServerTests", dependencies: ["ChildProcesses", "ReactorTestKit", "RedisServer", log]),
        .testTarget(name: "SyntheticEventsTests", dependencies: ["Events", "SyntheticEvents"]),
        .testTarget(
            name: "ReactorTestKitTests",
            dependencies: [
                "ReactorTestKit", "RedisServer",
                .product(name: "NIOCore", package: nio),
                .product(name: "NIOPosix", package: nio),
            ]
        ),
        .testTarget(name: "TelemetryTests", dependencies: ["Telemetry", log, metrics]),
        .testTarget(
            name: "ReactionsTests",
            dependencies: [
                "Delivery", "EventPatterns", "Events", "Reactions", "ReactorTestKit", "RedisClient", "RedisServer",
                "SeededRandom", "Stores", log,
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "NIOCore", package: nio),
                .product(name: "NIOPosix", package: nio),
            ]
        ),
        // The machines that know what must happen and by when: no I/O, so these need none of the above.
        .testTarget(
            name: "ContractTests",
            dependencies: ["EventPatterns", "Events", "Reactions", "SeededRandom", "SyntheticEvents"]
        ),
        .testTarget(
            name: "HistoryTests",
            dependencies: [
                "Events", "PostgresClient", "Reactions", "ReactorTestKit", "Stores", log,
                .product(name: "GRDB", package: "GRDB.swift"),
            ]
        ),
        .testTarget(
            name: "DeliveryTests",
            dependencies: [
                "Delivery", "EventPatterns", "Events", "Reactions", "ReactorTestKit", "RedisServer", log,
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "NIOCore", package: nio),
                .product(name: "NIOHTTP1", package: nio),
                .product(name: "NIOPosix", package: nio),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ]
        ),
        .testTarget(
            name: "ReactorConfigTests",
            dependencies: ["EventPatterns", "Events", "Reactions", "ReactorConfig", "RedisClient", "SeededRandom"]
        ),
        .testTarget(
            name: "ScenariosTests",
            dependencies: [
                "EventPatterns", "Events", "Reactions", "ReactorConfig", "Scenarios", "SeededRandom", "SyntheticEvents",
            ]
        ),
        .testTarget(
            name: "ReactorRuntimeTests",
            dependencies: [
                "CScheduling", "Delivery", "EventPatterns", "Events", "Reactions", "ReactorRuntime", "ReactorTestKit",
                "RedisClient", "RedisServer", "SeededRandom", "Stores", "SyntheticEvents", "Telemetry", log, metrics,
                .product(name: "NIOCore", package: nio),
                .product(name: "NIOEmbedded", package: nio),
                .product(name: "NIOPosix", package: nio),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]
        ),
        .testTarget(
            name: "AdminAPITests",
            dependencies: [
                "AdminAPI", "EventPatterns", "Events", "ReactorRuntime", "Reactions", "Telemetry", log,
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdTesting", package: "hummingbird"),
                .product(name: "NIOCore", package: nio),
                .product(name: "NIOPosix", package: nio),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]
        ),
        // Runs the built program as a user would, against real servers.
        .testTarget(
            name: "IntegrationTests",
            dependencies: [
                "ChildProcesses", "Events", "PostgresClient", "ReactorTestKit", "RedisServer", "SeededRandom",
                "SyntheticEvents", "aos-reactor",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "NIOCore", package: nio),
                .product(name: "NIOHTTP1", package: nio),
            ]
        ),
    ],
    cxxLanguageStandard: .cxx17
)

for target in package.targets where [.regular, .executable, .test].contains(target.type) && target.name != "CSimdJSON" {
    var settings = target.swiftSettings ?? []
    settings += [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InferIsolatedConformances"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
        .enableUpcomingFeature("ImmutableWeakCaptures"),
        .treatAllWarnings(as: .error),
    ]
    target.swiftSettings = settings
}
