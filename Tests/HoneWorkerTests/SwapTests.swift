import Foundation
import HonePostgres
import HoneQueue
import HoneTesting
import Testing

/// Promotion and rollback under a fleet of real processes that answers without pause.
@Suite(.temporaryDatabase) struct SwapTests {
    @Test(.timeLimit(.minutes(4))) func theFleetFollowsWithinTwoSecondsWithoutAFailedJob() async throws {
        let database = try TemporaryDatabase.current
        let pool = database.pool
        let floor = try await GateFloor()
        defer { #expect(throws: Never.self) { try floor.worker.removeArtifacts() } }
        let first = try await floor.train(on: "twos", steps: 2)
        let second = try await floor.train(on: "twos", steps: 2)
        try await floor.serve(first)
        try await floor.decide(second, against: first)

        let environment = ["HONE_DATABASE_URL": database.url, "HONE_ARTIFACTS": floor.worker.artifacts.path]
        let fleet = try (1...2).map { _ in
            try WorkerProcess(["work", "--log-level", "warning"], environment: environment)
        }
        try await pool.wait(
            until: "SELECT count(*) = 2 FROM hone.workers WHERE name <> 'test' AND stopped_at IS NULL")
        let stream = QuestionStream(pool)
        try await stream.run {
            try await stream.waitForAnswers(50, by: first)
            try await pool.query("SELECT hone.promote('tiny', \(second))")
            let promoted = try await stream.newest
            try await stream.waitForAnswers(50, by: second, after: promoted)
            try await stream.expectOnly(second, after: promoted)
            #expect(try await pool.query("SELECT hone.rollback('tiny') AS id")[0].decode("id") == first)
            let rolledBack = try await stream.newest
            try await stream.waitForAnswers(50, by: first, after: rolledBack)
            try await stream.expectOnly(first, after: rolledBack)
        }
        for worker in fleet {
            worker.terminate()
            #expect(await worker.status == 0, "\(worker.complaints)")
        }
        try await stream.expectNoFailure()
        let delays = try await stream.swapDelays()
        print("swap under load, seconds after the commit until the last old answer: \(delays)")
        #expect(delays.count == 2 && delays.allSatisfy { $0 < 2 }, "\(delays)")
    }
}

/// A producer that never lets the queue run dry, and what became of its questions.
private struct QuestionStream {
    let pool: PostgresPool

    init(_ pool: PostgresPool) {
        self.pool = pool
    }

    /// Keeps questions coming while `body` runs, then waits until all are answered.
    func run(_ body: () async throws -> Void) async throws {
        let producer = Task {
            while !Task.isCancelled {
                try await JobQueue(pool).enqueue(
                    "reason",
                    payloads: [PostgresJSON](
                        repeating: PostgresJSON(text: #"{"prompt": "1+1=?", "max_new_tokens": 8}"#), count: 50))
                try await pool.wait(until: "SELECT count(*) < 100 FROM hone.task_ready", seconds: 60)
            }
        }
        do {
            try await body()
        } catch {
            producer.cancel()
            throw error
        }
        producer.cancel()
        switch await producer.result {
        case .success: break
        case .failure(let error) where error is CancellationError: break
        case .failure(PostgresError.cancelled): break
        case .failure(let error): throw error
        }
        try await pool.wait(
            until: "SELECT NOT EXISTS (SELECT FROM hone.job_status WHERE kind = 'reason' AND finished_at IS NULL)",
            seconds: 60)
    }

    /// The newest question so far.
    var newest: Int64 {
        get async throws { try await pool.one("SELECT max(id) FROM hone.tasks") }
    }

    /// Waits until each of the two workers has answered so many of the questions after one with this checkpoint.
    func waitForAnswers(_ count: Int, by checkpoint: Int64, after job: Int64 = 0) async throws {
        try await pool.wait(
            until: """
                SELECT count(*) = 2 FROM (
                    SELECT FROM hone.results r JOIN hone.task_attempts a USING (job_id)
                    WHERE r.kind = 'reason' AND r.job_id > \(job) AND r.result ->> 'checkpoint' = '\(checkpoint)'
                    GROUP BY a.worker_id HAVING count(*) >= \(count)
                ) each_worker
                """, seconds: 60)
    }

    /// The questions after this one that have an answer have it from this checkpoint.
    func expectOnly(_ checkpoint: Int64, after job: Int64) async throws {
        let others: Int = try await pool.one(
            """
            SELECT count(*) FROM hone.results
            WHERE kind = 'reason' AND job_id > \(job) AND result ->> 'checkpoint' <> \("\(checkpoint)")
            """)
        #expect(others == 0, "\(others) questions after \(job) were answered by another than \(checkpoint)")
    }

    func expectNoFailure() async throws {
        #expect(try await pool.one("SELECT count(*) FROM hone.job_status WHERE state <> 'succeeded'") == 0)
        #expect(try await pool.one("SELECT count(*) FROM hone.task_attempts WHERE outcome <> 'succeeded'") == 0)
    }

    /// For each promotion and rollback after the first, how long answers of the checkpoint before it still came.
    func swapDelays() async throws -> [Double] {
        try await pool.query(
            """
            SELECT extract(epoch FROM coalesce(max(r.finished_at) - p.at, interval '0'))::float8
            FROM hone.promotions p
            LEFT JOIN hone.results r ON r.kind = 'reason' AND r.finished_at > p.at
                AND r.result ->> 'checkpoint' = p.previous_id::text
                AND r.finished_at < coalesce((SELECT min(n.at) FROM hone.promotions n WHERE n.id > p.id), 'infinity')
            WHERE p.previous_id IS NOT NULL
            GROUP BY p.id, p.at ORDER BY p.id
            """
        ).map { try $0.decode(Double.self) }
    }
}
