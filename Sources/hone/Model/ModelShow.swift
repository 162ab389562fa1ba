import ArgumentParser
import HoneDatasets
import HonePostgres

/// `hone model show`: the checkpoints of a model, where each comes from and what was measured.
struct ModelShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Shows a model's checkpoints, their origin and their metrics.",
        discussion: """
            EXAMPLES
              hone model show tiny
              hone model show tiny --json
            """)

    @Argument(help: "The model's name.")
    var name: String

    @Option(help: "The newest checkpoints, at most this many.")
    var limit = 20

    @OptionGroup var options: GlobalOptions

    func run() async throws {
        let rows: DatabaseRows<CheckpointLine> = try await options.withDatabase { connection in
            try await connection.rows(
                """
                SELECT to_json(q)::text AS line FROM (
                    SELECT c.id, c.id = a.checkpoint_id AS active, c.parent_id, c.step, c.job_id, c.run_id, c.seed,
                        c.code_version, c.dataset_cut, c.metrics, c.created_at
                    FROM hone.checkpoints c JOIN hone.models m ON m.id = c.model_id
                    LEFT JOIN hone.active_checkpoints a ON a.model = m.name
                    WHERE m.name = \(name) ORDER BY c.id DESC LIMIT \(limit)::integer) q
                """)
        }
        guard !rows.lines.isEmpty else { throw CommandError.noSuchRow(noun: "model", name: name) }
        try options.console.emit(
            rows,
            columns: [
                Column("CHECKPOINT", isNumber: true) { String($0.id) },
                Column("") { $0.active == true ? "active" : "" },
                Column("STEP", isNumber: true) { String($0.step) },
                Column("PARENT", isNumber: true) { $0.parentId.map(String.init) ?? "" },
                Column("JOB", isNumber: true) { $0.jobId.map(String.init) ?? "imported" },
                Column("RUN", isNumber: true) { $0.runId.map(String.init) ?? "" },
                Column("CREATED") { $0.createdAt.clockTime }, Column("METRICS") { $0.metrics.text },
            ],
            none: "no checkpoints")
    }
}

private struct CheckpointLine: Decodable {
    let id: Int64
    let active: Bool?
    let parentId: Int64?
    let step: Int64
    let jobId: Int64?
    let runId: Int64?
    let metrics: JSONValue
    let createdAt: String
}
