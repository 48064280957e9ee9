// swift-tools-version: 6.3

import PackageDescription

let package = Package(
    name: "lathe",
    products: [
        .executable(name: "lathe", targets: ["lathe"]),
        .executable(name: "lathe-media", targets: ["lathe-media"]),
        .library(name: "LathePipeline", targets: ["Pipeline"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(
            url: "https://github.com/apple/swift-configuration", from: "1.4.0", traits: ["YAML", "Logging"]),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2"),
    ],
    targets: [
        // C libraries: each is imported by exactly one Swift target.
        .systemLibrary(
            name: "CFFmpeg", pkgConfig: "libavformat libavcodec libswresample libavutil",
            providers: [.apt(["libavformat-dev", "libavcodec-dev", "libswresample-dev", "libavutil-dev"])]),
        .systemLibrary(name: "CEbur128", pkgConfig: "libebur128", providers: [.apt(["libebur128-dev"])]),
        .systemLibrary(name: "CChromaprint", pkgConfig: "libchromaprint", providers: [.apt(["libchromaprint-dev"])]),
        .systemLibrary(name: "CCairo", pkgConfig: "cairo", providers: [.apt(["libcairo2-dev"])]),
        .systemLibrary(name: "CPostgres", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CISAL", pkgConfig: "libisal", providers: [.apt(["libisal-dev"])]),
        .systemLibrary(name: "CSeccomp", pkgConfig: "libseccomp", providers: [.apt(["libseccomp-dev"])]),
        .systemLibrary(name: "CXXHash", pkgConfig: "libxxhash", providers: [.apt(["libxxhash-dev"])]),
        .systemLibrary(name: "CUnixSocket"),

        // The values lathe and lathe-media exchange: requests, reports, failures.
        .target(name: "MediaContract"),
        // Samples and files; no jobs, no network.
        .target(
            name: "Audio",
            dependencies: [
                "CChromaprint", "CEbur128", "CFFmpeg", "MediaContract",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "SystemPackage", package: "swift-system"),
            ]),
        // What lathe-media gives up before it reads a file.
        .target(name: "CConfinement"),
        .target(name: "Confinement", dependencies: ["CConfinement", "CSeccomp", "MediaContract"]),
        // The pipe between lathe and lathe-media, and the parent's half of the conversation.
        .target(
            name: "MediaSandbox",
            dependencies: [
                "CUnixSocket", "MediaContract",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "SystemPackage", package: "swift-system"),
            ]),
        // What was measured, for people: findings, waveform files, pictures, pages. Knows no file that is analyzed.
        .target(name: "Reports", dependencies: ["CCairo", "MediaContract"]),
        .executableTarget(
            name: "lathe-media",
            dependencies: [
                "Audio", "CConfinement", "Confinement", "MediaContract", "MediaSandbox",
                .product(name: "SystemPackage", package: "swift-system"),
            ]),
        .target(
            name: "ObjectStorage",
            dependencies: [
                "CCurl", "CISAL",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "SystemPackage", package: "swift-system"),
            ]),
        .target(
            name: "Postgres",
            dependencies: ["CPostgres", .product(name: "Logging", package: "swift-log")]),
        // The numbered SQL files of migrations/, embedded.
        .target(
            name: "Migrations", dependencies: ["Postgres"], path: "migrations",
            resources: [
                .embedInCode("0001_app_tables.sql"),
                .embedInCode("0002_workers.sql"),
                .embedInCode("0003_upload_job_scheduling.sql"),
                .embedInCode("0004_processing.sql"),
                .embedInCode("0005_upload_jobs_pending_index.sql"),
                .embedInCode("0006_upload_jobs_running_index.sql"),
                .embedInCode("0007_upload_jobs_target_index.sql"),
                .embedInCode("0008_releases_processing_index.sql"),
                .embedInCode("0009_releases_processing_error.sql"),
                .embedInCode("0010_job_control.sql"),
                .embedInCode("0011_upload_job_control.sql"),
                .embedInCode("0012_doorbell.sql"),
                .embedInCode("0013_upload_jobs_doorbell.sql"),
                .embedInCode("0014_releases_doorbell.sql"),
                .embedInCode("0015_upload_jobs_ready_index.sql"),
                .embedInCode("0016_processing_jobs_ready_index.sql"),
                .embedInCode("0017_upload_jobs_pending_index_dropped.sql"),
                .embedInCode("0018_processing_jobs_pending_index_dropped.sql"),
                .embedInCode("0019_bells.sql"),
                .embedInCode("0020_upload_jobs_bell.sql"),
                .embedInCode("0021_releases_bell.sql"),
                .embedInCode("0022_audio_reports.sql"),
                .embedInCode("0023_release_reports.sql"),
                .embedInCode("0024_multipart_uploads.sql"),
            ]),
        .target(
            name: "Jobs",
            dependencies: [
                "Postgres",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]),
        .target(
            name: "Pipeline",
            dependencies: [
                "Jobs", "MediaContract", "MediaSandbox", "Migrations", "ObjectStorage", "Postgres", "Reports",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "SystemPackage", package: "swift-system"),
            ]),
        // A private Postgres cluster in a temporary folder, for `lathe demo` and the tests.
        .target(
            name: "PrivatePostgres",
            dependencies: [
                "Postgres", .product(name: "Logging", package: "swift-log"),
                .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "SystemPackage", package: "swift-system"),
            ]),
        .executableTarget(
            name: "lathe",
            dependencies: [
                "CXXHash", "Jobs", "MediaContract", "MediaSandbox", "Migrations", "ObjectStorage", "Pipeline",
                "Postgres",
                "PrivatePostgres", "Reports",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Configuration", package: "swift-configuration"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "SystemPackage", package: "swift-system"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ]),

        // Lathe's half of Benchmarks/queue.
        .executableTarget(
            name: "queue-benchmark",
            dependencies: [
                "Jobs", "Migrations", "Postgres",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ],
            path: "Benchmarks/QueueBenchmark"),
        // What a process of its own costs a file.
        .executableTarget(
            name: "sandbox-benchmark",
            dependencies: [
                "Audio", "lathe-media", "MediaContract", "MediaSandbox",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            path: "Benchmarks/SandboxBenchmark"),

        .target(
            name: "TestSupport",
            dependencies: [
                "Migrations", "Postgres", "PrivatePostgres", .product(name: "Logging", package: "swift-log"),
                .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            path: "Tests/TestSupport"),
        // Jobs, workers and a server, and all that can be taken away from them: for ChaosTests and scripts/chaos.
        .target(
            name: "ChaosHarness",
            dependencies: [
                "Migrations", "Postgres", "PrivatePostgres", "TestSupport",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            path: "Tests/ChaosHarness"),
        .executableTarget(
            name: "chaos-worker",
            dependencies: [
                "ChaosHarness", "Jobs", "Postgres", .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            path: "Tests/ChaosWorker"),
        .executableTarget(
            name: "chaos",
            dependencies: [
                "ChaosHarness", "chaos-worker", .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Tests/Chaos"),

        // Broken files through lathe-media: for scripts/fuzz.
        .target(name: "FuzzingHarness", dependencies: ["TestSupport"], path: "Tests/Fuzzing/Harness"),
        .executableTarget(
            name: "mutations",
            dependencies: [
                "FuzzingHarness", "lathe-media", "MediaContract", "MediaSandbox", "TestSupport",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            path: "Tests/Fuzzing/Mutations"),

        .testTarget(
            name: "AudioTests",
            dependencies: [
                "Audio", "MediaContract", "TestSupport", .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "SystemPackage", package: "swift-system"),
            ]),
        // Confines itself as lathe-media does, then does what no layer may let it do: for MediaSandboxTests.
        .executableTarget(
            name: "sandbox-violator", dependencies: ["Confinement", "CViolations", "MediaContract"],
            path: "Tests/SandboxViolator/Violator"),
        .target(name: "CViolations", path: "Tests/SandboxViolator/CViolations"),
        .testTarget(
            name: "MediaSandboxTests",
            dependencies: [
                "lathe-media", "sandbox-violator", "MediaContract", "MediaSandbox",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "SystemPackage", package: "swift-system"),
            ]),
        .testTarget(
            name: "ReportsTests",
            dependencies: [
                "Audio", "MediaContract", "Reports", "TestSupport",
                .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "SystemPackage", package: "swift-system"),
            ]),
        .testTarget(
            name: "ObjectStorageTests",
            dependencies: [
                "ObjectStorage", "TestSupport", .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "SystemPackage", package: "swift-system"),
            ]),
        .testTarget(
            name: "PostgresTests",
            dependencies: [
                "Postgres", "PrivatePostgres", "TestSupport", .product(name: "Logging", package: "swift-log"),
                .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "SystemPackage", package: "swift-system"),
            ]),
        .testTarget(
            name: "JobsTests",
            dependencies: [
                "Jobs", "Postgres", "TestSupport",
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]),
        .testTarget(
            name: "ChaosTests",
            dependencies: ["ChaosHarness", "chaos-worker", "Postgres", "PrivatePostgres", "TestSupport"]),
        .testTarget(
            name: "PipelineTests",
            dependencies: [
                "Jobs", "lathe-media", "Migrations", "ObjectStorage", "Pipeline", "Postgres", "TestSupport",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "SystemPackage", package: "swift-system"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ]),
        .testTarget(
            name: "CommandTests",
            dependencies: [
                "lathe", "lathe-media", "Migrations", "Pipeline", "Postgres", "PrivatePostgres", "TestSupport",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "SystemPackage", package: "swift-system"),
            ]),
    ]
)

// libFuzzer brings its own main, so the program only links in a build with it: `scripts/fuzz coverage`.
if Context.environment["LATHE_FUZZ"] != nil {
    package.targets.append(
        .executableTarget(
            name: "media-fuzzer",
            dependencies: [
                "Audio", "CConfinement", "MediaContract", .product(name: "SystemPackage", package: "swift-system"),
            ],
            path: "Tests/Fuzzing/Fuzzer"))
}

// Swift's settings are errors in a target of C.
let targetsInC = ["CConfinement", "CViolations"]
for target in package.targets where target.type != .system && !targetsInC.contains(target.name) {
    target.swiftSettings = [
        .swiftLanguageMode(.v6),
        // A warning nobody must fix is a warning nobody reads; deprecations of C libraries are not ours to time.
        .treatAllWarnings(as: .error),
        .treatWarning("DeprecatedDeclaration", as: .warning),
        // Every use of a raw pointer is marked `unsafe` where it stands.
        .strictMemorySafety(),
        // `any` marks the cost and the seam.
        .enableUpcomingFeature("ExistentialAny"),
        // A file imports what it uses, and an import is public only where the API needs it.
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        // An async function runs where its caller runs, unless it says @concurrent.
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
        .enableUpcomingFeature("ImmutableWeakCaptures"),
    ]
}

// Loops over samples take some fifty times as long in a debug build, and most of the tests' time with them.
for target in package.targets where ["Audio", "AudioTests"].contains(target.name) {
    target.swiftSettings?.append(.unsafeFlags(["-O"], .when(configuration: .debug)))
}
