import Foundation
import HoneConcurrency
import HonePostgres
import Logging

/// The data directory and the server that runs on it. Its caller holds the lock.
struct Cluster: Sendable {
    let home: EmbeddedHome
    let account: ServerAccount
    let installation: PostgresInstallation
    let durability: EmbeddedPostgres.Durability
    let connectionLimit: Int

    /// Makes the data directory unless there is one. An interrupted attempt leaves only `data.new`.
    func create() async throws {
        guard !FileManager.default.fileExists(atPath: home.data) else { return }
        try account.write(Self.randomPassword(), to: home.passwordFile)
        let unfinished = home.data + ".new"
        if FileManager.default.fileExists(atPath: unfinished) { try FileManager.default.removeItem(atPath: unfinished) }
        let sync = durability == .none ? ["--no-sync"] : []
        try await run(
            "initdb",
            [
                "--pgdata", unfinished, "--username", ServerAddress.user, "--pwfile", home.passwordFile,
                "--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C",
            ] + sync)
        guard rename(unfinished, home.data) == 0 else { throw EmbeddedError.system(home.data) }
    }

    var isAlive: Bool { serverProcess() != nil }

    /// The address of the server if it runs and answers. One that runs without answering is stopped.
    func findRunning() async throws -> ServerAddress? {
        if let process = serverProcess() {
            if let port = process.port, let address = try address(port: port), await answers(address) { return address }
            logger.warning("The server in \(home.path) does not answer; it will be started anew.")
            try await stop()
        }
        try await waitForOrphans()
        return nil
    }

    /// Starts the server and waits until it answers.
    func start(port wanted: Int?) async throws -> ServerAddress {
        let port = try choosePort(wanted)
        guard let address = try address(port: port) else {
            throw EmbeddedError.fileSystem(path: home.passwordFile, reason: "the cluster's password is missing")
        }
        try removeStaleLocks()
        do {
            try await run(
                "pg_ctl",
                [
                    "start", "--wait", "--timeout", "60", "--pgdata", home.data, "--log", home.log,
                    "--options", options(port: port),
                ])
        } catch EmbeddedError.serverFailed {
            throw startFailure(port: port)
        }
        return address
    }

    func stop() async throws {
        guard serverProcess() != nil else { return }
        let mode = durability == .none ? "immediate" : "fast"
        try await run("pg_ctl", ["stop", "--wait", "--timeout", "60", "--mode", mode, "--pgdata", home.data])
    }

    func createDatabase(at address: ServerAddress) async throws {
        let connection = try await connect(address)
        let exists = try await connection.query("SELECT FROM pg_database WHERE datname = \(ServerAddress.database)")
        if exists.isEmpty { try await connection.execute("CREATE DATABASE \(identifier: ServerAddress.database)") }
        await connection.close()
    }
}

// MARK: - Finding the server

extension Cluster {
    /// The process that `postmaster.pid` names, if it is a server on this data directory. After a crash of the machine
    /// the number may belong to another program.
    private func serverProcess() -> (pid: pid_t, port: Int?)? {
        guard let lines = lockFileLines(), let pid = lines.first.flatMap({ pid_t($0) }) else { return nil }
        guard kill(pid, 0) == 0 || errno == EPERM, isServer(pid) else { return nil }
        return (pid, lines.count > 3 ? Int(lines[3]) : nil)
    }

    private func lockFileLines() -> [String]? {
        FileManager.default.contents(atPath: home.serverLock).map {
            String(decoding: $0, as: UTF8.self).split(separator: "\n").map(String.init)
        }
    }

    private func isServer(_ pid: pid_t) -> Bool {
        guard let arguments = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline") else {
            return !FileManager.default.fileExists(atPath: "/proc/self")  // a system without /proc: trust the number
        }
        return String(decoding: arguments, as: UTF8.self).contains(home.data)
    }

    /// The children of a server that was killed notice its end and go, but hold its port and memory until then.
    private func waitForOrphans() async throws {
        do {
            try await withDeadline(.seconds(30)) {
                while try hasOrphans() { await Task.yield() }
            }
        } catch is DeadlineExceeded {
            throw EmbeddedError.serverFailed(
                program: "last server", output: "Processes of it still run in \(home.data); end them and try again.")
        }
    }

    /// Every process of a server works in its data directory.
    private func hasOrphans() throws -> Bool {
        var data = stat()
        guard FileManager.default.fileExists(atPath: "/proc/self"), stat(home.data, &data) == 0 else { return false }
        return try FileManager.default.contentsOfDirectory(atPath: "/proc").contains { name in
            var directory = stat()
            // No answer: the process has ended, or is another user's.
            guard pid_t(name) != nil, stat("/proc/\(name)/cwd", &directory) == 0 else { return false }
            return directory.st_dev == data.st_dev && directory.st_ino == data.st_ino
        }
    }

    /// Removes what a killed server left behind. PostgreSQL itself asks only whether the process number is in use,
    /// which that of a program not yet reaped, or of another one, is.
    private func removeStaleLocks() throws {
        guard serverProcess() == nil else { return }
        unlink(home.serverLock)
        for name in try FileManager.default.contentsOfDirectory(atPath: home.socketDirectory)
        where name.hasPrefix(".s.PGSQL.") { unlink(home.socketDirectory + "/" + name) }
    }

    private func address(port: Int) throws -> ServerAddress? {
        try PrivateFile.read(home.passwordFile).map { ServerAddress(port: port, password: $0) }
    }

    private func answers(_ address: ServerAddress) async -> Bool {
        do {
            try await connect(address).close()
            return true
        } catch {
            logger.debug("\(error)")
            return false
        }
    }

    private func connect(_ address: ServerAddress) async throws(PostgresError) -> PostgresConnection {
        let url = address.socketURL(home.socketDirectory, database: "postgres")
        return try await .connect(to: PostgresConfiguration(url: url, applicationName: "hone embedded"))
    }
}

// MARK: - Starting

extension Cluster {
    private func choosePort(_ wanted: Int?) throws -> Int {
        if let wanted {
            guard LoopbackPort.isFree(wanted) else { throw EmbeddedError.portTaken(wanted) }
            return wanted
        }
        let last = try PrivateFile.read(home.connectionFile).flatMap { URL(string: $0)?.port }
        return if let last, LoopbackPort.isFree(last) { last } else { try LoopbackPort.free() }
    }

    /// The server's settings, as words for the shell through which `pg_ctl` starts it.
    private func options(port: Int) -> String {
        var settings = [
            "listen_addresses=127.0.0.1", "port=\(port)", "unix_socket_directories=\(home.socketDirectory)",
            "max_connections=\(connectionLimit)",
        ]
        if durability == .none { settings += ["fsync=off", "synchronous_commit=off", "full_page_writes=off"] }
        return settings.map { "-c '\($0.replacing("'", with: "'\\''"))'" }.joined(separator: " ")
    }

    /// 192 bits of the system's generator, which is a cryptographic one.
    private static func randomPassword() -> String {
        let letters = Array("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")
        return String((0..<32).map { _ in letters[Int.random(in: letters.indices)] })
    }

    /// Why the server did not start, from the end of its log.
    private func startFailure(port: Int) -> EmbeddedError {
        let log = FileManager.default.contents(atPath: home.log) ?? Data()
        let lines = String(decoding: log.suffix(8192), as: UTF8.self).split(separator: "\n").suffix(12)
        let end = lines.joined(separator: "\n")
        if end.contains("No space left on device") { return .diskFull(path: home.data) }
        return LoopbackPort.isFree(port) ? .serverFailed(program: "server", output: end) : .portTaken(port)
    }

    private func run(_ program: String, _ arguments: [String]) async throws {
        do {
            try await installation.run(program, arguments, as: account)
        } catch EmbeddedError.serverFailed(_, let output) where output.contains("No space left on device") {
            throw EmbeddedError.diskFull(path: home.data)
        }
    }
}
