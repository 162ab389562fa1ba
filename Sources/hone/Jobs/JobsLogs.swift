import ArgumentParser
import HonePostgres

/// `hone jobs logs`: what the attempts of a job wrote down.
struct JobsLogs: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logs",
        abstract: "Prints the log of a job, of all its attempts.",
        discussion: """
            EXAMPLES
              hone jobs logs 42
              hone jobs logs 42 --limit 1000 --json
            """)

    @Argument(help: "The job's id.")
    var id: Int64

    @Option(help: "The newest lines, at most this many.")
    var limit = 200

    @OptionGroup var options: GlobalOptions

    func run() async throws {
        let rows: DatabaseRows<LogLine> = try await options.withDatabase { connection in
            let known = try await connection.query("SELECT FROM hone.job_status WHERE id = \(id)")
            guard !known.isEmpty else { throw CommandError.noSuchRow(noun: "job", name: "\(id)") }
            return try await connection.rows(
                """
                SELECT to_json(q)::text AS line FROM (
                    SELECT l.at, l.level, l.message, l.fence, l.id FROM hone.job_logs l
                    WHERE l.job_id = \(id) ORDER BY l.id DESC LIMIT \(limit)::integer) q
                ORDER BY q.id
                """)
        }
        if options.json {
            for line in rows.lines { print(line) }
        } else {
            for line in try rows.decoded() { print("\(line.at.clockTime) \(line.level) \(line.message)") }
        }
        if rows.lines.isEmpty { options.console.note("job \(id) has no log lines") }
    }
}

private struct LogLine: Decodable {
    let at: String
    let level: String
    let message: String
}
