import AsyncAlgorithms
import Foundation
import Logging
import ServiceLifecycle
import Subprocess

#if canImport(System)
    import System
#else
    import SystemPackage
#endif

/// Keeps one `hone-worker` running: starts it, starts it again when it dies, drains it at shutdown.
struct WorkerSupervisor: Service {
    let workerPath: String
    let databaseURL: String
    let processFile: WorkerProcessFile
    let logger: Logger

    /// A worker that ran this long was healthy: its death is a first one again.
    private let healthyRun = Duration.seconds(60)
    private let longestPause = Duration.seconds(30)
    /// What a program that cannot be executed, or lacks a library, exits with: trying again changes nothing.
    private static let cannotStart: ClosedRange<Int32> = 126...127
    /// How long a draining worker may finish or checkpoint what it holds.
    private let drainTime = Duration.seconds(30)

    init(workerPath: String, databaseURL: String, processFile: WorkerProcessFile, logger: Logger) {
        self.workerPath = workerPath
        self.databaseURL = databaseURL
        self.processFile = processFile
        self.logger = logger
    }

    func run() async throws {
        var pause = Duration.seconds(1)
        while !Task.isShuttingDownGracefully, !Task.isCancelled {
            let start = ContinuousClock.now
            let ending = try await runOnce()
            if case .exited(let code) = ending, Self.cannotStart.contains(code) {
                throw CommandError.programNotStarted(
                    path: workerPath, reason: "the lines above say why; 'hone doctor' checks the set-up")
            }
            guard !Task.isShuttingDownGracefully, !Task.isCancelled else { return }
            if start.duration(to: .now) >= healthyRun { pause = .seconds(1) }
            logger.warning("The worker ended (\(ending)); starting it again in \(pause.components.seconds) s")
            await wait(pause)
            pause = min(pause * 2, longestPause)
        }
    }

    /// Runs one worker until it ends; a graceful shutdown drains it.
    private func runOnce() async throws -> TerminationStatus {
        let result = try await cancelWhenGracefulShutdown {
            try await Subprocess.run(
                .path(FilePath(workerPath)), arguments: ["work"],
                environment: .inherit.updating(["HONE_DATABASE_URL": databaseURL]), platformOptions: platformOptions,
                input: .none, output: .currentStandardOutput, error: .currentStandardError
            ) { execution in
                try processFile.record(execution.processIdentifier.value)
            }
        }
        processFile.clear()
        return result.terminationStatus
    }

    private var platformOptions: PlatformOptions {
        var options = PlatformOptions()
        options.processGroupID = 0  // a group of its own, so that Ctrl-C reaches it once, through us
        options.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: drainTime)]
        return options
    }

    private func wait(_ pause: Duration) async {
        await cancelWhenGracefulShutdown {
            for await _ in AsyncTimerSequence(interval: pause, clock: .continuous) { return }
        }
    }
}
