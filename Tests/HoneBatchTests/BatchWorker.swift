import HonePostgres
import HoneQueue
import HoneTesting

/// A worker whose answers cost nothing.
enum BatchWorker {
    private struct Handler: JobHandler {
        static let kind = "reason"

        let batchLimit = 64
        let failing: Int64?

        func run(_ jobs: [ClaimedJob], context: JobContext) async throws {
            for job in jobs where job.id == failing { try await context.fail(job, .permanent("it was told to")) }
            let rest = jobs.filter { $0.id != failing }
            try await context.complete(
                rest.map { ($0, PostgresJSON(text: #"{"model":"tiny","tokens":1,"prompt_tokens":4}"#)) })
        }
    }

    /// Works until nothing is left; the job of one place in the queue, from 0, fails for good.
    static func run(_ database: TemporaryDatabase, failing place: Int64) async throws {
        let first = try await database.pool.query("SELECT min(id) AS id FROM hone.jobs")
        var configuration = WorkerConfiguration(name: "batch test")
        configuration.stopsWhenIdle = true
        try await WorkerService(
            pool: database.pool, configuration: configuration,
            handlers: [Handler(failing: try first[0].decode("id", as: Int64.self) + place)]
        ).run()
    }
}
