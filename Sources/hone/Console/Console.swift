import Foundation

/// Where a command prints: results on stdout, either for people or as one JSON object per line; the rest on stderr.
struct Console {
    let isJSON: Bool

    static let isTerminal = isatty(STDERR_FILENO) == 1

    /// Prints one result: as JSON, or as the text for people.
    func emit(_ row: some Encodable, text: @autoclosure () -> String) throws {
        print(isJSON ? try Self.line(row) : text())
    }

    /// Prints rows as a table for people, or as one JSON object each.
    func emit<Row: Encodable>(_ rows: [Row], columns: [Column<Row>], none: String) throws {
        if isJSON {
            for row in rows { print(try Self.line(row)) }
        } else {
            print(rows.isEmpty ? none : Table(columns: columns).text(rows))
        }
    }

    /// A remark that is no result: for people only, and not among the results.
    func note(_ text: String) {
        if !isJSON { Self.complain(text) }
    }

    static func complain(_ text: String) {
        draw(text + "\n")
    }

    /// Writes to the terminal as it is, without a line's end.
    static func draw(_ text: String) {
        FileHandle.standardError.write(Data(text.utf8))
    }

    private static func line(_ row: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.dateEncodingStrategy = .iso8601
        encoder.outputFormatting = [.withoutEscapingSlashes, .sortedKeys]
        return String(decoding: try encoder.encode(row), as: UTF8.self)
    }
}
