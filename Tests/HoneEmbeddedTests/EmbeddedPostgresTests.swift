import Foundation
import HoneEmbedded
import HonePostgres
import HoneTesting
import Testing

@Suite(.serialized) struct EmbeddedPostgresTests {
    private func start(
        _ home: EmbeddedHome, port: Int? = nil, durability: EmbeddedPostgres.Durability = .none
    ) async throws -> EmbeddedPostgres {
        try await EmbeddedPostgres.start(in: home, port: port, durability: durability)
    }

    private func pid(_ home: EmbeddedHome) throws -> pid_t {
        let lines = try String(contentsOfFile: home.path + "/postgres/data/postmaster.pid", encoding: .utf8)
        return try #require(lines.split(separator: "\n").first.flatMap { pid_t($0) })
    }

    private func answer(_ url: String) async throws -> Int {
        let connection = try await PostgresConnection.connect(to: PostgresConfiguration(url: url))
        defer { withExtendedLifetime(connection) {} }
        return try #require(await connection.query("SELECT 42").first).decode(Int.self)
    }

    @Test func theServerIsFoundAgainAndKeepsItsAddressThroughARestart() async throws {
        let home = try EmbeddedHome.temporary()
        let first = try await start(home)
        #expect(first.isStartedHere)
        #expect(try await answer(first.url) == 42)
        #expect(try await answer(first.socketURL) == 42)
        #expect(try DatabaseLocator.url(environment: ["HONE_HOME": home.path]) == first.url)
        let mode = try FileManager.default.attributesOfItem(atPath: home.connectionFile)[.posixPermissions] as? Int
        #expect(mode == 0o600)

        let again = try await start(home)
        #expect(!again.isStartedHere)
        #expect(again.url == first.url)

        try await first.stop()
        #expect(throws: EmbeddedError.self) { try DatabaseLocator.url(environment: ["HONE_HOME": home.path]) }
        let restarted = try await start(home)
        #expect(restarted.isStartedHere)
        #expect(restarted.url == first.url)
        try await restarted.stop()
    }

    @Test func ofTwoStartsAtOnceOneStartsAndTheOtherFindsIt() async throws {
        let home = try EmbeddedHome.temporary()
        async let one = start(home)
        async let other = start(home)
        let servers = try await [one, other]
        #expect(servers.map(\.isStartedHere).sorted { $0 && !$1 } == [true, false])
        #expect(servers[0].url == servers[1].url)
        try await servers[0].stop()
    }

    @Test func theServerOutlivesAParentThatIsKilledAndIsFoundByTheNext() async throws {
        let home = try EmbeddedHome.temporary()
        let parent = try Victim(.server, path: home.path)
        try await eventually("the parent has a server", within: .seconds(120)) {
            FileManager.default.fileExists(atPath: home.connectionFile)
        }
        parent.kill()
        let found = try await start(home)
        #expect(!found.isStartedHere)
        #expect(try await answer(found.url) == 42)
        try await found.stop()
    }

    @Test func aServerThatWasKilledIsStartedAnewWithItsData() async throws {
        let home = try EmbeddedHome.temporary()
        let first = try await start(home, durability: .full)
        let connection = try await PostgresConnection.connect(to: PostgresConfiguration(url: first.url))
        try await connection.execute("CREATE TABLE kept AS SELECT 1 AS id")
        await connection.close()
        kill(try pid(home), SIGKILL)
        let second = try await start(home, durability: .full)
        #expect(second.isStartedHere)
        #expect(second.url == first.url)
        let reader = try await PostgresConnection.connect(to: PostgresConfiguration(url: second.url))
        #expect(try await reader.query("SELECT id FROM kept").count == 1)
        await reader.close()
        try await second.stop()
    }

    @Test func whoeverHoldsAServerThatWasKilledSeesItAndStartsItAgainWhereItWas() async throws {
        let server = try await start(.temporary(), durability: .full)
        #expect(server.isAlive)
        kill(try pid(server.home), SIGKILL)
        try await eventually("its process is gone", within: .seconds(60)) { !server.isAlive }
        try await server.startAgain()
        try await server.startAgain()
        #expect(try await answer(server.url) == 42)
        try await server.stop()
    }

    @Test func aLockFileThatNamesAnotherProgramDoesNotStopTheStart() async throws {
        let home = try EmbeddedHome.temporary()
        try await start(home).stop()
        let stale = "\(getpid())\n\(home.path)/postgres/data\n1\n5432\n\n"
        try stale.write(toFile: home.path + "/postgres/data/postmaster.pid", atomically: false, encoding: .utf8)
        let server = try await start(home)
        #expect(server.isStartedHere)
        try await server.stop()
    }

    @Test func anInterruptedCreationIsBegunAgain() async throws {
        let home = try EmbeddedHome.temporary()
        let unfinished = home.path + "/postgres/data.new"
        try FileManager.default.createDirectory(atPath: unfinished + "/base", withIntermediateDirectories: true)
        try "15".write(toFile: unfinished + "/PG_VERSION", atomically: false, encoding: .utf8)
        let server = try await start(home)
        #expect(try await answer(server.url) == 42)
        try await server.stop()
    }

    @Test func aTakenPortIsNamed() async throws {
        let home = try EmbeddedHome.temporary()
        let other = try await start(.temporary())
        let port = try #require(URL(string: other.url)?.port)
        let error = await #expect(throws: EmbeddedError.self) { _ = try await start(home, port: port) }
        guard case .portTaken(port) = error else {
            Issue.record("unexpected error \(String(describing: error))")
            return
        }
        try await other.stop()
    }

    @Test func aClusterOfAnotherVersionIsNotTouched() async throws {
        let home = try EmbeddedHome.temporary()
        let data = home.path + "/postgres/data"
        try FileManager.default.createDirectory(atPath: data, withIntermediateDirectories: true)
        try "9.6\n".write(toFile: data + "/PG_VERSION", atomically: false, encoding: .utf8)
        let error = await #expect(throws: EmbeddedError.self) { _ = try await start(home) }
        guard case .wrongVersion("9.6", let installed, _) = error else {
            Issue.record("unexpected error \(String(describing: error))")
            return
        }
        #expect(!installed.isEmpty)
        #expect(try FileManager.default.contentsOfDirectory(atPath: data) == ["PG_VERSION"])
    }

    @Test(.enabled(if: geteuid() == 0)) func aDirectoryThatTheServersUserCannotEnterIsNamed() async throws {
        let outer = try EmbeddedHome.temporary().path
        let attributes: [FileAttributeKey: Any] = [.posixPermissions: 0o700]
        try FileManager.default.createDirectory(
            atPath: outer, withIntermediateDirectories: true, attributes: attributes)
        let error = await #expect(throws: EmbeddedError.self) { _ = try await start(EmbeddedHome(path: outer + "/in")) }
        guard case .unreachable(outer, "postgres") = error else {
            Issue.record("unexpected error \(String(describing: error))")
            return
        }
    }

    @Test func aHomeTooDeepForASocketAddressWorksAllTheSame() async throws {
        let home = try EmbeddedHome.temporary(suffix: String(repeating: "-deep", count: 20))
        let server = try await start(home)
        #expect(try await answer(server.socketURL) == 42)
        try await server.stop()
        let query = try #require(URLComponents(string: server.socketURL)?.queryItems)
        let directory = try #require(query.first { $0.name == "host" }?.value)
        #expect(!directory.hasPrefix(home.path))
        try FileManager.default.removeItem(atPath: directory)
    }

    @Test func aTestProcessThatIsKilledLeavesNoServerAndNoDirectory() async throws {
        let report = NSTemporaryDirectory() + "/hone-report-\(getpid())"
        defer { unlink(report) }
        let process = try Victim(.database, path: report)
        try await eventually("the process has a database", within: .seconds(120)) {
            FileManager.default.fileExists(atPath: report)
        }
        let data = try String(contentsOfFile: report, encoding: .utf8)
        #expect(FileManager.default.fileExists(atPath: data))
        process.kill()
        try await eventually("the directory is gone") { !FileManager.default.fileExists(atPath: data) }
        try await eventually("the server is gone") {
            let processes = try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { pid_t($0) }
            return !processes.contains { process in
                FileManager.default.contents(atPath: "/proc/\(process)/cmdline")
                    .map { String(decoding: $0, as: UTF8.self).contains(data) } ?? false
            }
        }
    }
}
