import ArgumentParser
import HonePostgres

/// `hone jobs list`: the newest jobs, light: without payloads and results.
struct JobsList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Lists the newest jobs.",
        discussion: """
            EXAMPLES
              hone jobs list
              hone jobs list --state running --kind train.sft
              hone jobs list --run 7 --json
            """)

    @Option(help: "Only jobs in this state.")
    var state: JobState?

    @Option(help: "Only jobs of this kind.")
    var kind: String?

    @Option(help: "Only jobs of this queue.")
    var queue: String?

    @Option(name: .customLong("run"), help: "Only jobs of this pipeline run.")
    var runID: Int64?

    @Option(help: "At most this many.")
    var limit = 50

    @OptionGroup var options: GlobalOptions

    func run() async throws {
        let rows: DatabaseRows<JobLine> = try await options.withDatabase { connection in
            try await connection.rows(
                """
                SELECT to_json(j)::text AS line FROM hone.job_status j
                WHERE (\(state?.rawValue)::text IS NULL OR j.state = \(state?.rawValue)::text)
                  AND (\(kind)::text IS NULL OR j.kind = \(kind)::text)
                  AND (\(queue)::text IS NULL OR j.queue = \(queue)::text)
                  AND (\(runID)::bigint IS NULL OR j.run_id = \(runID)::bigint)
                ORDER BY j.id DESC LIMIT \(limit)::integer
                """)
        }
        try options.console.emit(rows, columns: JobLine.columns, none: "no such jobs")
    }
}
