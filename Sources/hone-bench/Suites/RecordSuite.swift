import ArgumentParser
import HoneCatalog
import HoneMigrations
import HonePostgres
import HoneTraining
import HoneWorker

/// What the record of a training costs, on a private PostgreSQL with every commit forced to disk.
struct RecordSuite: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "record",
        abstract: "The cost of recording a training's steps: by the step, by the second, on disk.",
        discussion: """
              hone-bench record --numbers 10000000

            A worker writes about once a second. So the milliseconds of a batch, over 1000, are the most that the record
            can take of a step's time, were there a single core for both.
            """)

    @Option(help: "Runs of each measurement; medians count.") var runs = 9
    @Option(help: "Numbers that the table holds already, of 100 trainings, six a step.") var numbers = 1_200_000
    @Flag(help: "Print one JSON object instead of a table.") var json = false

    func validate() throws {
        if runs < 1 { throw ValidationError("--runs \(runs): give a number from 1 up") }
        if numbers < 6_000 { throw ValidationError("--numbers \(numbers): give a number from 6000 up") }
    }

    func run() async throws {
        let measured = try await PrivateServer.with { url in
            let pool = PostgresPool(configuration: try PostgresConfiguration(url: url), limits: .init(maximum: 2))
            defer { pool.close() }
            return try await report(pool)
        }
        try measured.show(asJSON: json)
    }

    private func report(_ pool: PostgresPool) async throws -> SuiteReport {
        try await prepare(pool)
        let size = try await pool.query("SELECT pg_total_relation_size('hone.step_metrics')")[0].decode(Int64.self)
        var next = 1
        let (few, many) = (try await batches(of: 6, next: &next, pool), try await batches(of: 25, next: &next, pool))
        let reads = try await sample { try await read(pool) }
        return SuiteReport(
            suite: "record",
            rows: [
                .init(name: "note a step, on the thread that trains", unit: "µs", sample: notes(), beside: nil),
                .init(name: "write 30 steps of 6 numbers", unit: "ms", sample: few, beside: nil),
                .init(name: "write 30 steps of 25 numbers", unit: "ms", sample: many, beside: nil),
                .init(name: "read a series of \(numbers / 600) steps", unit: "ms", sample: reads, beside: nil),
                .init(
                    name: "on disk", unit: "bytes/number", sample: Sample([Double(size) / Double(numbers)]), beside: nil
                ),
            ],
            absent: [])
    }

    /// A lease to write under, and what other trainings have recorded.
    private func prepare(_ pool: PostgresPool) async throws {
        _ = try await Migrator(Migration.hone, pool: pool).apply()
        try await pool.execute(
            """
            INSERT INTO hone.task_leases (job_id, fence, worker_id, lane_id, attempt, lost, started_at, lease_until)
            VALUES (1000, 1, 1, 1, 1, 0, now(), now() + interval '1 hour')
            """)
        let set = try await pool.query("SELECT hone.metric_set('{a,b,c,d,e,f}')")[0].decode(Int32.self)
        try await pool.execute(
            """
            INSERT INTO hone.step_metrics (job_id, fence, at, step, set_id, numbers)
            SELECT j, j, clock_timestamp(), s, \(set), ARRAY[random(), random(), random(), random(),
                random(), random()]
            FROM generate_series(1, 100) j, generate_series(1, \(numbers / 600)) s
            """)
        try await pool.execute("VACUUM ANALYZE hone.step_metrics")
    }

    private func sample(_ body: () async throws -> Void) async throws -> Sample {
        var values: [Double] = []
        for _ in 0..<runs {
            let start = ContinuousClock.now
            try await body()
            values.append((ContinuousClock.now - start) / .milliseconds(1))
        }
        return Sample(values)
    }

    private func batches(of count: Int, next: inout Int, _ pool: PostgresPool) async throws -> Sample {
        let numbers = Dictionary(uniqueKeysWithValues: (0..<count).map { ("metric_\($0)", Double($0) / 7) })
        return try await sample {
            let steps = (0..<30).map { MeasuredStep(step: next + $0, numbers: numbers) }
            try await pool.withTransaction { transaction in
                try await transaction.query("SELECT hone.guard(1000, 1)")
                try await StepMetrics.record(steps, of: JobAttempt(job: 1000, fence: 1), in: transaction)
            }
            next += steps.count
        }
    }

    private func read(_ pool: PostgresPool) async throws {
        try await pool.withConnection { connection in
            try await StepMetrics.read(of: 42, names: ["c"], in: connection) { _ in }
        }
    }

    private func notes() -> Sample {
        let count = 10_000
        return Sample(
            (0..<runs).map { _ in
                let recorder = MetricRecorder()
                let start = ContinuousClock.now
                for step in 1...count { recorder.note(EmptyStep(step: step)) }
                return (ContinuousClock.now - start) / .microseconds(1) / Double(count)
            })
    }

    /// As large as a report of `train.sft`.
    private struct EmptyStep: RecordedStep {
        let step: Int
        let filling = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
        var metrics: [String: Double] { [:] }
    }
}
