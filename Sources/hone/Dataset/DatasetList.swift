import ArgumentParser
import HonePostgres

/// `hone dataset list`: every dataset with its size.
struct DatasetList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Lists the datasets and how many examples they hold.",
        discussion: """
            EXAMPLES
              hone dataset list
              hone dataset list --json
            """)

    @OptionGroup var options: GlobalOptions

    func run() async throws {
        let rows: DatabaseRows<DatasetLine> = try await options.withDatabase { connection in
            try await connection.rows(
                """
                SELECT to_json(q)::text AS line FROM (
                    SELECT d.name, count(e.id) AS examples,
                        coalesce(string_agg(DISTINCT e.split, ', '), '') AS splits, d.created_at
                    FROM hone.datasets d LEFT JOIN hone.examples e ON e.dataset_id = d.id
                    GROUP BY d.id ORDER BY d.name) q
                """)
        }
        try options.console.emit(
            rows,
            columns: [
                Column("DATASET") { $0.name }, Column("EXAMPLES", isNumber: true) { String($0.examples) },
                Column("SPLITS") { $0.splits }, Column("CREATED") { $0.createdAt.clockTime },
            ],
            none: "no datasets yet; 'hone ingest FILE --dataset NAME' makes one")
    }
}

private struct DatasetLine: Decodable {
    let name: String
    let examples: Int
    let splits: String
    let createdAt: String
}
