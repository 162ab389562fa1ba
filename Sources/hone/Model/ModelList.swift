import ArgumentParser
import HonePostgres

/// `hone model list`: every model with its active checkpoint.
struct ModelList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Lists the models and the checkpoint that each serves.",
        discussion: """
            EXAMPLES
              hone model list
              hone model list --json
            """)

    @OptionGroup var options: GlobalOptions

    func run() async throws {
        let rows: DatabaseRows<ModelLine> = try await options.withDatabase { connection in
            try await connection.rows(
                """
                SELECT to_json(q)::text AS line FROM (
                    SELECT m.name, a.checkpoint_id AS active, a.step, a.active_since,
                        (SELECT count(*) FROM hone.checkpoints c WHERE c.model_id = m.id) AS checkpoints
                    FROM hone.models m LEFT JOIN hone.active_checkpoints a ON a.model = m.name
                    ORDER BY m.name) q
                """)
        }
        try options.console.emit(
            rows,
            columns: [
                Column("MODEL") { $0.name }, Column("ACTIVE", isNumber: true) { $0.active.map(String.init) ?? "none" },
                Column("STEP", isNumber: true) { $0.step.map(String.init) ?? "" },
                Column("SINCE") { $0.activeSince?.clockTime ?? "" },
                Column("CHECKPOINTS", isNumber: true) { String($0.checkpoints) },
            ],
            none: "no models yet; 'hone pipeline run first-reasoner' trains one")
    }
}

private struct ModelLine: Decodable {
    let name: String
    let active: Int64?
    let step: Int64?
    let activeSince: String?
    let checkpoints: Int
}
