import Foundation
import HoneCatalog
import HonePostgres
import HoneTesting
import Testing

@Suite(.temporaryDatabase) struct StepMetricsTests {
    private let attempt = JobAttempt(job: 7, fence: 100)

    private func record(
        _ steps: ClosedRange<Int>, of attempt: JobAttempt, _ numbers: (Int) -> [String: Double], in pool: PostgresPool
    ) async throws {
        let measured = steps.map { MeasuredStep(step: $0, numbers: numbers($0)) }
        try await pool.withTransaction { try await StepMetrics.record(measured, of: attempt, in: $0) }
    }

    private func read(_ job: Int64 = 7, names: Set<String>? = nil, in pool: PostgresPool) async throws -> [StepNumbers]
    {
        var steps: [StepNumbers] = []
        try await pool.withConnection { connection in
            try await StepMetrics.read(of: job, names: names, in: connection) { steps.append($0) }
        }
        return steps
    }

    @Test func everyTrainerHasNamesOfItsOwnAndASeriesReadsBackInOrder() async throws {
        let pool = try TemporaryDatabase.current.pool
        try await record(1...3, of: attempt, { ["loss": 1 / Double($0), "grad_norm": 2] }, in: pool)
        try await record(4...4, of: attempt, { _ in ["kl": 0, "loss": .nan, "reward": -.infinity] }, in: pool)
        try await record(5...5, of: attempt, { _ in [:] }, in: pool)
        try await record(1...2, of: JobAttempt(job: 8, fence: 101), { _ in ["loss": 9] }, in: pool)
        let steps = try await read(in: pool)
        #expect(steps.map(\.step) == [1, 2, 3, 4])
        #expect(steps[2].numbers == ["loss": 1 / 3.0, "grad_norm": 2])
        #expect(steps[3].numbers["loss"]?.isNaN == true && steps[3].numbers["reward"] == -.infinity)
        #expect(try await read(names: ["kl"], in: pool).map(\.step) == [4])
        #expect(try await StepMetrics.names(of: 7, in: pool) == ["grad_norm", "kl", "loss", "reward"])
        #expect(try await StepMetrics.names(of: 9, in: pool) == [])
        #expect(try await pool.query("SELECT FROM hone.metric_sets").count == 3)
    }

    @Test func theTimeOfAStepIsTheDatabasesWheneverItIsWritten() async throws {
        let pool = try TemporaryDatabase.current.pool
        let steps = [
            MeasuredStep(step: 1, numbers: ["loss": 1], endedAt: .now - .seconds(90)),
            MeasuredStep(step: 2, numbers: ["loss": 1], endedAt: .now - .seconds(30)),
        ]
        try await pool.withTransaction { try await StepMetrics.record(steps, of: attempt, in: $0) }
        let read = try await read(in: pool)
        #expect(abs(read[1].at.timeIntervalSince(read[0].at) - 60) < 0.1)
        #expect(
            try await pool.query("SELECT max(at) < clock_timestamp() - interval '29 s' AS past FROM hone.step_metrics")[
                0
            ]
            .decode("past"))
    }

    @Test func stepsThatAreWrittenAgainAreThereOnce() async throws {
        let pool = try TemporaryDatabase.current.pool
        try await record(1...10, of: attempt, { ["loss": Double($0)] }, in: pool)
        try await record(6...14, of: attempt, { ["loss": Double(-$0)] }, in: pool)
        let steps = try await read(in: pool)
        #expect(steps.map(\.step) == Array(1...14))
        let losses = steps.map { $0.numbers["loss"] ?? 0 }
        #expect(losses == [1, 2, 3, 4, 5, -6, -7, -8, -9, -10, -11, -12, -13, -14])
    }

    @Test func whatALostAttemptRecordedAfterTheResumePointIsSuperseded() async throws {
        let pool = try TemporaryDatabase.current.pool
        try await record(1...10, of: attempt, { _ in ["loss": 1] }, in: pool)
        let next = JobAttempt(job: 7, fence: 200)
        try await pool.withTransaction { try await StepMetrics.drop(after: 4, of: next, in: $0) }
        try await record(5...7, of: next, { _ in ["loss": 2] }, in: pool)
        #expect(try await read(in: pool).map { $0.numbers["loss"] ?? 0 } == [1, 1, 1, 1, 2, 2, 2])
        #expect(
            try await pool.query("SELECT DISTINCT fence FROM hone.metrics WHERE step > 4").map {
                try $0.decode(Int64.self)
            } == [200])
    }

    @Test func aSeriesIsOneRangeOfOneIndexAmongManyJobs() async throws {
        let pool = try TemporaryDatabase.current.pool
        try await pool.execute(
            """
            INSERT INTO hone.step_metrics (job_id, fence, at, step, set_id, numbers)
            SELECT j, j, clock_timestamp(), s, hone.metric_set('{grad_norm,loss}'), ARRAY[1, 2]
            FROM generate_series(1, 100) j, generate_series(1, 300) s
            """)
        try await pool.execute("ANALYZE hone.step_metrics")
        let plan = try await pool.query(
            "EXPLAIN SELECT step, value FROM hone.metrics WHERE job_id = 42 AND name = 'loss' ORDER BY step"
        ).map { try $0.decode(String.self) }.joined(separator: "\n")
        #expect(plan.contains("Index Scan using step_metrics_pkey") && plan.contains("Index Cond: (job_id = 42)"))
        #expect(!plan.contains("Sort") && !plan.contains("Seq Scan on step_metrics"), "\(plan)")
        #expect(try await read(42, in: pool).count == 300)
    }
}
