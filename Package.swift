// swift-tools-version: 6.2
import Foundation
import PackageDescription

// libtorch lies outside the checkout; `ops/setup` links it as `.deps/torch`.
let torch = Context.environment["LIBTORCH"] ?? Context.packageDirectory + "/.deps/torch"

// The C++ of CTorch can also be a library of its own, built against another libtorch by `ops/shim`.
let shim = Context.environment["HONE_SHIM"]

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]
// Targets that hold C pointers also mark every unsafe expression.
let strictMemory: [SwiftSetting] = strict + [.strictMemorySafety()]

func libraries(in folder: String) -> LinkerSetting {
    .unsafeFlags(["-L\(folder)", "-Xlinker", "-rpath", "-Xlinker", folder])
}

let torchTarget: Target =
    shim != nil
    ? .systemLibrary(name: "CTorch", path: "Sources/CTorch/include")
    : .target(
        name: "CTorch",
        cxxSettings: [
            .unsafeFlags([
                "-isystem", "\(torch)/include", "-isystem", "\(torch)/include/torch/csrc/api/include",
                "-Wall", "-Wextra", "-Werror", "-O3",
            ])
        ],
        linkerSettings: [
            libraries(in: "\(torch)/lib"),
            .linkedLibrary("torch_cpu"), .linkedLibrary("c10"),
        ])

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let asyncAlgorithms = Target.Dependency.product(name: "AsyncAlgorithms", package: "swift-async-algorithms")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let serviceLifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let unixSignals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let subprocess = Target.Dependency.product(name: "Subprocess", package: "swift-subprocess")
let system = Target.Dependency.product(name: "SystemPackage", package: "swift-system")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")

let package = Package(
    name: "hone",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "hone", targets: ["hone"]),
        .executable(name: "hone-worker", targets: ["hone-worker"]),
        .executable(name: "hone-bench", targets: ["hone-bench"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-async-algorithms", from: "1.1.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-system", from: "1.5.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.0"),
    ],
    targets: [
        // Programs
        .executableTarget(
            name: "hone",
            dependencies: [
                "HoneBatch", "HoneCatalog", "HoneConcurrency", "HoneDatasets", "HoneEmbedded", "HoneFeedback",
                "HoneMigrations", "HonePipeline", "HonePlots", "HonePostgres", "HoneProblems", argumentParser,
                asyncAlgorithms, logging,
                serviceLifecycle, subprocess, system, unixSignals,
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "hone-worker",
            dependencies: [
                "HoneArtifacts", "HoneDatasets", "HoneEmbedded", "HoneGrammar", "HoneHTTP", "HoneInference",
                "HonePostgres",
                "HonePipeline", "HoneQueue", "HoneRemote", "HoneTensor", "HoneTokenizer", "HoneWorker", argumentParser,
                logging, serviceLifecycle, unixSignals,
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "hone-bench",
            dependencies: [
                "HoneBatch", "HoneCatalog", "HoneDatasets", "HoneEmbedded", "HoneEvaluation", "HoneFeedback",
                "HoneGrammar", "HoneInference", "HoneMigrations", "HoneModel", "HonePlots", "HonePostgres",
                "HoneProblems", "HoneQueue", "HoneTensor", "HoneTokenizer", "HoneTraining", "HoneWorker",
                argumentParser, logging, subprocess,
            ],
            swiftSettings: strict),

        // The meeting floor: the only module that imports both wings
        .target(
            name: "HoneWorker",
            dependencies: [
                "HoneArtifacts", "HoneBatch", "HoneCatalog", "HoneConcurrency", "HoneDatasets", "HoneEvaluation",
                "HoneFeedback", "HoneGrammar", "HoneHTTP", "HoneInference", "HoneModel", "HonePipeline", "HonePlots",
                "HonePostgres", "HoneProblems", "HoneQueue", "HoneRemote", "HoneTensor", "HoneTokenizer",
                "HoneTraining", asyncAlgorithms, logging, serviceLifecycle,
            ],
            swiftSettings: strict),

        // Database wing
        .target(
            name: "HonePipeline", dependencies: ["HoneDatasets", "HonePostgres", yams], swiftSettings: strict),
        .target(
            name: "HoneFeedback", dependencies: ["HoneCatalog", "HoneDatasets", "HonePostgres", "HoneProblems"],
            swiftSettings: strict),
        .target(
            name: "HoneBatch", dependencies: ["HoneDatasets", "HonePostgres", crypto], swiftSettings: strict),
        .target(
            name: "HoneCatalog", dependencies: ["HoneArtifacts", "HoneDatasets", "HonePostgres"], swiftSettings: strict),
        .target(
            name: "HoneQueue",
            dependencies: ["HoneConcurrency", "HonePostgres", logging, serviceLifecycle], swiftSettings: strict),
        .target(
            name: "HoneEmbedded",
            dependencies: ["HoneConcurrency", "HonePostgres", logging, subprocess, system], swiftSettings: strict),
        .target(
            name: "HonePostgres",
            dependencies: ["CLibPQ", "HoneConcurrency", crypto, logging, serviceLifecycle],
            swiftSettings: strictMemory),
        // `Migrations/*.sql`, compiled in by the plugin
        .target(
            name: "HoneMigrations", dependencies: ["HonePostgres"], swiftSettings: strict,
            plugins: ["EmbedMigrations"]),
        .plugin(name: "EmbedMigrations", capability: .buildTool(), dependencies: ["embed-migrations"]),
        .executableTarget(name: "embed-migrations", swiftSettings: strict),

        // Numeric wing
        .target(name: "HoneEvaluation", dependencies: ["HoneProblems"], swiftSettings: strict),
        .target(
            name: "HoneTraining",
            dependencies: ["HoneConcurrency", "HoneInference", "HoneModel", "HoneTensor", "HoneTokenizer", crypto],
            swiftSettings: strict),
        .target(
            name: "HoneInference",
            dependencies: [
                "HoneConcurrency", "HoneGrammar", "HoneModel", "HoneProblems", "HoneTensor", "HoneTokenizer",
            ],
            swiftSettings: strict),
        .target(
            name: "HoneRemote",
            dependencies: [
                "HoneConcurrency", "HoneDatasets", "HoneGrammar", "HoneHTTP", "HoneInference", "HoneTokenizer", crypto,
                logging,
            ],
            swiftSettings: strict),
        .target(name: "HoneGrammar", dependencies: ["HoneTokenizer"], swiftSettings: strict),
        .target(name: "HoneModel", dependencies: ["HoneTensor"], swiftSettings: strict),
        .target(name: "HoneTokenizer", swiftSettings: strict),
        .target(
            name: "HoneTensor", dependencies: ["CTorch"], swiftSettings: strictMemory,
            linkerSettings: shim.map { [libraries(in: $0), .linkedLibrary("CTorch")] } ?? []),

        // Foundations
        .target(name: "HoneHTTP", dependencies: ["CCurl"], swiftSettings: strictMemory),
        .target(name: "HoneDatasets", dependencies: ["HoneProblems"], swiftSettings: strict),
        .target(name: "HoneProblems", swiftSettings: strict),
        .target(name: "HonePlots", swiftSettings: strict),
        .target(name: "HoneArtifacts", dependencies: [crypto], swiftSettings: strict),
        .target(name: "HoneConcurrency", swiftSettings: strict),

        // C
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CLibPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        torchTarget,

        // Tests
        .target(
            name: "FileDamage", dependencies: ["SeededRandom"], path: "Tests/FileDamage", swiftSettings: strict),
        .target(name: "HostileServer", path: "Tests/HostileServer", swiftSettings: strict),
        .target(name: "SeededRandom", path: "Tests/SeededRandom", swiftSettings: strict),
        .target(
            name: "HoneTesting",
            dependencies: ["HoneEmbedded", "HoneMigrations", "HonePostgres"], path: "Tests/HoneTesting",
            swiftSettings: strict),
        .testTarget(name: "HoneTensorTests", dependencies: ["HoneTensor", "SeededRandom"], swiftSettings: strict),
        .testTarget(
            name: "HoneModelTests", dependencies: ["FileDamage", "HoneModel", "HoneTensor", "SeededRandom"],
            swiftSettings: strict),
        .testTarget(
            name: "HoneTokenizerTests", dependencies: ["FileDamage", "HoneTokenizer", "SeededRandom"],
            swiftSettings: strict),
        .testTarget(
            name: "HoneInferenceTests",
            dependencies: [
                "HoneGrammar", "HoneInference", "HoneModel", "HoneProblems", "HoneTensor", "HoneTokenizer",
                "SeededRandom",
            ],
            swiftSettings: strict),
        .testTarget(
            name: "HoneGrammarTests", dependencies: ["HoneGrammar", "HoneTokenizer", "SeededRandom"],
            swiftSettings: strict),
        .testTarget(
            name: "HoneHTTPTests", dependencies: ["HoneConcurrency", "HoneHTTP", "HostileServer"], swiftSettings: strict
        ),
        .testTarget(
            name: "HoneRemoteTests",
            dependencies: [
                "HoneGrammar", "HoneHTTP", "HoneInference", "HoneRemote", "HoneTokenizer", "HostileServer", crypto,
            ],
            swiftSettings: strict),
        .testTarget(
            name: "HoneTrainingTests",
            dependencies: ["HoneTraining", "HoneInference", "HoneModel", "HoneTensor", "HoneTokenizer"],
            swiftSettings: strict),
        .testTarget(
            name: "HoneEvaluationTests", dependencies: ["HoneEvaluation", "HoneProblems"], swiftSettings: strict),
        .testTarget(name: "HoneProblemsTests", dependencies: ["HoneProblems"], swiftSettings: strict),
        .testTarget(name: "HonePlotsTests", dependencies: ["HonePlots"], swiftSettings: strict),
        .testTarget(name: "HoneDatasetsTests", dependencies: ["HoneDatasets", "HoneProblems"], swiftSettings: strict),
        .testTarget(name: "HoneArtifactsTests", dependencies: ["HoneArtifacts"], swiftSettings: strict),
        .testTarget(name: "HoneConcurrencyTests", dependencies: ["HoneConcurrency"], swiftSettings: strict),
        .testTarget(
            name: "HonePostgresTests",
            dependencies: ["HoneConcurrency", "HoneMigrations", "HonePostgres", "HoneTesting"], swiftSettings: strict),
        .testTarget(
            name: "HoneEmbeddedTests", dependencies: ["HoneEmbedded", "HonePostgres", "HoneTesting"],
            swiftSettings: strict),
        .testTarget(
            name: "HoneQueueTests",
            dependencies: [
                "HoneConcurrency", "HoneEmbedded", "HoneMigrations", "HonePostgres", "HoneQueue", "HoneTesting",
                "SeededRandom", logging, serviceLifecycle,
            ],
            swiftSettings: strict),
        .testTarget(
            name: "HoneBatchTests",
            dependencies: ["HoneBatch", "HoneDatasets", "HonePostgres", "HoneQueue", "HoneTesting"],
            swiftSettings: strict),
        .testTarget(
            name: "HoneCatalogTests",
            dependencies: ["HoneArtifacts", "HoneCatalog", "HoneDatasets", "HonePostgres", "HoneTesting"],
            swiftSettings: strict),
        .testTarget(
            name: "HoneFeedbackTests",
            dependencies: [
                "HoneCatalog", "HoneDatasets", "HoneFeedback", "HonePostgres", "HoneQueue", "HoneTesting",
                "SeededRandom",
            ],
            swiftSettings: strict),
        .testTarget(
            name: "HonePipelineTests", dependencies: ["HoneDatasets", "HonePipeline", "HonePostgres", "HoneTesting"],
            swiftSettings: strict),
        .testTarget(
            name: "HoneWorkerTests",
            dependencies: [
                "HoneArtifacts", "HoneCatalog", "HoneDatasets", "HoneEmbedded", "HoneEvaluation", "HoneFeedback",
                "HoneGrammar", "HoneMigrations", "HoneModel", "HonePipeline", "HonePostgres", "HoneQueue", "HoneTensor",
                "HoneTesting", "HoneTokenizer", "HoneTraining", "HoneWorker", "HostileServer",
            ],
            swiftSettings: strict),
        .testTarget(
            name: "CommandTests", dependencies: ["HonePostgres", "HoneTesting", "hone", subprocess, system],
            swiftSettings: strict),
        .testTarget(name: "TidyTests", dependencies: [], swiftSettings: strict),
    ],
    cxxLanguageStandard: .cxx20
)
