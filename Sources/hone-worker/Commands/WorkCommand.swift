import ArgumentParser
import Foundation
import HonePostgres
import HoneQueue
import HoneTensor
import HoneWorker
import Logging
import ServiceLifecycle
import UnixSignals

/// `hone-worker work`: claims jobs and runs them until stopped.
struct WorkCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "work",
        abstract: "Claims jobs and runs them until stopped.",
        discussion: """
            SIGTERM and Ctrl-C drain: nothing more is claimed, what runs is finished or saved and given back.

            EXAMPLES
              hone work                                    every queue, one batch at a time
              hone work --queues default,slow --concurrency 2
              hone work --drain                            finish what is queued, then leave
              hone work --engines engines.json             with models that servers elsewhere answer with
            """)

    @Option(
        help: ArgumentHelp("Queues to serve, separated by commas (default: all).", valueName: "names"),
        transform: { $0.split(separator: ",").map(String.init) })
    var queues: [String]?

    @Option(help: ArgumentHelp("How many batches of jobs run at a time.", valueName: "count"))
    var concurrency = 1

    @Option(
        help: ArgumentHelp("What computes answers: cpu, or cuda:0 (docs/devices.md).", valueName: "device"),
        transform: Device.named)
    var device = Device.cpu

    @Option(help: ArgumentHelp("Threads inside one operator, when answering.", valueName: "count"))
    var threads = 1

    @Option(
        help: ArgumentHelp(
            "Verifies answers of jobs that want that in a process of its own (default: hone-worker verify).",
            valueName: "command"))
    var verifier: String?

    @Option(
        help: ArgumentHelp("Models that servers elsewhere answer with; docs/remote-engine.md.", valueName: "file"),
        completion: .file())
    var engines: String?

    @Flag(help: "Leave when no job is left that this worker could run.")
    var drain = false

    @Option(help: ArgumentHelp("Shown in hone fleet list (default: host and process).", valueName: "name"))
    var name: String?

    @Option(
        name: .customLong("database-url"),
        help: ArgumentHelp(
            "The database to work for (default: HONE_DATABASE_URL, else 'hone dev''s).", valueName: "url"))
    var databaseURL: String?

    @OptionGroup var log: LogOptions

    func validate() throws {
        guard (1...64).contains(concurrency) else {
            throw ValidationError("--concurrency \(concurrency): give a number from 1 to 64.")
        }
        try ModelOptions.check(threads: threads)
        if let queues, queues.isEmpty { throw ValidationError("--queues names no queue.") }
        try ModelOptions.open(device)
    }

    func run() async throws {
        let logger = log.makeLogger("hone.worker")
        let engines =
            try engines.map {
                try EnginesFile(file: URL(filePath: $0), environment: ProcessInfo.processInfo.environment)
            } ?? EnginesFile()
        do {
            try ScratchDirectory.removeLeftovers()
        } catch {
            logger.warning("what killed workers left is still there", metadata: ["error": "\(error)"])
        }
        // Each batch uses one connection at a time; the claims, the maintenance and a progress report want one more.
        let pool = try Surroundings.pool(databaseURL: databaseURL, connectionCount: concurrency * 2 + 3)
        let resources = WorkerResources(
            pool: pool, store: try Surroundings.artifacts(), threads: threads, device: device,
            codeVersion: Surroundings.codeVersion,
            verifier: VerifierProcess(command: verifierCommand), engines: engines)
        let worker = try WorkerService(
            pool: pool, configuration: try configuration(engines), handlers: HandlerRegistry.handlers(resources),
            logger: logger)
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [
                    .init(service: pool),
                    .init(service: worker, successTerminationBehavior: .gracefullyShutdownGroup),
                    .init(service: Scheduler(pool: pool, codeVersion: Surroundings.codeVersion, logger: logger)),
                ],
                gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
        logger.info("working", metadata: ["queues": "\(queues?.joined(separator: ",") ?? "all")"])
        try await group.run()
        pool.close()
    }

    private var verifierCommand: [String] {
        verifier.map { ["/bin/sh", "-c", "exec " + $0] } ?? ["/proc/self/exe", "verify"]
    }

    private func configuration(_ engines: EnginesFile) throws -> WorkerConfiguration {
        let process = ProcessInfo.processInfo
        var configuration = WorkerConfiguration(name: name ?? "\(process.hostName)/\(process.processIdentifier)")
        configuration.queues = queues
        configuration.concurrency = concurrency
        configuration.stopsWhenIdle = drain
        configuration.codeVersion = Surroundings.codeVersion
        configuration.capabilities = try PostgresJSON(
            encoding: WorkerCapabilities(device: "\(device)", engines: engines))
        return configuration
    }
}
