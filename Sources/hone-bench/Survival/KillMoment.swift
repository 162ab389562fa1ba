import HonePostgres

/// When a worker is killed.
enum KillMoment: String, CaseIterable, Encodable {
    /// At any time of the attempt.
    case random
    /// While the checkpoint at the end of an epoch waits to be recorded.
    case epochBoundary = "epoch_boundary"
    /// While that of the last step waits.
    case lastStep = "last_step"
    /// While the finished model waits to be recorded together with the job's end.
    case commit

    /// Random ones, one at an epoch's end among them, and then the end of the job.
    static func plan(randomCount: Int, using random: inout some RandomNumberGenerator) -> [KillMoment] {
        let early = [KillMoment](repeating: .random, count: randomCount) + [.epochBoundary]
        return early.shuffled(using: &random) + [.lastStep, .commit]
    }
}

/// Holds writes of trainings back, so that a kill can hit them.
enum HeldWrite {
    /// No step has this number.
    static let commit = Int64(1 << 40)

    /// A resume point waits for an advisory lock of its step's number, a finished model for that of ``commit``.
    static func prepare(_ pool: PostgresPool) async throws {
        for (table, key) in [("job_checkpoints", "NEW.ordinal"), ("checkpoints", "\(commit)")] {
            try await pool.execute(
                PostgresQuery(
                    unsafeSQL: """
                        CREATE FUNCTION public.hold_\(table)() RETURNS trigger LANGUAGE plpgsql AS $$
                        BEGIN PERFORM pg_advisory_xact_lock_shared(\(key)); RETURN NEW; END $$
                        """))
            try await pool.execute(
                PostgresQuery(
                    unsafeSQL: """
                        CREATE TRIGGER hold BEFORE INSERT ON hone.\(table)
                        FOR EACH ROW EXECUTE FUNCTION public.hold_\(table)()
                        """))
        }
    }
}
