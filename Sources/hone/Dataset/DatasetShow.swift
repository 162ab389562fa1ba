import ArgumentParser
import HonePostgres

/// `hone dataset show`: what a dataset is made of.
struct DatasetShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Shows a dataset by split, level and source.",
        discussion: """
            EXAMPLES
              hone dataset show svamp
              hone dataset show svamp --json
            """)

    @Argument(help: "The dataset's name.")
    var name: String

    @OptionGroup var options: GlobalOptions

    func run() async throws {
        let rows: DatabaseRows<DatasetPart> = try await options.withDatabase { connection in
            try await connection.rows(
                """
                SELECT to_json(q)::text AS line FROM (
                    SELECT e.split, e.level, e.source, count(*) AS examples,
                        count(*) FILTER (WHERE e.steps <> '[]') AS with_steps, min(e.prompt) AS one_of_them
                    FROM hone.examples e JOIN hone.datasets d ON d.id = e.dataset_id
                    WHERE d.name = \(name)
                    GROUP BY e.split, e.level, e.source ORDER BY e.split, e.level, e.source) q
                """)
        }
        guard !rows.lines.isEmpty else { throw CommandError.noSuchRow(noun: "dataset", name: name) }
        try options.console.emit(
            rows,
            columns: [
                Column("SPLIT") { $0.split }, Column("LEVEL", isNumber: true) { $0.level.map(String.init) ?? "" },
                Column("SOURCE") { $0.source ?? "" }, Column("EXAMPLES", isNumber: true) { String($0.examples) },
                Column("WITH STEPS", isNumber: true) { String($0.withSteps) }, Column("ONE OF THEM") { $0.oneOfThem },
            ],
            none: "empty")
    }
}

private struct DatasetPart: Decodable {
    let split: String
    let level: Int?
    let source: String?
    let examples: Int
    let withSteps: Int
    let oneOfThem: String
}
