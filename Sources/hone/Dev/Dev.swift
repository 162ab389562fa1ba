import ArgumentParser
import Foundation
import HoneEmbedded
import HonePostgres
import Logging
import ServiceLifecycle
import UnixSignals

/// `hone dev`: everything on one machine, until Ctrl-C.
struct Dev: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Runs a private PostgreSQL and a worker, until Ctrl-C.",
        discussion: """
            EXAMPLES
              hone dev
              HONE_HOME=~/try hone dev                 another cluster, beside the usual one
              hone dev --database-url postgresql://…   a worker on a server that runs already

            Every other hone command finds this database by itself. Ctrl-C lets the worker
            finish or checkpoint what it holds, then stops PostgreSQL; the data stay.
            """)

    @Option(help: "PostgreSQL's port on this machine (default: the one of last time, else any).")
    var port: Int?

    @OptionGroup var options: GlobalOptions

    func run() async throws {
        let workerPath = try HandOver.workerPath()
        let environment = ProcessInfo.processInfo.environment
        let home = EmbeddedHome(environment: environment)
        let lock = try DevLock(home: home.path)
        defer { lock.release() }
        let given = [options.databaseURL, environment["HONE_DATABASE_URL"]].compactMap(\.self).first { !$0.isEmpty }
        if let given {
            try await serve(DevDatabase(url: given, home: home), workerPath)
        } else {
            options.console.note("Starting PostgreSQL in \(home.path)")
            let server = try await EmbeddedPostgres.start(in: home, port: port)
            do {
                try await serve(DevDatabase(url: server.url, home: home, server: server), workerPath)
            } catch {
                try await server.stop()
                throw error
            }
            try await server.stop()
        }
        options.console.note("Stopped; the data stay in \(home.path)")
    }

    /// Migrates, says where things are, and keeps a worker running until a signal asks to stop.
    private func serve(_ database: DevDatabase, _ workerPath: String) async throws {
        try await options.migrate(url: database.url)
        let processFile = WorkerProcessFile(directory: database.home.path)
        if let leftover = processFile.stopLeftover() {
            options.console.note("Draining worker \(leftover), which an earlier 'hone dev' left behind")
        }
        try options.console.emit(DevStatus(database), text: database.text)
        fflush(nil)
        let logger = Logger(label: "hone.dev")
        let worker = WorkerSupervisor(
            workerPath: workerPath, databaseURL: database.url, processFile: processFile, logger: logger)
        var kept: [any Service] = [worker]
        if let server = database.server { kept.insert(ServerKeeper(server: server, logger: logger), at: 0) }
        var services = ServiceGroupConfiguration(
            services: kept, gracefulShutdownSignals: [.sigint, .sigterm, .sighup], logger: quiet)
        services.maximumGracefulShutdownDuration = .seconds(60)
        try await ServiceGroup(configuration: services).run()
    }

    /// The life-cycle library reports every step; only its warnings are for people.
    private var quiet: Logger {
        var logger = Logger(label: "hone.lifecycle")
        logger.logLevel = .warning
        return logger
    }
}

/// The database that `hone dev` serves.
private struct DevDatabase {
    let url: String
    let home: EmbeddedHome
    /// Nil where the user named the database.
    var server: EmbeddedPostgres?

    var isPrivate: Bool { server != nil }

    var text: String {
        let place = isPrivate ? "psql \"$(cat \(home.connectionFile))\"" : "the one that you named"
        return """
            Ready. Ctrl-C stops it.
              database   \(place)
              data       \(home.path)
              try        hone enqueue noop, hone jobs list, hone doctor
            """
    }
}

/// What `hone dev --json` prints when it is ready.
private struct DevStatus: Encodable {
    let connectionFile: String?
    let home: String
    let serverLog: String?

    init(_ database: DevDatabase) {
        home = database.home.path
        connectionFile = database.isPrivate ? database.home.connectionFile : nil
        serverLog = database.isPrivate ? database.home.log : nil
    }
}
