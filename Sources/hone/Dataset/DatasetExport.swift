import ArgumentParser
import HonePostgres

/// `hone dataset export`: the examples as JSON lines, in the form that `hone ingest` reads.
struct DatasetExport: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Writes a dataset to standard output, one JSON object a line.",
        discussion: """
            EXAMPLES
              hone dataset export svamp > svamp.jsonl
              hone dataset export svamp --split test | head
            """)

    @Argument(help: "The dataset's name.")
    var name: String

    @Option(help: "Only this split.")
    var split: String?

    @OptionGroup var options: GlobalOptions

    func run() async throws {
        let count = try await options.withDatabase { connection in try await write(from: connection) }
        if count == 0 {
            throw CommandError.noSuchRow(noun: "dataset", name: split.map { "\(name), split \($0)" } ?? name)
        }
    }

    /// A page at a time by id, so that memory is bounded; what arrives meanwhile has a greater id and comes along.
    private func write(from connection: PostgresConnection) async throws -> Int {
        var count = 0
        var last: Int64 = 0
        while true {
            let rows = try await connection.query(page(after: last))
            for row in rows {
                print(try row.decode("line", as: String.self))
                last = try row.decode("id")
            }
            count += rows.count
            if rows.count < pageCount { return count }
        }
    }

    private func page(after last: Int64) -> PostgresQuery {
        """
        SELECT e.id, jsonb_strip_nulls(jsonb_build_object(
            'prompt', e.prompt, 'answer', e.answer, 'steps', e.steps, 'split', e.split, 'source', e.source,
            'level', e.level, 'metadata', e.metadata))::text AS line
        FROM hone.examples e JOIN hone.datasets d ON d.id = e.dataset_id
        WHERE d.name = \(name) AND e.id > \(last) AND (\(split)::text IS NULL OR e.split = \(split)::text)
        ORDER BY e.id LIMIT \(pageCount)::integer
        """
    }
}

private let pageCount = 5_000
