import Foundation
import Subprocess
import SystemPackage

/// The programs of one PostgreSQL version.
struct PostgresInstallation: Sendable {
    let binDirectory: String
    /// The major version, such as `15`.
    let version: String

    /// The installation that fits a cluster, the newest if there is none yet.
    static func find(for home: EmbeddedHome) async throws -> PostgresInstallation {
        let all = try await installed()
        guard let newest = all.last else { throw EmbeddedError.postgresMissing }
        let versionFile = home.data + "/PG_VERSION"
        guard FileManager.default.fileExists(atPath: versionFile) else { return newest }
        let version = try String(contentsOfFile: versionFile, encoding: .utf8)
            .trimmingCharacters(in: .whitespacesAndNewlines)
        guard let fitting = all.last(where: { $0.version == version }) else {
            throw EmbeddedError.wrongVersion(cluster: version, installed: all.map(\.version), home: home.path)
        }
        return fitting
    }

    /// Every version of Debian's layout, oldest first; without one, what is on the path.
    private static func installed() async throws -> [PostgresInstallation] {
        let root = "/usr/lib/postgresql"
        let versions =
            FileManager.default.fileExists(atPath: root)
            ? try FileManager.default.contentsOfDirectory(atPath: root) : []
        let debian = versions.compactMap { Int($0) }.sorted().map {
            PostgresInstallation(binDirectory: "\(root)/\($0)/bin", version: "\($0)")
        }.filter { FileManager.default.isExecutableFile(atPath: $0.binDirectory + "/initdb") }
        return debian.isEmpty ? try await onPath() : debian
    }

    private static func onPath() async throws -> [PostgresInstallation] {
        guard let path = ProcessInfo.processInfo.environment["PATH"] else { return [] }
        let directories = path.split(separator: ":").map(String.init)
        guard let bin = directories.first(where: { FileManager.default.isExecutableFile(atPath: $0 + "/initdb") })
        else {
            return []
        }
        let installation = PostgresInstallation(binDirectory: bin, version: "")
        // "initdb (PostgreSQL) 17.2"
        let output = try await installation.run("initdb", ["--version"], as: .current)
        let version = output.split(separator: " ").last?.prefix { $0.isNumber } ?? ""
        return [PostgresInstallation(binDirectory: bin, version: String(version))]
    }

    /// Runs one of the programs to its end and returns what it printed.
    /// - Throws: ``EmbeddedError/serverFailed(program:output:)`` when its exit status is not zero.
    @discardableResult
    func run(_ program: String, _ arguments: [String], as account: ServerAccount) async throws -> String {
        let command = account.command(program, arguments)
        let result = try await Subprocess.run(
            .name(command.program), arguments: Arguments(command.arguments),
            environment: .inherit.updating(["PATH": binDirectory + ":/usr/bin:/bin", "LC_ALL": "C"]),
            workingDirectory: "/", platformOptions: account.platformOptions,
            output: .string(limit: 1 << 20), error: .string(limit: 1 << 20))
        let output = result.standardOutput + result.standardError
        guard result.terminationStatus.isSuccess else {
            throw EmbeddedError.serverFailed(program: program, output: output)
        }
        return output
    }
}
