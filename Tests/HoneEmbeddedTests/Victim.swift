import Foundation
import HoneEmbedded
import HonePostgres
import HoneTesting
import Testing

/// A second process of these tests, which does one thing and then waits to be killed.
struct Victim {
    enum Deed: String {
        /// Starts a server in the home at the path.
        case server
        /// Takes a temporary database and writes the place of its cluster into a file at the path.
        case database
    }

    private let process = Process()

    init(_ deed: Deed, path: String) throws {
        process.executableURL = URL(filePath: CommandLine.arguments[0])
        process.arguments = ["--testing-library", "swift-testing", "--filter", "VictimTests"]
        let own = ["HONE_TEST_DEED": deed.rawValue, "HONE_TEST_PATH": path]
        process.environment = ProcessInfo.processInfo.environment.merging(own) { $1 }
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
    }

    func kill() {
        Foundation.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }
}

/// What a ``Victim`` runs.
@Suite(.enabled(if: ProcessInfo.processInfo.environment["HONE_TEST_DEED"] != nil)) struct VictimTests {
    @Test func doesItsDeedAndWaits() async throws {
        let environment = ProcessInfo.processInfo.environment
        let path = try #require(environment["HONE_TEST_PATH"])
        switch environment["HONE_TEST_DEED"].flatMap(Victim.Deed.init) {
        case .server:
            _ = try await EmbeddedPostgres.start(in: EmbeddedHome(path: path), durability: .none)
            await forever()
        case .database:
            try await withTemporaryDatabase { database in
                let directory = try await database.pool.query("SHOW data_directory")[0].decode(String.self)
                try directory.write(toFile: path, atomically: true, encoding: .utf8)
                await forever()
            }
        case nil: Issue.record("no such deed")
        }
    }

    private func forever() async {
        for await _ in AsyncStream<Never>(unfolding: { await withUnsafeContinuation { _ in } }) {}
    }
}
