import HonePostgres
import Testing

extension PostgresPool {
    /// However fast a training is, it waits at these steps for an advisory lock of the step's number.
    func holdBackCheckpoints(atSteps steps: [Int]) async throws {
        for statement in [
            """
            CREATE FUNCTION hold_back() RETURNS trigger LANGUAGE plpgsql AS
            'BEGIN PERFORM pg_advisory_xact_lock_shared(NEW.ordinal); RETURN NEW; END'
            """,
            """
            CREATE TRIGGER hold_back BEFORE INSERT ON hone.job_checkpoints
            FOR EACH ROW WHEN (NEW.ordinal IN (\(steps.map(String.init).joined(separator: ", "))))
            EXECUTE FUNCTION hold_back()
            """,
        ] {
            try await execute(PostgresQuery(unsafeSQL: statement))
        }
    }

    func waitForHeldBackCheckpoint(ofStep step: Int) async throws {
        try await wait(
            until: """
                SELECT EXISTS (
                    SELECT FROM pg_locks l JOIN pg_database d ON d.oid = l.database
                    WHERE locktype = 'advisory' AND objid = \(step) AND NOT granted AND datname = current_database())
                """, seconds: 60)
    }
}
