import HoneMigrations
import HonePostgres
import HoneQueue
import HoneWorker

/// Measures one operation of the queue at a time.
struct QueueMeasurement {
    enum Kind: CaseIterable {
        case plainCommit, singleEnqueue, plainInsert, bulkEnqueue, drain

        var isSingle: Bool { self == .plainCommit || self == .singleEnqueue }
    }

    private let pool: PostgresPool
    private let payload = PostgresJSON(text: #"{"prompt": "17+25=?", "note": "as long as a small job's payload is"}"#)

    init(url: String) throws {
        pool = PostgresPool(configuration: try PostgresConfiguration(url: url), limits: .init(maximum: 8))
    }

    func prepare() async throws {
        _ = try await Migrator(Migration.hone, pool: pool).apply()
        _ = try await pool.execute(
            "CREATE TABLE plain (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, payload jsonb)")
    }

    func close() { pool.close() }

    /// How many of `count` are done in a second.
    func perSecond(_ kind: Kind, count: Int) async throws -> Double {
        if kind == .drain {
            // What earlier measurements enqueued is done first: a drain meets its own jobs alone.
            try await drain()
            try await bulkEnqueue(count)
        }
        let start = ContinuousClock.now
        switch kind {
        case .plainCommit:
            for _ in 0..<count { _ = try await pool.execute("INSERT INTO plain (payload) VALUES (\(payload))") }
        case .singleEnqueue:
            for _ in 0..<count { try await JobQueue(pool).enqueue("noop", payload: payload) }
        case .plainInsert:
            let payloads = [PostgresJSON](repeating: payload, count: count)
            _ = try await pool.execute("INSERT INTO plain (payload) SELECT unnest(\(payloads))")
        case .bulkEnqueue:
            try await bulkEnqueue(count)
        case .drain:
            try await drain()
        }
        return Double(count) / ((ContinuousClock.now - start) / .seconds(1))
    }

    private func bulkEnqueue(_ count: Int) async throws {
        try await JobQueue(pool).enqueue("noop", payloads: [PostgresJSON](repeating: payload, count: count))
    }

    private func drain() async throws {
        var configuration = WorkerConfiguration(name: "bench")
        configuration.concurrency = 2
        configuration.stopsWhenIdle = true
        try await WorkerService(pool: pool, configuration: configuration, handlers: [NoopHandler()]).run()
    }
}
