import ArgumentParser
import HonePostgres

/// `hone enqueue`: the same SQL function that users call, so that a command and a transaction enqueue alike.
struct Enqueue: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Enqueues jobs and prints their ids.",
        discussion: """
            EXAMPLES
              hone enqueue reason --payload '{"model":"tiny","prompt":"3+4*2=?"}'
              hone enqueue reason --file prompts.jsonl --priority 10        one job a line, all or none
              hone enqueue noop --count 1000
              hone enqueue evaluate --payload '{"model":"tiny"}' --run-at '2026-12-24 18:00' --unique-key nightly
            """)

    @Argument(help: "The kind of job: reason, evaluate, train.sft, noop, …")
    var kind: String

    @Option(help: ArgumentHelp("The payload, a JSON object (default: {}).", valueName: "json"))
    var payload: String?

    @Option(help: ArgumentHelp("A file with one payload a line; - reads standard input.", valueName: "jsonl"))
    var file: String?

    @Option(help: "The queue.")
    var queue = "default"

    @Option(help: "Smaller runs first.")
    var priority: Int32 = 0

    @Option(help: ArgumentHelp("Not before this time, as PostgreSQL reads times.", valueName: "time"))
    var runAt: String?

    @Option(help: "At most one unfinished job has this key; a second enqueue gives the first one's id.")
    var uniqueKey: String?

    @Option(help: "Fail for good after this many attempts.")
    var maxAttempts: Int32?

    @Option(help: ArgumentHelp("Enqueue the payload this many times.", valueName: "n"))
    var count = 1

    @OptionGroup var options: GlobalOptions

    func validate() throws {
        if payload != nil, file != nil {
            throw ValidationError("--payload and --file exclude each other.")
        }
        guard 1...1_000_000 ~= count else {
            throw ValidationError("--count must be between 1 and 1,000,000.")
        }
        if uniqueKey != nil, file != nil || count > 1 {
            throw ValidationError("--unique-key names one job: give it one --payload and no --count.")
        }
    }

    func run() async throws {
        let payloads = try file.map { try Payloads(file: $0) } ?? Payloads(payload ?? "{}", count: count)
        let ids = try await options.withDatabase { connection in try await send(payloads.texts, on: connection) }
        for id in ids { try options.console.emit(EnqueuedJob(id: id), text: String(id)) }
    }

    private func send(_ payloads: [String], on connection: PostgresConnection) async throws -> [Int64] {
        guard payloads.count != 1 else { return [try await sendOne(payloads[0], on: connection)] }
        return try await connection.withTransaction { transaction in
            var ids: [Int64] = []
            for start in stride(from: 0, to: payloads.count, by: blockCount) {
                let block = Array(payloads[start..<min(start + blockCount, payloads.count)])
                ids += try await sendMany(block, on: transaction)
            }
            return ids
        }
    }

    private func sendOne(_ payload: String, on connection: PostgresConnection) async throws -> Int64 {
        let rows = try await connection.query(
            """
            SELECT hone.enqueue(
                \(kind)::text, \(payload)::text::jsonb, queue => \(queue)::text, priority => \(priority)::integer,
                run_at => \(runAt)::text::timestamptz, unique_key => \(uniqueKey)::text,
                max_attempts => \(maxAttempts)::integer) AS id
            """)
        return try rows[0].decode("id")
    }

    private func sendMany(_ payloads: [String], on connection: PostgresConnection) async throws -> [Int64] {
        try await connection.query(
            """
            SELECT hone.enqueue_many(
                \(kind)::text, \(payloads)::text[]::jsonb[], queue => \(queue)::text,
                priority => \(priority)::integer, run_at => \(runAt)::text::timestamptz,
                max_attempts => \(maxAttempts)::integer) AS id
            """
        ).map { try $0.decode("id") }
    }
}

/// Payloads sent in one statement, which bounds memory on both sides.
private let blockCount = 10_000

/// What `hone enqueue --json` prints for each job.
private struct EnqueuedJob: Encodable {
    let id: Int64
}
