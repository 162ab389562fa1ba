public import Foundation
public import HonePostgres

/// What one step of a training measured, to be recorded.
public struct MeasuredStep: Sendable {
    public let step: Int
    /// The numbers by name.
    public let numbers: [String: Double]
    public let endedAt: ContinuousClock.Instant

    public init(step: Int, numbers: [String: Double], endedAt: ContinuousClock.Instant = .now) {
        self.step = step
        self.numbers = numbers
        self.endedAt = endedAt
    }
}

/// What one step of a training measured, as it is on record.
public struct StepNumbers: Sendable {
    public let step: Int
    /// When the step ended, by the database's clock.
    public let at: Date
    /// The numbers by name.
    public let numbers: [String: Double]
}

/// The record of trainings: the numbers of every step, each step once.
public enum StepMetrics {
    // MARK: Writing

    /// Records steps, in their order, in a transaction that has guarded the attempt's lease. Those that are there
    /// already are replaced, so that writing again after a COMMIT without a reply is right.
    public static func record(
        _ steps: [MeasuredStep], of attempt: JobAttempt, in transaction: PostgresConnection
    ) async throws {
        guard let first = steps.first, let last = steps.last else { return }
        try await transaction.execute(
            PostgresQuery(
                """
                DELETE FROM hone.step_metrics
                WHERE job_id = \(attempt.job) AND step BETWEEN \(first.step) AND \(last.step)
                """
            ).named("replace the metrics of steps"))
        let rows = steps.filter { !$0.numbers.isEmpty }.map { step in
            (step: step, names: step.numbers.keys.sorted())
        }
        let sets = try await sets(of: rows.map { $0.names }, in: transaction)
        // What this process's clock is on the database's.
        let now: Date = try await transaction.query("SELECT clock_timestamp() AS now")[0].decode("now")
        let instant = ContinuousClock.now
        try await transaction.copyIn(
            PostgresQuery(
                """
                COPY hone.step_metrics (job_id, fence, at, step, set_id, numbers) FROM STDIN WITH (FORMAT binary)
                """
            ).named("record the metrics of steps")
        ) { writer in
            for (step, names) in rows {
                let numbers = names.map { step.numbers[$0] ?? .nan }
                let at = now.addingTimeInterval((step.endedAt - instant) / .seconds(1))
                try await writer.writeRow(
                    attempt.job, attempt.fence, at, Int32(step.step), sets[names], numbers)
            }
        }
    }

    /// Drops what a lost attempt recorded of the steps that are now done again.
    public static func drop(after step: Int, of attempt: JobAttempt, in transaction: PostgresConnection) async throws {
        try await transaction.execute(
            PostgresQuery("DELETE FROM hone.step_metrics WHERE job_id = \(attempt.job) AND step > \(step)")
                .named("drop superseded metrics"))
    }

    /// The numbers that stand for sets of names.
    private static func sets(
        of names: [[String]], in transaction: PostgresConnection
    ) async throws -> [[String]: Int32] {
        var sets: [[String]: Int32] = [:]
        // In one order everywhere, so that two trainings with the same new sets cannot wait for each other.
        for names in Set(names).sorted(by: { $0.lexicographicallyPrecedes($1) }) {
            sets[names] = try await transaction.query("SELECT hone.metric_set(\(names)) AS id")[0].decode("id")
        }
        return sets
    }

    // MARK: Reading

    /// Hands a job's steps to `body` in their order, one after the other, so that memory does not grow with them.
    ///
    /// - Parameters:
    ///   - job: whose steps.
    ///   - names: the numbers that are wanted; nil for all. A step that has none of them is left out.
    ///   - connection: where to read.
    ///   - body: gets each step.
    /// - Throws: What `body` throws, or the database's error.
    public static func read(
        of job: Int64, names: Set<String>? = nil, in connection: PostgresConnection,
        _ body: (StepNumbers) throws -> Void
    ) async throws {
        try await connection.withTransaction(.repeatableRead) { transaction in
            let sets = try await transaction.query("SELECT id, names FROM hone.metric_sets")
                .map { try $0.decode(Int32.self, [String].self) }
            let namesBySet = Dictionary(uniqueKeysWithValues: sets)
            let query = PostgresQuery(
                "SELECT step, at, set_id, numbers FROM hone.step_metrics WHERE job_id = \(job) ORDER BY step"
            ).named("read the metrics of a job")
            try await transaction.withRows(of: query) { rows in
                for try await row in rows {
                    let (step, at, set, values) = try row.decode(Int32.self, Date.self, Int32.self, [Double].self)
                    let all = zip(namesBySet[set] ?? [], values)
                    let wanted = all.filter { names?.contains($0.0) ?? true }
                    if wanted.isEmpty { continue }
                    try body(StepNumbers(step: Int(step), at: at, numbers: Dictionary(uniqueKeysWithValues: wanted)))
                }
            }
        }
    }

    /// The names of everything that a job has recorded.
    public static func names(of job: Int64, in session: some PostgresSession) async throws -> [String] {
        try await session.query(
            PostgresQuery(
                """
                SELECT DISTINCT n.name FROM hone.metric_sets s CROSS JOIN LATERAL unnest(s.names) AS n(name)
                WHERE s.id IN (SELECT DISTINCT p.set_id FROM hone.step_metrics p WHERE p.job_id = \(job))
                ORDER BY n.name
                """
            ).named("list the metrics of a job")
        ).map { try $0.decode("name") }
    }
}
