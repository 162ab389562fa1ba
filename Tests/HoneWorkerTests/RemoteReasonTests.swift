import Foundation
import HonePostgres
import HoneQueue
import HoneTesting
import HoneWorker
import HostileServer
import Synchronization
import Testing

/// `reason` jobs whose model servers elsewhere answer with.
@Suite(.temporaryDatabase) struct RemoteReasonTests {
    private func engines(_ json: String) throws -> EnginesFile {
        let file = FileManager.default.temporaryDirectory.appending(path: "engines-\(UUID().uuidString).json")
        try Data(json.utf8).write(to: file)
        return try EnginesFile(file: file, environment: ["KEY": "very-secret"])
    }

    private func engines(_ servers: [HostileServer], _ more: String = "") throws -> EnginesFile {
        let endpoints = servers.map { "\"\($0.url)\"" }.joined(separator: ",")
        return try engines(
            """
            {"models":{"big":{"endpoints":[\(endpoints)],"protocol":"completions","model":"m","key_env":"KEY",
             "patience_seconds":3,"first_token_seconds":5\(more)}}}
            """)
    }

    private func answer(_ text: String, _ connection: HostileConnection, version: String = "v1") {
        connection.beginEvents()
        connection.event(
            "{\"choices\":[{\"text\":\"\(text)\",\"finish_reason\":\"stop\"}],\"weight_version\":\"\(version)\"}")
        connection.endEvents()
    }

    private func work(_ engines: EnginesFile) async throws {
        var worker = LocalWorker(try TemporaryDatabase.current)
        worker.engines = engines
        try await worker.runUntilIdle()
        try worker.removeArtifacts()
    }

    /// One attempt each, so that what fails is seen at once.
    private func ask(_ prompts: String...) async throws -> [Int64] {
        let pool = try TemporaryDatabase.current.pool
        let payloads = prompts.map { PostgresJSON(text: "{\"model\":\"big\",\"prompt\":\"\($0)\",\"answer\":\"4\"}") }
        return try await pool.query(
            "SELECT hone.enqueue('reason', p, max_attempts => 1) AS id FROM unnest(\(payloads)) AS p"
        ).map { try $0.decode("id") }
    }

    @Test func answersAreCommittedAsThoseOfAnyOtherModel() async throws {
        let pool = try TemporaryDatabase.current.pool
        let server = try HostileServer { request, connection in
            answer(request.body.contains("2+2") ? "#### 4" : "#### 5", connection)
        }
        let jobs = try await ask("2+2=?", "2+3=?")
        try await work(engines([server]))
        let rows = try await pool.query(
            """
            SELECT s.job_id, s.text, s.verdict, s.has_tokens, cardinality(s.token_ids) AS tokens, m.name,
                c.config ->> 'weight_version' AS version, r.result ->> 'has_tokens' AS said
            FROM hone.samples s JOIN hone.checkpoints c ON c.id = s.checkpoint_id
            JOIN hone.models m ON m.id = c.model_id JOIN hone.results r ON r.job_id = s.job_id ORDER BY s.job_id
            """)
        #expect(try rows.map { try $0.decode("job_id", as: Int64.self) } == jobs)
        #expect(try rows.map { try $0.decode("verdict", as: String.self) } == ["correct", "wrong"])
        #expect(try rows[0].decode("name", as: String.self) == "big")
        #expect(try rows[0].decode("version", as: String.self) == "v1")
        #expect(try rows.allSatisfy { try !$0.decode("has_tokens", as: Bool.self) })
        #expect(try rows[0].decode("said", as: String.self) == "false")
        #expect(server.requests.allSatisfy { $0.headers["authorization"] == "Bearer very-secret" })
        let leaks = try await pool.query("SELECT FROM hone.jobs WHERE jobs::text LIKE '%very-secret%'")
        #expect(leaks.isEmpty)
    }

    @Test func aServerThatDiesInTheMiddleCostsNoAttemptAndTheOthersFinish() async throws {
        let pool = try TemporaryDatabase.current.pool
        let isDead = Flag()
        let server = try HostileServer { request, connection in
            if request.body.contains("poison"), !isDead.isSet {
                connection.beginEvents()
                connection.event("{\"choices\":[{\"text\":\"#### \"}]}")
                connection.reset()
            } else {
                answer("#### 4", connection)
            }
        }
        let jobs = try await ask("good", "poison", "good too")
        try await work(engines([server]))
        let first = try await states(jobs)
        #expect(first[0] == "succeeded" && first[2] == "succeeded" && first[1] == "failed")
        isDead.set()
        try await pool.query("SELECT hone.retry(\(jobs[1]))")
        try await work(engines([server]))
        #expect(try await states(jobs) == ["succeeded", "succeeded", "succeeded"])
        let samples = try await pool.query("SELECT text FROM hone.samples ORDER BY job_id")
        #expect(try samples.map { try $0.decode("text", as: String.self) } == ["#### 4", "#### 4", "#### 4"])
    }

    @Test func withoutAnyServerJobsWaitAndLoseNoAttempt() async throws {
        let pool = try TemporaryDatabase.current.pool
        let server = try HostileServer { _, _ in }
        server.stop()
        let job = try await ask("2+2=?")[0]
        try await work(engines([server], #","connect_seconds":1"#))
        let rows = try await pool.query("SELECT state, attempt FROM hone.job_status WHERE id = \(job)")
        #expect(try rows[0].decode("state", as: String.self) == "scheduled")
        #expect(try rows[0].decode("attempt", as: Int16.self) == 0)
        let log = try await pool.query("SELECT message FROM hone.job_logs WHERE job_id = \(job)")
        #expect(try log[0].decode("message", as: String.self).contains("cannot be reached"))
        #expect(try await pool.query("SELECT FROM hone.audit()").isEmpty)
    }

    @Test func aWorkerWithoutTheServersLeavesTheirJobsToOneThatHasThem() async throws {
        let database = try TemporaryDatabase.current
        let pool = database.pool
        let server = try HostileServer { _, connection in answer("#### 4", connection) }
        let jobs = try await ask("2+2=?")
        try await work(EnginesFile())
        #expect(try await states(jobs) == ["failed"])
        try await pool.query("SELECT hone.retry(\(jobs[0]))")

        let capabilities = try PostgresJSON(encoding: WorkerCapabilities(device: "cpu", engines: engines([server])))
        let other = try await PostgresConnection.connect(to: PostgresConfiguration(url: database.url))
        try await other.query(
            "SELECT hone.attach_worker(hone.register_worker('other', 'elsewhere', 1, 'test', \(capabilities)))")
        try await work(EnginesFile())
        let row = try await pool.query("SELECT state, attempt FROM hone.job_status WHERE id = \(jobs[0])")
        #expect(try row[0].decode("state", as: String.self) == "scheduled")
        #expect(try row[0].decode("attempt", as: Int16.self) == 0)
        await other.close()
        try await pool.execute("UPDATE hone.task_due SET due_at = clock_timestamp()")
        try await pool.query("SELECT hone.promote_due()")
        try await work(engines([server]))
        #expect(try await states(jobs) == ["succeeded"])
    }

    @Test func aRequestThatTheServerRefusesFailsForGood() async throws {
        let pool = try TemporaryDatabase.current.pool
        let server = try HostileServer { request, connection in
            if request.body.contains("long") {
                connection.answer(400, "{\"error\":{\"message\":\"this model's context is 10 tokens\"}}")
            } else {
                answer("#### 4", connection)
            }
        }
        let jobs = try await ask("long", "short")
        try await work(engines([server]))
        #expect(try await states(jobs) == ["failed", "succeeded"])
        let error = try await pool.query("SELECT error, attempt FROM hone.job_status WHERE id = \(jobs[0])")
        #expect(try error[0].decode("error", as: String.self).contains("context is 10 tokens"))
        #expect(try error[0].decode("attempt", as: Int16.self) == 1)
    }

    @Test func aRouteThroughAModelThatServersHaveIsRefusedForGood() async throws {
        let pool = try TemporaryDatabase.current.pool
        let server = try HostileServer { _, connection in answer("#### 4", connection) }
        let payload = PostgresJSON(text: #"{"model":"big","prompt":"2+2=?","routing":{"mode":"shallow"}}"#)
        let rows = try await pool.query("SELECT hone.enqueue('reason', \(payload)) AS id")
        let job: Int64 = try rows[0].decode("id")
        let neighbour = try await ask("2+2=?")[0]
        try await work(engines([server]))
        #expect(try await states([job, neighbour]) == ["failed", "succeeded"])
        let row = try await pool.query("SELECT error, attempt FROM hone.job_status WHERE id = \(job)")[0]
        #expect(try row.decode("error", as: String.self).contains("leave \"routing\" out"))
        #expect(try row.decode("attempt", as: Int16.self) == 1)
    }

    @Test func anAnswerOfTwoWeightsIsNotRecorded() async throws {
        let pool = try TemporaryDatabase.current.pool
        let server = try HostileServer { _, connection in
            connection.beginEvents()
            connection.event("{\"choices\":[{\"text\":\"#### \"}],\"weight_version\":\"v1\"}")
            connection.event("{\"choices\":[{\"text\":\"4\",\"finish_reason\":\"stop\"}],\"weight_version\":\"v2\"}")
            connection.endEvents()
        }
        _ = try await ask("2+2=?")
        try await work(engines([server]))
        #expect(try await pool.query("SELECT FROM hone.samples").isEmpty)
        let errors = try await pool.query("SELECT error FROM hone.attempts WHERE error IS NOT NULL")
        #expect(try errors[0].decode("error", as: String.self).contains("v1, then v2"))
    }

    @Test(arguments: [
        (#"{"models":{}}"#, "names no model"),
        (#"{"models":{"a":{"endpoints":["http://h"],"protocol":"magic"}}}"#, "protocol"),
        (#"{"models":{"a":{"endpoints":["h:1"],"protocol":"chat"}}}"#, "no address"),
        (#"{"models":{"a":{"endpoints":["http://h"],"protocol":"vllm"}}}"#, "tokenizer"),
        (#"{"models":{"a":{"endpoints":["http://h"],"protocol":"chat","key":"sk-1"}}}"#, "key"),
        (#"{"models":{"a":{"endpoints":["http://h"],"protocol":"chat","key_env":"NONE"}}}"#, "not in the environment"),
        (#"{"models":{"a":{"endpoints":["http://h"],"protocol":"chat","handover":"/x"}}}"#, "handover"),
    ])
    func aFileThatCannotBeMeantIsRefusedWithItsField(_ json: String, _ words: String) throws {
        let error = #expect(throws: WorkerError.self) { try engines(json) }
        #expect("\(try #require(error))".contains(words), "\(error.map { "\($0)" } ?? "")")
    }

    private func states(_ jobs: [Int64]) async throws -> [String] {
        try await TemporaryDatabase.current.pool.query(
            "SELECT state FROM hone.job_status WHERE id = ANY (\(jobs)) ORDER BY id"
        ).map { try $0.decode("state") }
    }
}

/// Set once, seen by every thread.
private final class Flag: Sendable {
    private let state = Mutex(false)

    var isSet: Bool { state.withLock { $0 } }

    func set() { state.withLock { $0 = true } }
}
