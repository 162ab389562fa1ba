import Foundation
import HonePostgres
import Logging

/// A private PostgreSQL server in a directory of its own.
///
/// The server is a daemon: it outlives the program that started it, even one that is killed, and every later start
/// finds it. Its superuser has a random password; it listens on a Unix socket and on a loopback port.
public struct EmbeddedPostgres: Sendable {
    /// How much of what was committed survives a crash of the machine.
    public enum Durability: Sendable {
        case full
        /// Nothing is forced to disk: for tests.
        case none
    }

    public let home: EmbeddedHome
    /// The URL of the database over the loopback port.
    public let url: String
    /// The same over the Unix socket, which is faster.
    public let socketURL: String
    /// Whether this call started the server; else it was running already.
    public let isStartedHere: Bool
    let cluster: Cluster
    private let address: ServerAddress

    /// Finds the running server of a directory or starts one, making the cluster if there is none.
    ///
    /// Without a `port` it listens on the port of the last start if that is free, else on any. `connectionLimit` and
    /// `durability` are those of a server that is started here.
    /// - Throws: ``EmbeddedError`` with the mend.
    public static func start(
        in home: EmbeddedHome, port: Int? = nil, durability: Durability = .full, connectionLimit: Int = 200
    ) async throws -> EmbeddedPostgres {
        let account = try ServerAccount.forServer()
        try makeDirectories(home, account)
        let lock = try await StartLock.acquire(home.lockFile)
        defer { withExtendedLifetime(lock) {} }
        let installation = try await PostgresInstallation.find(for: home)
        let cluster = Cluster(
            home: home, account: account, installation: installation, durability: durability,
            connectionLimit: connectionLimit)
        if let running = try await cluster.findRunning() {
            return EmbeddedPostgres(cluster: cluster, address: running, isStartedHere: false)
        }
        try await cluster.create()
        let address = try await cluster.start(port: port)
        try await cluster.createDatabase(at: address)
        try PrivateFile.write(address.url + "\n", to: home.connectionFile)
        logger.info("PostgreSQL \(installation.version) runs in \(home.path) on port \(address.port)")
        return EmbeddedPostgres(cluster: cluster, address: address, isStartedHere: true)
    }

    /// Whether its process is there; whether it answers costs a connection to find out.
    public var isAlive: Bool { cluster.isAlive }

    /// Starts it again on the port that everybody knows, unless somebody did.
    public func startAgain() async throws {
        let lock = try await StartLock.acquire(home.lockFile)
        defer { withExtendedLifetime(lock) {} }
        guard try await cluster.findRunning() == nil else { return }
        _ = try await cluster.start(port: address.port)
    }

    /// Stops the server and waits for its end; sessions are cut off and roll back.
    public func stop() async throws {
        let lock = try await StartLock.acquire(home.lockFile)
        defer { withExtendedLifetime(lock) {} }
        try await cluster.stop()
    }

    private init(cluster: Cluster, address: ServerAddress, isStartedHere: Bool) {
        self.cluster = cluster
        self.address = address
        self.isStartedHere = isStartedHere
        home = cluster.home
        url = address.url
        socketURL = address.socketURL(cluster.home.socketDirectory)
    }

    private static func makeDirectories(_ home: EmbeddedHome, _ account: ServerAccount) throws {
        do {
            try FileManager.default.createDirectory(atPath: home.path, withIntermediateDirectories: true)
        } catch {
            throw EmbeddedError.fileSystem(path: home.path, reason: error.localizedDescription)
        }
        try account.checkReach(of: home.path)
        try account.makeDirectory(home.server)
        try account.makeDirectory(home.socketDirectory)
    }
}

let logger = Logger(label: "hone.embedded")
