import Foundation
import HonePostgres

/// What a query gave that yields one JSON document a row, in a column named `line`: printed as it is with `--json`,
/// decoded for people. So the two outputs cannot differ, and `--json` shows exactly what SQL shows.
struct DatabaseRows<Row: Decodable> {
    let lines: [String]

    func decoded() throws -> [Row] {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try lines.map { try decoder.decode(Row.self, from: Data($0.utf8)) }
    }
}

extension PostgresConnection {
    func rows<Row: Decodable>(_ query: PostgresQuery) async throws -> DatabaseRows<Row> {
        DatabaseRows(lines: try await self.query(query).map { try $0.decode("line", as: String.self) })
    }
}

extension Console {
    /// Prints rows of the database as a table for people, or each as its JSON object.
    func emit<Row>(_ rows: DatabaseRows<Row>, columns: [Column<Row>], none: String) throws {
        if isJSON {
            for line in rows.lines { print(line) }
        } else {
            let decoded = try rows.decoded()
            print(decoded.isEmpty ? none : Table(columns: columns).text(decoded))
        }
    }
}

extension String {
    /// A timestamp of PostgreSQL's JSON without fraction and zone: `2026-11-24 02:15:09`.
    var clockTime: String {
        String(prefix(19)).replacing("T", with: " ")
    }
}
