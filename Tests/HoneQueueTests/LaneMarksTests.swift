import HonePostgres
import HoneTesting
import Testing

@testable import HoneQueue

/// Low-water marks must never hide a job, whatever commits late or rolls back.
@Suite(.temporaryDatabase) struct LaneMarksTests {
    @Test func aJobThatCommitsLateIsBelowTheGuessButNeverBelowTheProof() async throws {
        let database = try TemporaryDatabase.current
        let pool = database.pool
        let worker = try await TestWorker(pool)
        var marks = LaneMarks()
        let slow = try await PostgresConnection.connect(to: database.configuration)
        try await slow.execute("BEGIN")
        let late = try await JobQueue(slow).enqueueNoop()
        try await JobQueue(pool).enqueueNoop()
        let early = try await worker.claim(limit: 10)
        marks.note(early)
        for _ in 0..<3 { try await observe(&marks, worker) }
        try await slow.execute("COMMIT")
        #expect(try await worker.claim(marks: marks.guesses).isEmpty)
        #expect(try await worker.claim(marks: marks.proofs).map(\.id) == [late])
        await slow.close()
    }

    @Test func aClaimThatRollsBackLeavesItsJobsAboveTheProof() async throws {
        let database = try TemporaryDatabase.current
        let pool = database.pool
        let ids = try await JobQueue(pool).enqueue(
            "noop", payloads: Array(repeating: PostgresJSON(text: "{}"), count: 4))
        let doomed = try await PostgresConnection.connect(to: database.configuration)
        let victim = try await TestWorker(doomed)
        try await doomed.execute("BEGIN")
        #expect(try await victim.claim(limit: 2).count == 2)
        let worker = try await TestWorker(pool)
        var marks = LaneMarks()
        marks.note(try await worker.claim(limit: 2))
        for _ in 0..<3 { try await observe(&marks, worker) }
        await doomed.close()
        #expect(try await worker.claim(marks: marks.guesses).isEmpty)
        var found: [Int64] = []
        // The server may take a moment to notice that the connection is gone.
        while found.count < 2 { found += try await worker.claim(limit: 2, marks: marks.proofs).map(\.id) }
        #expect(found == Array(ids.prefix(2)))
    }

    @Test func theProofMovesOnOnceOldTransactionsHaveEnded() async throws {
        let pool = try TemporaryDatabase.current.pool
        let worker = try await TestWorker(pool)
        var marks = LaneMarks()
        try await JobQueue(pool).enqueue("noop", payloads: Array(repeating: PostgresJSON(text: "{}"), count: 50))
        let jobs = try await worker.claim(limit: 40)
        marks.note(jobs)
        // Other tests in the same server hold transactions too, so this may take more than two looks.
        while marks.proofs.isEmpty { try await observe(&marks, worker) }
        #expect(marks.proofs == marks.guesses)
        #expect(try await worker.claim(limit: 50, marks: marks.proofs).count == 10)
    }

    @Test func aRequeuedJobIsFoundWhateverTheMarks() async throws {
        let pool = try TemporaryDatabase.current.pool
        let worker = try await TestWorker(pool)
        var marks = LaneMarks()
        for _ in 0..<3 { try await JobQueue(pool).enqueueNoop() }
        let jobs = try await worker.claim(limit: 3)
        marks.note(jobs)
        try await pool.query(WorkerStatements.release([LeaseID(jobs[0])]))
        try await worker.fail(jobs[1])
        try await worker.promoteDue()
        let again = try await worker.claim(limit: 3, marks: marks.guesses)
        #expect(again.map(\.id) == [jobs[0].id, jobs[1].id])
    }

    private func observe(_ marks: inout LaneMarks, _ worker: TestWorker) async throws {
        for row in try await worker.session.query(worker.statements.readyHorizon(marks.floors)) {
            let (lane, head, oldest, next) = try row.decode(Int32.self, Int64?.self, Int64.self, Int64.self)
            marks.observe(lane: lane, head: head, oldest: oldest, next: next)
        }
    }
}
