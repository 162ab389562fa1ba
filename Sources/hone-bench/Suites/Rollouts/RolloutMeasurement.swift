import Foundation
import HoneMigrations
import HonePostgres
import HoneProblems
import HoneQueue
import HoneTraining

/// Trainings that differ in where their answers are sampled, and by how many workers.
struct RolloutMeasurement {
    private struct Mode {
        let name: String
        /// The payload's `rollouts`.
        let rollouts: String
        let workerCount: Int
    }

    /// What the record says of the steps after the first.
    private struct Steps {
        var seconds: [Double] = []
        var shares: [Double] = []
        var answersPerSecond: [Double] = []
    }

    /// An example, as `hone.ingest` takes it.
    private struct Shown: Encodable {
        let prompt: String
        let answer: String
        let steps: [String]
    }

    private let pool: PostgresPool
    private let queue: JobQueue
    private let settings: RolloutSuite
    private let artifacts: URL
    private let url: String

    init(url: String, settings: RolloutSuite) async throws {
        self.url = url
        self.settings = settings
        pool = PostgresPool(configuration: try PostgresConfiguration(url: url), limits: .init(maximum: 4))
        queue = JobQueue(pool)
        artifacts = FileManager.default.temporaryDirectory.appending(path: "hone-artifacts-\(UUID().uuidString)")
        try await Migrator(Migration.hone, pool: pool).apply()
    }

    func run() async throws -> [SuiteReport.Row] {
        defer { pool.close() }
        let start = try await supervise()
        let answers = #""answers_per_job": \#(settings.answersPerJob)"#
        let modes = [
            Mode(name: "in the process", rollouts: #"{"through": "process"}"#, workerCount: 1),
            Mode(name: "queue, 1 worker", rollouts: #"{"through": "queue", \#(answers)}"#, workerCount: 1),
            Mode(name: "queue, 2 workers", rollouts: #"{"through": "queue", \#(answers)}"#, workerCount: 2),
            Mode(
                name: "queue, 2 workers, 1 step stale",
                rollouts: #"{"through": "queue", "staleness": 1, \#(answers)}"#, workerCount: 2),
        ]
        var rows: [SuiteReport.Row] = []
        for mode in modes {
            let steps = try await train(mode, from: start)
            rows.append(row("\(mode.name): iteration", "s", steps.seconds))
            rows.append(row("\(mode.name): sampled", "answers/s", steps.answersPerSecond))
            // With several samplers their seconds overlap, so nothing can be told from the sum.
            if mode.workerCount == 1 { rows.append(row("\(mode.name): queue and database", "%", steps.shares)) }
        }
        try FileManager.default.removeItem(at: artifacts)
        return rows
    }

    private func row(_ name: String, _ unit: String, _ values: [Double]) -> SuiteReport.Row {
        SuiteReport.Row(name: name, unit: unit, sample: Sample(values), beside: nil)
    }

    /// A model that answers in form and is right now and then.
    private func supervise() async throws -> Int64 {
        let problems = try LearningTask.habits.draw(seed: 1, heldOutCount: 1)
        let examples = try problems.supervised.map { problem in
            try PostgresJSON(
                encoding: Shown(prompt: problem.prompt, answer: problem.answer, steps: problem.steps))
        }
        try await pool.query("SELECT hone.ingest('habits', \(examples))")
        let configuration = try PostgresJSON(
            encoding: LearningTask.habits.configuration(seed: 1, steps: settings.supervisedSteps))
        let job = try await queue.enqueue(
            "train.sft",
            payload: PostgresJSON(
                text: #"{"dataset": "habits", "model": "habits", "configuration": \#(configuration.text)}"#))
        try await work(count: 1, on: job)
        return try await pool.query(
            "SELECT (result ->> 'checkpoint')::bigint AS id FROM hone.results WHERE job_id = \(job)"
        )[0].decode("id")
    }

    private func train(_ mode: Mode, from start: Int64) async throws -> Steps {
        let job = try await queue.enqueue(
            "train.ppo",
            payload: PostgresJSON(
                text: """
                    {"dataset": "habits", "model": "habits", "initial_checkpoint": \(start),
                        "checkpoint_every": \(settings.checkpointEvery), "rollouts": \(mode.rollouts),
                        "configuration": {"steps": \(settings.steps), "prompts_per_step": \(settings.prompts),
                            "samples_per_prompt": \(settings.samples), "max_new_tokens": 60, "seed": 1,
                            "limits": {"ratio": null, "divergence": null, "entropy_share": null, "score_drop": null,
                                "length_factor": null, "zero_variance_share": null}}}
                    """))
        try await work(count: mode.workerCount, on: job)
        return try await steps(of: job)
    }

    /// Runs workers until the job has ended.
    private func work(count: Int, on job: Int64) async throws {
        var workers = WorkerPair(url: url, artifacts: artifacts.path, count: count)
        try workers.fill()
        defer { workers.stop() }
        while true {
            let row = try await pool.query(
                "SELECT state, error, pg_sleep(0.2) FROM hone.job_status WHERE id = \(job)")[0]
            switch try row.decode("state", as: String.self) {
            case "succeeded": return
            case "failed", "cancelled": throw MeasuredJobFailed(error: try row.decode("error", as: String?.self) ?? "")
            default: continue
            }
        }
    }

    /// An iteration lasts from the end of the step before to its own, as the record has them.
    private func steps(of job: Int64) async throws -> Steps {
        let rows = try await pool.query(
            """
            SELECT extract(epoch FROM at - lag(at) OVER (ORDER BY step))::float8 AS seconds, sampling, sampler,
                scoring + learning AS rest, answers
            FROM (
                SELECT step, min(at) AS at, min(value) FILTER (WHERE name = 'sampling_seconds') AS sampling,
                    min(value) FILTER (WHERE name = 'sampler_seconds') AS sampler,
                    min(value) FILTER (WHERE name = 'scoring_seconds') AS scoring,
                    min(value) FILTER (WHERE name = 'learning_seconds') AS learning,
                    min(value) FILTER (WHERE name = 'answers') AS answers
                FROM hone.metrics WHERE job_id = \(job) GROUP BY step
            ) s ORDER BY step OFFSET 1
            """)
        var steps = Steps()
        for row in rows {
            let seconds: Double = try row.decode("seconds")
            let sampler: Double = try row.decode("sampler")
            // In the process nothing but sampling is in its time.
            let sampling = sampler > 0 ? sampler : try row.decode("sampling", as: Double.self)
            let work = sampling + (try row.decode("rest", as: Double.self))
            steps.seconds.append(seconds)
            steps.shares.append(100 * (1 - work / seconds))
            steps.answersPerSecond.append(try row.decode("answers", as: Double.self) / seconds)
        }
        return steps
    }
}

/// A job of a measurement that was to succeed.
struct MeasuredJobFailed: Error, CustomStringConvertible {
    let error: String

    var description: String { "a measured job did not succeed: \(error)" }
}
