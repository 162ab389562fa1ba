import HonePostgres
import HoneTesting
import Testing

@testable import HoneQueue

@Suite(.temporaryDatabase) struct RoleTests {
    @Test func aProducerCallsTheFunctionsAndReadsTheViewsAndTouchesNoTable() async throws {
        let pool = try TemporaryDatabase.current.pool
        try await pool.withConnection { connection in
            try await connection.execute("SET ROLE hone_producer")
            let queue = JobQueue(connection)
            let job = try await queue.enqueueNoop()
            #expect(try await queue.state(of: job) == .available)
            #expect(try await queue.cancel(job))
            #expect(try await queue.retry(job))
            for view in ["jobs", "job_status", "results", "queue_stats", "active_checkpoints", "samples", "run_status"]
            {
                try await connection.query("SELECT * FROM hone.\(identifier: view)")
            }
            #expect(
                try await connection.value(
                    """
                    SELECT hone.ingest('d', ARRAY['{"prompt": "1+1=", "answer": "2"}']::jsonb[])
                    """) == 1 as Int64)
            let forbidden: [PostgresQuery] = [
                "SELECT * FROM hone.tasks", "DELETE FROM hone.task_ready", "UPDATE hone.queues SET paused = true",
                "INSERT INTO hone.promotions (model_id, checkpoint_id, kind, actor) VALUES (1, 1, 'rollback', 'me')",
                "SELECT hone.complete('{1}', '{1}', '{null}')", "SELECT hone.promote('m', 1)",
                "SELECT hone.add_job('noop', '{}', 'default', 0, NULL, NULL, NULL, NULL, NULL, NULL)",
                "SELECT * FROM hone.claim(1, NULL, '{noop}', '{1}', '1 s')",
            ]
            for statement in forbidden {
                await expectRefusal(.insufficientPrivilege) { try await connection.query(statement) }
            }
            try await connection.execute("RESET ROLE")
        }
    }

    @Test func aWorkersRoleSufficesForAWorker() async throws {
        let database = try TemporaryDatabase.current
        try await database.pool.withConnection { connection in
            try await connection.execute("SET ROLE hone_worker")
            let job = try await JobQueue(connection).enqueueNoop()
            let worker = try await TestWorker(connection)
            #expect(try await connection.value(worker.statements.attach) == true)
            let claimed = try await worker.claimOne()
            #expect(try await worker.beat([claimed]) == [job])
            try await connection.query(WorkerStatements.rescue(leaseDuration: .seconds(15), expired: true))
            try await connection.query(worker.statements.doze(queues: nil))
            try await worker.complete([claimed])
            try await connection.query(worker.statements.stop)
            await expectRefusal(.insufficientPrivilege) { try await connection.query("SELECT hone.pause('default')") }
            await expectRefusal(.insufficientPrivilege) {
                try await connection.execute("DELETE FROM hone.promotions")
            }
            try await connection.execute("RESET ROLE")
        }
    }
}
