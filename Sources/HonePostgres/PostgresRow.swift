/// One row of a statement's result. It holds on to the result it is part of and decodes when asked.
public struct PostgresRow: Sendable {
    private let result: LibPQResult
    private let index: Int
    private let layout: PostgresRowLayout

    init(result: LibPQResult, index: Int, layout: PostgresRowLayout) {
        self.result = result
        self.index = index
        self.layout = layout
    }

    public var columnNames: [String] { layout.columns.map(\.name) }

    /// Reads the column of that name, the first if there are several.
    public func decode<Value: PostgresDecodable>(
        _ column: String, as type: Value.Type = Value.self
    ) throws(PostgresError) -> Value {
        guard let position = layout.columns.firstIndex(where: { $0.name == column }) else {
            throw mismatch("there is no such column", column: column, type: .unspecified, as: Value.self)
        }
        return try value(at: position)
    }

    /// Reads the first column.
    public func decode<Value: PostgresDecodable>(_ type: Value.Type = Value.self) throws(PostgresError) -> Value {
        try value(at: 0)
    }

    /// Reads the columns from left to right: `let (id, name) = try row.decode(Int.self, String.self)`.
    public func decode<each Value: PostgresDecodable>(
        _ types: repeat (each Value).Type
    ) throws(PostgresError) -> (repeat each Value) {
        var position = -1
        func next<Next: PostgresDecodable>(_ type: Next.Type) throws(PostgresError) -> Next {
            position += 1
            return try value(at: position)
        }
        return (repeat try next((each Value).self))
    }

    private func value<Value: PostgresDecodable>(at position: Int) throws(PostgresError) -> Value {
        guard position < layout.columns.count else {
            throw mismatch("the row has \(layout.columns.count) columns", column: "\(position + 1)", as: Value.self)
        }
        let column = layout.columns[position]
        do throws(PostgresMismatch) {
            return try result.withValue(row: index, column: position) { bytes throws(PostgresMismatch) in
                guard let bytes else { return try Value.decodeNull() }
                return try Value.decode(bytes, type: column.type)
            }
        } catch {
            throw mismatch(error.reason, column: column.name, type: column.type, as: Value.self)
        }
    }

    private func mismatch<Value>(
        _ reason: String, column: String, type: PostgresType = .unspecified, as swiftType: Value.Type
    ) -> PostgresError {
        .decoding(
            PostgresDecodingError(
                query: layout.query, column: column, postgresType: type, swiftType: "\(swiftType)", reason: reason))
    }
}

/// What the rows of one result have in common.
final class PostgresRowLayout: Sendable {
    struct Column: Sendable {
        let name: String
        let type: PostgresType
    }

    let query: String
    let columns: [Column]

    init(_ result: LibPQResult, query: String) {
        self.query = query
        columns = (0..<result.columnCount).map {
            Column(name: result.columnName($0), type: PostgresType(oid: result.columnType($0)))
        }
    }
}

extension LibPQResult {
    func rows(query: String) -> [PostgresRow] {
        let layout = PostgresRowLayout(self, query: query)
        return (0..<rowCount).map { PostgresRow(result: self, index: $0, layout: layout) }
    }
}
