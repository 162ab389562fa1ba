import HoneConcurrency
import HonePostgres
import Testing

@testable import HoneQueue

/// The workers' protocol, statement by statement, for tests that interleave workers by hand.
struct TestWorker {
    let session: any PostgresSession
    let statements: WorkerStatements

    init(_ session: any PostgresSession, name: String = "test") async throws {
        self.session = session
        let row = try await session.query(
            WorkerStatements.register(WorkerConfiguration(name: name), kinds: ["noop"], host: "test", pid: 1))[0]
        statements = WorkerStatements(worker: try row.decode("id"))
    }

    func claim(
        _ kinds: [String] = ["noop"], limit: Int = 1, lease: Duration = .seconds(15), queues: [String]? = nil,
        marks: [Int32: Int64] = [:]
    ) async throws -> [ClaimedJob] {
        let limits = kinds.map { _ in Int32(limit) }
        return try await session.query(
            statements.claim(queues: queues, kinds: kinds, limits: limits, leaseDuration: lease, marks: marks)
        ).map { try ClaimedJob($0) }
    }

    func claimOne(lease: Duration = .seconds(15)) async throws -> ClaimedJob {
        try #require(try await claim(lease: lease).first)
    }

    func complete(_ jobs: [ClaimedJob], result: String = "{}") async throws {
        try await session.query(
            WorkerStatements.complete(jobs.map { LeaseID($0) }, results: jobs.map { _ in PostgresJSON(text: result) }))
    }

    @discardableResult
    func fail(_ job: ClaimedJob, _ failure: JobFailure = .retryable("boom", after: .zero)) async throws -> String {
        try await session.query(WorkerStatements.fail(LeaseID(job), failure))[0].decode("state")
    }

    /// The jobs of those that are still held.
    func beat(_ jobs: [ClaimedJob], lease: Duration = .seconds(15)) async throws -> Set<Int64> {
        let rows = try await session.query(statements.heartbeat(jobs.map { LeaseID($0) }, leaseDuration: lease))
        return Set(try rows.map { try $0.decode("job_id", as: Int64.self) })
    }

    @discardableResult
    func promoteDue() async throws -> Int64? {
        try await session.query(WorkerStatements.promoteDue)[0].decode("wait")
    }
}

extension JobQueue {
    @discardableResult
    func enqueueNoop(_ options: JobOptions = JobOptions()) async throws -> Int64 {
        try await enqueue("noop", payload: PostgresJSON(text: "{}"), options: options)
    }

    /// Waits until the job is in that state.
    func wait(for state: JobState, of job: Int64, within limit: Duration = .seconds(20)) async throws {
        try await withDeadline(limit) {
            while try await self.state(of: job) != state { await Task.yield() }
        }
    }
}

extension PostgresSession {
    /// The only value of a statement that returns one.
    func value<Value: PostgresDecodable & Sendable>(_ query: PostgresQuery, as type: Value.Type = Value.self)
        async throws -> Value
    {
        try await self.query(query)[0].decode(type)
    }

    /// Every job is in exactly one state, and as many were enqueued as there are.
    func expectEveryJobAccountedFor(_ enqueuedCount: Int, sourceLocation: SourceLocation = #_sourceLocation)
        async throws
    {
        let strayCount = try await value("SELECT count(*) FROM hone.audit()", as: Int64.self)
        #expect(strayCount == 0, sourceLocation: sourceLocation)
        let stateCount = try await value("SELECT count(*) FROM hone.job_status", as: Int64.self)
        #expect(stateCount == Int64(enqueuedCount), sourceLocation: sourceLocation)
    }
}

/// Expects that the server refuses with that SQLSTATE.
func expectRefusal(
    _ state: SQLState, sourceLocation: SourceLocation = #_sourceLocation, _ body: () async throws -> Void
) async {
    let error = await #expect(throws: PostgresError.self, sourceLocation: sourceLocation) { try await body() }
    #expect(error?.sqlState == state, sourceLocation: sourceLocation)
}
