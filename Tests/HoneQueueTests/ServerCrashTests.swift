import Foundation
import HoneConcurrency
import HoneEmbedded
import HoneMigrations
import HonePostgres
import Synchronization
import Testing

@testable import HoneQueue

/// What a worker does when the server itself dies; each test has a server of its own to kill.
@Suite(.serialized) struct ServerCrashTests {
    @Test func aWorkerOutlivesACrashOfTheServerAndCompletesEachJobOnce() async throws {
        try await withOwnServer { home, pool in
            let queue = JobQueue(pool)
            try await pool.execute("CREATE TABLE effects (job_id bigint)")
            let started = Mailbox<Void>()
            let goOn = Signal()
            let handler = ClosureHandler(batchLimit: 8) { jobs, context in
                if jobs[0].id == 1 {
                    started.send(())
                    await goOn.wait()
                }
                try await context.complete(jobs.map { ($0, PostgresJSON(text: "{}")) }) { transaction, held in
                    for job in held { try await transaction.execute("INSERT INTO effects VALUES (\(job.id))") }
                }
            }
            let ids = try await queue.enqueue("noop", payloads: Array(repeating: PostgresJSON(text: "{}"), count: 60))
            try await withWorker(pool, handler) { _ in
                try await started.next()
                try killServer(home)
                goOn.set()
                try await restart(home)
                for id in ids { try await wait(for: id, queue) }
            }
            #expect(try await pool.value("SELECT count(*) FROM effects", as: Int64.self) == 60)
            try await pool.expectEveryJobAccountedFor(60)
            #expect(try await pool.value("SELECT count(*) FROM hone.attempts", as: Int64.self) == 60)
        }
    }

    @Test func aCommitWhoseReplyIsLostIsReadBackAndNotRepeated() async throws {
        try await withOwnServer { _, setUp in
            // A commit that waits for a standby which does not exist is durable already; ending its session then loses
            // nothing but the reply.
            try await setUp.execute("ALTER ROLE CURRENT_USER SET synchronous_commit = local")
            try await setUp.execute("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
            try await setUp.query("SELECT pg_reload_conf()")
            setUp.close()
            let pool = PostgresPool(configuration: setUp.configuration)
            let queue = JobQueue(pool)
            let tries = Mutex(0)
            let committing = Mailbox<Int32>()
            let handler = ClosureHandler { jobs, context in
                try await context.complete(jobs[0], result: PostgresJSON(text: #"{"answer": 42}"#)) { transaction in
                    tries.withLock { $0 += 1 }
                    try await transaction.execute("SET LOCAL synchronous_commit = on")
                    committing.send(try await transaction.value("SELECT pg_backend_pid()"))
                }
            }
            try await withWorker(pool, handler) { _ in
                let job = try await queue.enqueueNoop()
                let session = try await committing.next()
                try await withDeadline(.seconds(20)) {
                    while try await pool.value(
                        "SELECT count(*) FROM pg_stat_activity WHERE pid = \(session) AND wait_event = 'SyncRep'",
                        as: Int64.self) == 0
                    { await Task.yield() }
                }
                try await pool.query("SELECT pg_terminate_backend(\(session))")
                try await queue.wait(for: .succeeded, of: job)
            }
            #expect(tries.withLock { $0 } == 1)
            #expect(try await pool.value("SELECT outcome FROM hone.attempts") == "succeeded")
            pool.close()
        }
    }

    /// As ``JobQueue/wait(for:of:within:)``, while the server may be away.
    private func wait(for job: Int64, _ queue: JobQueue) async throws {
        try await withDeadline(.seconds(40)) {
            while true {
                do throws(PostgresError) {
                    if try await queue.state(of: job) == .succeeded { return }
                } catch {
                    if !error.isTransient { throw error }
                }
                await Task.yield()
            }
        }
    }

    private func killServer(_ home: EmbeddedHome) throws {
        let file = try String(contentsOfFile: "\(home.path)/postgres/data/postmaster.pid", encoding: .utf8)
        let pid = try #require(file.split(separator: "\n").first.flatMap { Int32($0) })
        #expect(kill(pid, SIGKILL) == 0)
    }

    /// The killed server's lock files count until its process is reaped, which is not in our hands.
    private func restart(_ home: EmbeddedHome) async throws {
        try await withDeadline(.seconds(60)) {
            while true {
                do {
                    _ = try await EmbeddedPostgres.start(in: home, durability: .full)
                    return
                } catch is EmbeddedError {
                    await Task.yield()
                }
            }
        }
    }

    private func withOwnServer(_ body: (EmbeddedHome, PostgresPool) async throws -> Void) async throws {
        let home = EmbeddedHome(path: "/tmp/hone-crash-\(getpid())-\(UInt16.random(in: .min ... .max))")
        let server = try await EmbeddedPostgres.start(in: home, durability: .full)
        let pool = PostgresPool(configuration: try PostgresConfiguration(url: server.socketURL))
        let outcome: Result<Void, any Error>
        do {
            try await Migrator(Migration.hone, pool: pool).apply()
            outcome = .success(try await body(home, pool))
        } catch {
            outcome = .failure(error)
        }
        pool.close()
        try await EmbeddedPostgres.start(in: home, durability: .full).stop()
        try FileManager.default.removeItem(atPath: home.path)
        try outcome.get()
    }
}
